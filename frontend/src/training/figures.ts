import { percent } from "../look/words";

export interface Figure {
  name: string;
  value: string;
  about: string;
}

const FIGURES: readonly { key: string; name: string; about: string; say: (value: number) => string }[] = [
  { key: "verb_recognised", name: "Verb recognised", about: "of clips, by the probe", say: percent },
  { key: "identity_db", name: "Identity", about: "likeness to the sticker; higher is closer", say: (value) => `${value.toFixed(1)} dB` },
  { key: "sharpness", name: "Sharpness", about: "1 is as sharp as the sticker", say: (value) => value.toFixed(2) },
  { key: "motion_size", name: "Motion", about: "mean step, in 1/64 of the picture", say: (value) => value.toFixed(2) },
  { key: "seam_ratio", name: "Seam", about: "1 loops without a jump", say: (value) => value.toFixed(2) },
  { key: "flicker", name: "Flicker", about: "0 is none", say: (value) => value.toFixed(2) },
  { key: "frozen", name: "Frozen", about: "clips that stand still", say: String },
  { key: "pairs", name: "Measured on", about: "clips of held-out stickers", say: String },
];

/** What was measured when the run was done, in the order in which it is read; none where it was not. */
export function figuresOf(metrics: Readonly<Record<string, unknown>>): Figure[] {
  const measured = metrics["held_out"];
  if (typeof measured !== "object" || measured === null) return [];
  const values = measured as Readonly<Record<string, unknown>>;
  return FIGURES.flatMap(({ key, name, about, say }) => {
    const value = values[key];
    return typeof value === "number" ? [{ name, value: say(value), about }] : [];
  });
}
