import type { Reason } from "../annotate/whynot";
import type { BatchPlan, Checkpoint, NewBatch, Split } from "./calls";
import { SAMPLER_FIELDS, settingOf, type SettingValue } from "./sampler";

/** One checkpoint of a batch that is being written down. */
export class SourceDraft {
  checkpoint = $state(0);
  clips = $state(2);
  typed = $state<Record<string, string>>({});

  constructor(checkpoint: number, clips: number) {
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
}

/** A batch that is being written down. */
export class BatchDraft {
  name = $state("");
  promptSet = $state<number | null>(null);
  sources = $state<SourceDraft[]>([]);
  overlap = $state(1);
  priority = $state(0);
  share = $state(30);
  instructions = $state("");
  pooled = $state(false);
  reasons = $state<Reason[]>([]);
  splits = $state<Split[]>(["hitl"]);

  /** One checkpoint gets four clips a prompt; a second makes it two and two. */
  addSource(checkpoint: Checkpoint): void {
    this.sources.push(new SourceDraft(checkpoint.id, this.sources.length ? 2 : 4));
    if (this.sources.length === 2 && this.sources[0]) this.sources[0].clips = Math.min(this.sources[0].clips, 3);
  }

  removeSource(source: SourceDraft): void {
    this.sources = this.sources.filter((other) => other !== source);
  }

  get candidates(): number {
    return this.sources.reduce((sum, source) => sum + source.clips, 0);
  }

  /** What decides how much will be generated; null while it cannot be said. */
  get plan(): BatchPlan | null {
    if (this.promptSet === null || this.sources.length === 0 || this.splits.length === 0) return null;
    return {
      prompt_set: this.promptSet,
      sources: this.sources.map(({ checkpoint, clips, settings }) => ({ checkpoint, clips_per_prompt: clips, settings })),
      splits: this.splits,
    };
  }

  get request(): NewBatch | null {
    const { plan } = this;
    if (!plan) return null;
    return { ...plan, name: this.name, overlap: this.overlap, priority: this.priority, instructions: this.instructions, pooled: this.pooled, reasons: this.reasons, person_share: this.share / 100 };
  }
}
