import type { Reason } from "../annotate/whynot";
import type { BatchDetail, BatchPlan, Checkpoint, NewBatch, PromptFilter, Split } from "./calls";
import { clipsOfEach, comparisonName } from "./comparing";
import { nextName } from "./naming";
import { SAMPLER_FIELDS, settingOf, type SettingValue } from "./sampler";

/** Clips that exist: those that an earlier batch has of one of its sources. */
export interface Taken {
  source: number;
  batch: number;
  batchName: string;
  checkpointName: string;
  role: string;
  most: number;
}

/** One source of a batch that is being written down: a checkpoint, or clips that exist. */
export class SourceDraft {
  checkpoint = $state(0);
  clips = $state(2);
  typed = $state<Record<string, string>>({});

  constructor(
    checkpoint: number,
    clips: number,
    readonly taken: Taken | null = null,
  ) {
    this.checkpoint = checkpoint;
    this.clips = clips;
  }

  get settings(): Record<string, SettingValue> {
    const settings: Record<string, SettingValue> = {};
    for (const field of SAMPLER_FIELDS) {
      const value = settingOf(field, this.typed[field.name] ?? "");
      if (value !== null) settings[field.name] = value;
    }
    return settings;
  }

  get request(): BatchPlan["sources"][number] {
    if (this.taken) return { clips_of: this.taken.source, clips_per_prompt: this.clips };
    return { checkpoint: this.checkpoint, clips_per_prompt: this.clips, settings: this.settings };
  }
}

/** Which prompts of a set: while no kind of them is ticked, none. */
export class FilterDraft {
  splits = $state<Split[]>(["hitl"]);
  words = $state("");
  unusedOnly = $state(false);
  sample = $state<number | null>(null);

  fill(batch: Pick<BatchDetail, "splits" | "words" | "unused_only" | "sample">): void {
    this.splits = [...batch.splits];
    this.words = batch.words.join(", ");
    this.unusedOnly = batch.unused_only;
    this.sample = batch.sample;
  }

  get request(): PromptFilter | null {
    if (this.splits.length === 0) return null;
    const words = this.words.split(",").map((word) => word.trim()).filter((word) => word !== "");
    return { splits: this.splits, words, unused_only: this.unusedOnly, sample: this.sample };
  }
}

/** What a clone asks for: clips from new seeds, from the same seeds, or those that are there as they are. */
export type CloneOf = "new" | "same" | "taken";

/** A batch that is being written down. */
export class BatchDraft {
  name = $state("");
  promptSet = $state<number | null>(null);
  readonly filter = new FilterDraft();
  sources = $state<SourceDraft[]>([]);
  overlap = $state(1);
  priority = $state(0);
  share = $state(30);
  instructions = $state("");
  pooled = $state(false);
  reasons = $state<Reason[]>([]);
  seedBase = $state<number | null>(null);

  /** One checkpoint gets four clips a prompt; a second makes it two and two. `typed`: settings that are not its own. */
  addSource(checkpoint: Checkpoint, typed: Record<string, string> = {}): void {
    const source = new SourceDraft(checkpoint.id, this.sources.length ? 2 : 4);
    source.typed = typed;
    this.sources.push(source);
    if (this.sources.length === 2 && this.sources[0] && !this.sources[0].taken) this.sources[0].clips = Math.min(this.sources[0].clips, 3);
  }

  take(batch: BatchDetail, source: BatchDetail["sources"][number]): void {
    this.sources.push(takenFrom(batch, source));
  }

  /** A blind comparison on held-out prompts, by three people: of one, chance says more than the clips. */
  compare(chosen: readonly Checkpoint[]): void {
    this.name = comparisonName();
    this.filter.splits = ["heldout"];
    this.sources = chosen.map(({ id }) => new SourceDraft(id, clipsOfEach(chosen.length)));
    this.overlap = 3;
  }

  removeSource(source: SourceDraft): void {
    this.sources = this.sources.filter((other) => other !== source);
  }

  /** Everything as in an earlier batch but its name. */
  clone(batch: BatchDetail, what: CloneOf): void {
    this.name = nextName(batch.name);
    this.promptSet = batch.prompt_set;
    this.filter.fill(batch);
    // Those that it has were in a batch: in itself.
    this.filter.unusedOnly = false;
    this.chooseClips(batch, what);
    this.overlap = batch.overlap;
    this.priority = batch.priority;
    this.share = Math.round(batch.person_share * 100);
    this.instructions = batch.instructions;
    this.pooled = batch.pooled;
    this.reasons = [...batch.reasons];
  }

  chooseClips(batch: BatchDetail, what: CloneOf): void {
    this.sources = batch.sources.map((source) => (what === "taken" || source.clips_of ? takenFrom(batch, source) : asIn(source)));
    this.seedBase = what === "same" ? batch.seed_base : null;
  }

  /** What decides how much will be generated; null while it cannot be said. */
  get plan(): BatchPlan | null {
    const filter = this.filter.request;
    if (this.promptSet === null || this.sources.length === 0 || !filter) return null;
    return { ...filter, prompt_set: this.promptSet, sources: this.sources.map(({ request }) => request), seed_base: this.seedBase };
  }

  get request(): NewBatch | null {
    const { plan } = this;
    if (!plan) return null;
    return { ...plan, name: this.name, overlap: this.overlap, priority: this.priority, instructions: this.instructions, pooled: this.pooled, reasons: this.reasons, person_share: this.share / 100 };
  }
}

function takenFrom(batch: BatchDetail, source: BatchDetail["sources"][number]): SourceDraft {
  const { id, checkpoint, name, role, clips_per_prompt: most } = source;
  return new SourceDraft(checkpoint, most, { source: id, batch: batch.id, batchName: batch.name, checkpointName: name, role, most });
}

function asIn(source: BatchDetail["sources"][number]): SourceDraft {
  const draft = new SourceDraft(source.checkpoint, source.clips_per_prompt);
  for (const [name, value] of Object.entries(source.changed)) draft.typed[name] = String(value);
  return draft;
}
