import { inWords } from "../annotate/whynot";
import { counted, percent } from "../look/words";
import type { Export, Release } from "./calls";

type Tone = "plain" | "pick" | "good" | "warn" | "bad";

export const LAYOUTS: readonly { value: Export["layout"]; label: string; about: string; clips: readonly ClipFiles[] }[] = [
  { value: "verdicts-csv", label: "Verdicts, CSV", about: "One verdict a row, with all that is known of it. Opens in a spreadsheet.", clips: ["none", "webp", "mp4", "frames", "master"] },
  { value: "verdicts-jsonl", label: "Verdicts, JSON Lines", about: "The same, an object a line.", clips: ["none", "webp", "mp4", "frames", "master"] },
  { value: "verdicts-parquet", label: "Verdicts, Parquet", about: "The same, in typed columns: the smallest and the fastest to read.", clips: ["none", "webp", "mp4", "frames", "master"] },
  { value: "kwise", label: "Choices among k clips", about: "HPDv2’s layout: a task a row, with everybody’s choice.", clips: ["none", "webp", "mp4", "frames", "master"] },
  { value: "pairs", label: "Pairs", about: "pickapic’s layout, for DPO: one clip chosen, one passed over, by the same person.", clips: ["none", "webp", "master"] },
  { value: "unpaired", label: "Single clips with a label", about: "KTO’s layout: prompt, completion, label.", clips: ["none", "webp", "mp4", "frames", "master"] },
  { value: "folder", label: "Folder of clips", about: "Hugging Face ImageFolder or VideoFolder. Lossless masters train our own students.", clips: ["webp", "mp4", "frames", "master"] },
  { value: "webdataset", label: "WebDataset shards", about: "Tar files of a thousand clips, for training at scale.", clips: ["webp", "mp4", "frames", "master"] },
];

export type ClipFiles = NonNullable<Export["clips"]>;
export const CLIP_FILES: Readonly<Record<ClipFiles, string>> = {
  none: "no clips",
  webp: "animated WebP",
  mp4: "MP4, on white",
  frames: "PNG frames",
  master: "lossless masters",
};

export const layoutOf = (one: Export): string => LAYOUTS.find(({ value }) => value === one.layout)?.label ?? one.layout;

export function standingOf(release: Release): { text: string; tone: Tone } {
  if (release.withdrawn_at) return { text: "withdrawn", tone: "warn" };
  switch (release.state) {
    case "frozen": return { text: "frozen", tone: "good" };
    case "failed": return { text: "failed", tone: "bad" };
    case "freezing": return { text: "freezing", tone: "pick" };
    default: return { text: "queued", tone: "plain" };
  }
}

const EXPORT_TONES: Readonly<Record<Export["state"] & string, Tone>> = { queued: "plain", writing: "pick", ready: "good", failed: "bad", cancelled: "warn" };
export const toneOf = (one: Export): Tone => EXPORT_TONES[one.state ?? "queued"];

/** A rule in a sentence or two. */
export function ruleInWords(rule: Release["rule"], batchName: (id: number) => string): string {
  const { batches = [], splits = [], least_shares = 1, least_annotations = 1, least_probability = null, reasons_excluded = [] } = rule;
  const parts = [
    batches.length ? batches.map(batchName).join(", ") : "all batches",
    splits.length === 2 ? "all prompts" : splits[0] === "heldout" ? "held-out prompts" : "prompts to learn from",
    `at least ${counted(least_annotations, "annotation")} a task`,
    least_probability === null ? `shareable with ${counted(least_shares, "share")} or more` : `shareable if ${percent(least_probability)} likely, with votes weighed`,
    ...(reasons_excluded.length ? [`without clips passed over for: ${inWords([...reasons_excluded])}`] : []),
  ];
  return parts.join(" · ");
}

/** "0.3 MB", "12 kB". */
export function size(bytes: number): string {
  if (bytes < 1e5) return `${Math.ceil(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
