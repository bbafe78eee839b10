import type { Reason } from "./ReasonDialog.svelte";

export const SKIP_REASONS: readonly Reason[] = [
  { value: "cannot judge", label: "I can’t judge this one", about: "The caption or the sticker means nothing to me." },
  { value: "cannot see well", label: "I can’t see it well", about: "Too small, too fast, or the loops do not play here." },
  { value: "not for me", label: "I’d rather not look at this", about: "Nothing is wrong with it, it is just not for me." },
  { value: "other", label: "Something else", about: "Others get to judge it." },
];

export const FLAG_REASONS: readonly Reason[] = [
  { value: "broken", label: "Broken", about: "A clip is torn, empty or does not move. You still judge the others." },
  { value: "offensive", label: "Offensive", about: "Nobody sees it until a researcher decides. You go on with the next." },
  { value: "unclear", label: "Unclear", about: "Caption and sticker do not fit, or the caption makes no sense." },
];
