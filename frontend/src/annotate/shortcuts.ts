export type Action =
  | "submit" | "back" | "forward" | "latest" | "skip" | "flag" | "comment" | "none" | "why" | "pause"
  | "stepBack" | "stepOn" | "slower" | "faster" | "seam" | "background" | "history" | "help" | "close" | `slot${number}`;

export interface Shortcut {
  /** Values of KeyboardEvent.key, letters in lower case. */
  keys: readonly string[];
  /** The keys as they are drawn. */
  drawn: readonly string[];
  does: string;
  action: Action;
  /** Holding the key down repeats it. */
  repeats?: boolean;
  /** Named in the line below the loops, in a word. */
  hint?: string;
}

const SLOTS: readonly Shortcut[] = Array.from({ length: 9 }, (_, index) => ({
  keys: [String(index + 1)],
  drawn: [String(index + 1)],
  does: `Pick video ${index + 1}, or let it go`,
  action: `slot${index + 1}` as const,
}));

/** Every key of the annotate page: shown in the help, and dispatched from here. */
export const SHORTCUTS: readonly Shortcut[] = [
  ...SLOTS,
  { keys: ["0"], drawn: ["0"], does: "I wouldn't share any of these", action: "none" },
  { keys: ["Enter"], drawn: ["⏎"], does: "Submit, and on to the next", action: "submit", hint: "submit" },
  { keys: ["ArrowLeft"], drawn: ["←"], does: "Back to an earlier one, to change it", action: "back", hint: "back" },
  { keys: ["ArrowRight"], drawn: ["→"], does: "Forward again", action: "forward" },
  { keys: ["End"], drawn: ["End"], does: "To the one not judged yet", action: "latest" },
  { keys: ["r"], drawn: ["R"], does: "Where the batch asks: why not the next unpicked video? Then 1 … 6 mark it", action: "why" },
  { keys: ["s"], drawn: ["S"], does: "Skip, with a reason", action: "skip", hint: "skip" },
  { keys: ["f"], drawn: ["F"], does: "Flag: broken, offensive or unclear", action: "flag", hint: "flag" },
  { keys: ["c"], drawn: ["C"], does: "Write a comment", action: "comment" },
  { keys: [" "], drawn: ["space"], does: "Pause or play; with reduced motion, play all loops once", action: "pause", hint: "pause" },
  { keys: [","], drawn: [","], does: "One frame back", action: "stepBack", repeats: true },
  { keys: ["."], drawn: ["."], does: "One frame on", action: "stepOn", repeats: true },
  { keys: ["["], drawn: ["["], does: "Slower", action: "slower" },
  { keys: ["]"], drawn: ["]"], does: "Faster", action: "faster" },
  { keys: ["l"], drawn: ["L"], does: "Look at the seam: from the middle over last and first frame, slower there", action: "seam", hint: "seam" },
  { keys: ["b"], drawn: ["B"], does: "Next background: light, dark, in a chat by day or by night, checker", action: "background" },
  { keys: ["h"], drawn: ["H"], does: "What you judged so far, and your pace", action: "history" },
  { keys: ["?"], drawn: ["?"], does: "This list, options, and the batch’s instructions", action: "help", hint: "keys" },
  { keys: ["Escape"], drawn: ["Esc"], does: "Close what is open", action: "close" },
];

/** The table with the nine slots as one line, as people read it. */
export const READABLE: readonly Shortcut[] = [
  { keys: [], drawn: ["1", "…", "9"], does: "Pick a video, or let it go; clicking the loop does the same", action: "slot1" },
  ...SHORTCUTS.slice(SLOTS.length),
];

const BY_KEY = new Map(SHORTCUTS.flatMap((shortcut) => shortcut.keys.map((key) => [key, shortcut])));

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  target: EventTarget | null;
}

/** What a key press means on the page; null where it means nothing or belongs to the field it was typed in. */
export function actionOf(press: Press): Action | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  const shortcut = BY_KEY.get(press.key.length === 1 ? press.key.toLowerCase() : press.key);
  if (!shortcut || (press.repeat && !shortcut.repeats)) return null;
  if (isTyping(press.target) && shortcut.action !== "close") return null;
  if (ownsKey(press.target, press.key)) return null;
  return shortcut.action;
}

export function slotOf(action: Action): number | null {
  return action.startsWith("slot") ? Number(action.slice(4)) : null;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const typed = target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
  return typed || target.matches("textarea, select") || target.isContentEditable;
}

/** Enter and space on a focused button or link, and space on a checkbox, do what they do everywhere. */
function ownsKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("button, a[href], summary")) return key === "Enter" || key === " ";
  return target.matches("input[type=checkbox], input[type=radio]") && key === " ";
}
