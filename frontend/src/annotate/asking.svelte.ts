import type { Desk } from "./desk.svelte";
import type { Work } from "./work.svelte";
import { inWords, type Reason, REASON_WORDS, toggleReason } from "./whynot";

/** Which unpicked video its annotator is telling the reasons of, where the batch offers any. Nobody has to. */
export class Asking {
  #at = $state.raw<{ work: Work; slot: number } | null>(null);

  constructor(private readonly desk: Desk) {}

  get offered(): readonly Reason[] {
    return this.desk.handout?.reasons ?? [];
  }

  /** The slot asked about; null where none is, or where the task went on or the video was picked meanwhile. */
  get slot(): number | null {
    const at = this.#at;
    return at && at.work === this.desk.current && this.#rejected.includes(at.slot) ? at.slot : null;
  }

  /** Asks about a slot; asking again, or about none, ends it. */
  about(slot: number | null): void {
    const work = this.desk.current;
    this.#at = work && slot !== null && slot !== this.slot ? { work, slot } : null;
    this.desk.armed = false;
    if (this.slot !== null) this.desk.said = `Why not video ${this.slot}? ${this.#choices}.`;
  }

  /** On to the next video that is not picked, and after the last of them to none. */
  next(): void {
    const from = this.slot ?? 0;
    this.about(this.#rejected.find((slot) => slot > from) ?? null);
  }

  toggle(reason: Reason): void {
    const { current } = this.desk;
    const { slot } = this;
    if (!current || slot === null) return;
    current.explain(toggleReason(current.reasons, slot, reason));
    this.desk.armed = false;
    this.desk.said = `Video ${slot}: ${inWords(current.reasons[slot] ?? []) || "no reason"}.`;
  }

  /** By the number that is drawn beside it; others mean nothing here. */
  press(number: number): void {
    const reason = this.offered[number - 1];
    if (reason) this.toggle(reason);
  }

  get #choices(): string {
    return this.offered.map((reason, index) => `${index + 1} ${REASON_WORDS[reason]}`).join(", ");
  }

  get #rejected(): number[] {
    const { current } = this.desk;
    if (!current || this.offered.length === 0) return [];
    return current.assignment.slots.map(({ slot }) => slot).filter((slot) => !current.choice.shareable.includes(slot));
  }
}
