export const LONGEST_WAIT_MS = 3000;

/** One candidate as the gate sees it. */
interface Watched {
  loopLength: number;
  firstPaint: number | null;
  /** Of the loop, while in sight and playing: milliseconds of loop time. */
  shown: number;
  /** Real milliseconds in sight, moving or not. */
  watched: number;
  broken: boolean;
}

/**
 * Holds a first submission until each candidate was shown for one whole loop, or for three seconds from its first
 * paint where that is sooner. A broken candidate holds nothing.
 */
export class Gate {
  readonly #slots: Map<number, Watched>;
  #open: boolean;

  /** `loopLengths`: milliseconds by slot. An edit passes at once: `open`. */
  constructor(loopLengths: ReadonlyMap<number, number>, { open = false }: { open?: boolean } = {}) {
    this.#slots = new Map(
      [...loopLengths].map(([slot, loopLength]) => [slot, { loopLength, firstPaint: null, shown: 0, watched: 0, broken: false }]),
    );
    this.#open = open;
  }

  get open(): boolean {
    return this.#open;
  }

  /** How much of the wait is over, 0 to 1, for the ring around the button. */
  progress(now: number): number {
    if (this.#open) return 1;
    return Math.min(1, ...[...this.#slots.values()].map((slot) => share(slot, now)));
  }

  painted(slot: number, now: number): void {
    const watched = this.#slots.get(slot);
    if (watched) watched.firstPaint ??= now;
  }

  broken(slot: number): void {
    const watched = this.#slots.get(slot);
    if (watched) watched.broken = true;
  }

  /** Counts `passed` real milliseconds of a slot in sight, of which the loop moved `loopPassed`. */
  watch(slot: number, passed: number, loopPassed: number): void {
    const watched = this.#slots.get(slot);
    if (!watched || watched.firstPaint === null) return;
    watched.watched += passed;
    watched.shown += loopPassed;
  }

  /** Returns whether the gate opened just now. */
  look(now: number): boolean {
    if (this.#open) return false;
    this.#open = [...this.#slots.values()].every((slot) => share(slot, now) >= 1);
    return this.#open;
  }

  /** Real milliseconds each slot was in sight, in slot order. */
  watchedMs(): number[] {
    return [...this.#slots.entries()].sort(([a], [b]) => a - b).map(([, slot]) => Math.round(slot.watched));
  }
}

function share(slot: Watched, now: number): number {
  if (slot.broken) return 1;
  if (slot.firstPaint === null) return 0;
  return Math.max(slot.shown / slot.loopLength, (now - slot.firstPaint) / LONGEST_WAIT_MS);
}
