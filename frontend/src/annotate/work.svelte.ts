import type { Device } from "./activity";
import { type Choice, NOTHING, sameChoice } from "./choice";
import { loopLength } from "./clock";
import { Gate } from "./gate";
import { SeamPass } from "./seam";
import { decodedBytes, Sheet } from "./sheet.svelte";
import type { Assignment, Submission } from "./types";
import { randomUuid } from "./uuid";
import { asReceived, asSent, exceptFor, type Reasons, sameReasons } from "./whynot";

interface Said {
  choice: Choice;
  reasons: Reasons;
  comment: string;
}

/** An assignment on this desk: its loops, and what the person made of it so far. */
export class Work {
  choice = $state.raw<Choice>(NOTHING);
  /** Why videos were not picked, of those that are not. */
  reasons = $state.raw<Reasons>({});
  comment = $state("");
  /** What was last submitted; null before the first time. */
  sent = $state.raw<Said | null>(null);
  sheets = $state.raw<ReadonlyMap<number, Sheet>>(new Map());
  leaseUntil: number;
  /** Milliseconds of attention since the last submission. */
  elapsed = 0;
  /** Its loops have stood on the screen; before that, instructions or practice may cover it. */
  seen = false;
  readonly flagged = new Set<number>();
  readonly gate: Gate;
  #sticker: HTMLImageElement | null = null;
  #revision = 0;

  constructor(readonly assignment: Assignment) {
    this.leaseUntil = Date.parse(assignment.lease_until);
    const { answer } = assignment;
    if (answer) {
      this.choice = { shareable: answer.shareable, none: answer.none };
      this.reasons = asReceived(answer.reasons);
      this.comment = answer.comment;
      this.sent = this.#said;
      this.#revision = answer.revision;
    } else {
      this.#restoreDraft();
    }
    this.gate = new Gate(new Map(assignment.slots.map((slot) => [slot.slot, loopLength(slot)])), { open: answer !== null });
  }

  get id(): string {
    return this.assignment.id;
  }

  get bytes(): number {
    return this.assignment.slots.reduce((sum, slot) => sum + decodedBytes(slot), 0);
  }

  get longestLoop(): number {
    return Math.max(...this.assignment.slots.map(loopLength));
  }

  get longestSeamPass(): number {
    return Math.max(...this.assignment.slots.map((slot) => new SeamPass(slot).length));
  }

  get changed(): boolean {
    const { sent } = this;
    return !sent || !sameChoice(sent.choice, this.choice) || !sameReasons(sent.reasons, this.reasons) || sent.comment !== this.comment;
  }

  /** Fetches and decodes the loops; settles when each is there or given up. */
  async prepare(): Promise<void> {
    if (!this.#sticker) {
      this.#sticker = new Image();
      this.#sticker.src = this.assignment.sticker;
    }
    if (this.sheets.size === 0) this.sheets = new Map(this.assignment.slots.map((slot) => [slot.slot, new Sheet(slot)]));
    await Promise.all([...this.sheets.values()].map((sheet) => sheet.loaded));
  }

  release(): void {
    for (const sheet of this.sheets.values()) sheet.close();
    if (this.sheets.size) this.sheets = new Map();
  }

  /** Whether the slot's box may be pressed: what cannot be seen cannot be picked, only let go. */
  canPick(slot: number): boolean {
    const sheet = this.sheets.get(slot);
    const seen = sheet !== undefined && sheet.state !== "broken" && sheet.state !== "unreachable";
    return seen || this.choice.shareable.includes(slot);
  }

  choose(choice: Choice): void {
    this.choice = choice;
    this.reasons = exceptFor(this.reasons, choice.shareable);
    this.keepDraft();
  }

  explain(reasons: Reasons): void {
    this.reasons = reasons;
    this.keepDraft();
  }

  keepDraft(): void {
    if (!this.sent) sessionStorage.setItem(this.#draft, JSON.stringify(this.#said));
  }

  /** The next revision, as it goes to the server. `active`: the person's milliseconds at work, whatever they did. */
  submission(device: Device, active: number): Submission {
    this.#revision += 1;
    this.sent = this.#said;
    const submission = {
      submission: randomUuid(),
      revision: this.#revision,
      shareable: [...this.choice.shareable],
      none: this.choice.none,
      elapsed_ms: Math.round(this.elapsed),
      watched_ms: this.gate.watchedMs(),
      active_ms: active,
      reasons: asSent(this.reasons),
      device,
      comment: this.comment,
    };
    this.elapsed = 0;
    sessionStorage.removeItem(this.#draft);
    return submission;
  }

  get #said(): Said {
    return { choice: this.choice, reasons: this.reasons, comment: this.comment };
  }

  get #draft(): string {
    return `draft:${this.id}`;
  }

  #restoreDraft(): void {
    const kept = sessionStorage.getItem(this.#draft);
    if (!kept) return;
    const draft = JSON.parse(kept) as Omit<Said, "reasons"> & Partial<Said>;
    this.choice = draft.choice;
    this.reasons = draft.reasons ?? {};
    this.comment = draft.comment;
  }
}
