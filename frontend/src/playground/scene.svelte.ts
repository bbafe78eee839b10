import type { Checkpoint } from "../batches/calls";
import type { NewPreview } from "./calls";

export interface DialAbout {
  /** The sampler setting, and its name in the address. */
  name: "bucket" | "text_scale" | "image_scale" | "steps";
  label: string;
  about: string;
  low: number;
  high: number;
  step: number;
  usual: number;
}

export const DIALS: readonly DialAbout[] = [
  { name: "bucket", label: "Motion", about: "1 is calm, 16 is wild", low: 1, high: 16, step: 1, usual: 8 },
  { name: "text_scale", label: "Text guidance", about: "the caption’s pull", low: 0, high: 10, step: 0.5, usual: 1 },
  { name: "image_scale", label: "Image guidance", about: "the sticker’s pull", low: 0, high: 10, step: 0.5, usual: 1 },
  { name: "steps", label: "Steps", about: "fewer is faster", low: 1, high: 50, step: 1, usual: 8 },
];
type Dials = Record<DialAbout["name"], number | null>;

const HIGHEST_SEED = 1_000_000;
export const newSeed = (): number => Math.floor(Math.random() * HIGHEST_SEED);

/** What the playground shows; all of it lives in the page's address. */
export class Scene {
  /** The sticker's blob name; empty for none. */
  sticker = $state("");
  caption = $state("");
  models = $state<number[]>([]);
  /** Null: as each checkpoint has it. */
  dials = $state<Dials>({ bucket: null, text_scale: null, image_scale: null, steps: null });
  seed = $state(newSeed());

  constructor(query: URLSearchParams) {
    this.sticker = query.get("sticker") ?? "";
    this.caption = query.get("caption") ?? "";
    this.models = (query.get("models") ?? "").split(",").filter((id) => /^\d+$/.test(id)).map(Number);
    for (const { name, low, high } of DIALS) {
      const value = Number(query.get(name) ?? "none");
      if (value >= low && value <= high) this.dials[name] = value;
    }
    const seed = query.get("seed") ?? "";
    if (/^\d{1,14}$/.test(seed)) this.seed = Number(seed);
  }

  /** Sets the dials that these settings have a value for and that the address left alone. */
  turn(settings: Record<string, unknown>): void {
    for (const { name } of DIALS) {
      const value = settings[name];
      if (this.dials[name] === null && typeof value === "number") this.dials[name] = value;
    }
  }

  get query(): URLSearchParams {
    const query = new URLSearchParams();
    if (this.sticker) query.set("sticker", this.sticker);
    if (this.caption) query.set("caption", this.caption);
    if (this.models.length) query.set("models", this.models.join(","));
    for (const { name } of DIALS) if (this.dials[name] !== null) query.set(name, String(this.dials[name]));
    query.set("seed", String(this.seed));
    return query;
  }

  /** What is missing before it can move, in words; empty for nothing. */
  get lacks(): string {
    if (!this.sticker) return "Choose a sticker first.";
    if (!this.caption.trim()) return "Say how it should move.";
    return this.models.length ? "" : "Tick at least one checkpoint.";
  }

  get request(): NewPreview {
    const settings = Object.fromEntries(Object.entries(this.dials).filter(([, value]) => value !== null));
    const sources = this.models.map((checkpoint) => ({ checkpoint, settings }));
    return { scenes: [{ sticker: this.sticker, caption: this.caption }], sources, seed: this.seed };
  }
}

/** What the chosen checkpoints have of themselves: one value, or null where they differ. */
export function ownValue(dial: DialAbout, checkpoints: readonly Checkpoint[]): number | null {
  const values = new Set(checkpoints.map(({ default_settings }) => Number(default_settings[dial.name] ?? dial.usual)));
  const [only] = values;
  return values.size > 1 ? null : (only ?? dial.usual);
}
