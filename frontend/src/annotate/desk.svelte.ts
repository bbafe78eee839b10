import { ApiError, isAborted, sentence } from "../api/errors";
import type { Activity } from "./activity";
import { Asking } from "./asking.svelte";
import * as calls from "./calls";
import { isAnswer, spoken, toggleNone, toggleSlot } from "./choice";
import type { LoopClock } from "./clock";
import { options } from "./options.svelte";
import type { Outbox } from "./outbox.svelte";
import type { StoredLetter } from "./letters";
import type { Flagging, Handout } from "./types";
import { Vigil } from "./vigil.svelte";
import { Work } from "./work.svelte";

/** The task on the screen and four ahead. */
const IN_HAND = 5;
const AHEAD = IN_HAND - 1;
/** With fewer than these in hand, the next answer brings more: three at once cost the server little more than one. */
const ENOUGH_IN_HAND = 3;
const MOST_DECODED_BYTES = 128 * 2 ** 20;
const WAITED_FOR = new Set<Handout["state"]>(["ready", "empty", "paused", "limit"]);
const RENEW_BEFORE_MS = 10 * 60_000;
const RENEW_EVERY_MS = 60_000;

/** One person at one batch: what was judged, what is on the desk, and what lies ahead, in one trail. */
export class Desk {
  trail = $state.raw<readonly Work[]>([]);
  at = $state(0);
  handout = $state.raw<Pick<Handout, "progress" | "state" | "reasons"> | null>(null);
  problem = $state("");
  notice = $state("");
  said = $state("");
  armed = $state(false);
  wait = $state(0);
  unconfirmed = $state(0);
  /** The loops are shown from their middle, until the next task. */
  seam = $state(false);
  current = $derived(this.trail[this.at] ?? null);
  readonly asking = new Asking(this);
  editing = $derived(this.current?.sent != null);
  judged = $derived((this.handout?.progress.judged ?? 0) + this.unconfirmed);

  readonly #known = new Set<string>();
  readonly #waiting = new Set<string>();
  readonly #inSight = new Set<number>();
  readonly #ending = new AbortController();
  #serverAhead = 0;
  #earlier: string | null | undefined;
  #last = { now: 0, position: 0 };
  #renewed = 0;
  #asking = false;
  /** While there is nothing to do. */
  readonly vigil = new Vigil(() => this.#look(), () => void this.#ask(), this.#ending.signal);

  constructor(
    readonly batch: string,
    private readonly outbox: Outbox<Handout>,
    readonly clock: LoopClock,
    private readonly activity: Activity,
  ) {}

  async start(): Promise<void> {
    const { signal } = this.#ending;
    const endings = [
      this.outbox.onDelivered((letter, handout) => this.#delivered(letter, handout)),
      this.clock.subscribe((position, now) => this.#tick(position, now)),
      calls.wishFor(this.batch, () => ({ want: this.#ahead.length < ENOUGH_IN_HAND ? IN_HAND : 0, holding: this.#ahead.map((work) => work.id) })),
    ];
    signal.addEventListener("abort", () => endings.forEach((end) => end()));
    document.addEventListener("visibilitychange", () => this.#refreshed(), { signal });
    for (const letter of await this.outbox.pending()) {
      if (letter.batch !== this.batch || letter.kind === "flag") continue;
      this.#known.add(letter.assignment);
      if (letter.kind === "submission" && letter.body.revision === 1) this.#waiting.add(letter.assignment);
    }
    this.unconfirmed = this.#waiting.size;
    await this.#ask();
  }

  /** Leaves the desk: what nobody will judge here goes back, once all that was said is said. */
  stop(): void {
    this.#ending.abort();
    for (const work of this.trail) work.release();
    if (this.#ahead.length && this.outbox.waiting === 0) void calls.giveBack(this.batch).catch(() => undefined);
  }

  pick(slot: number): void {
    const { current } = this;
    if (!current?.canPick(slot)) return;
    current.choose(toggleSlot(current.choice, slot));
    this.#chosen(current);
  }

  pickNone(): void {
    if (!this.current) return;
    this.current.choose(toggleNone(this.current.choice));
    this.#chosen(this.current);
    if (options.noneSubmits && this.current.choice.none && !this.current.sent) this.submit();
  }

  submit(): void {
    const { current } = this;
    if (!current) return;
    if (!isAnswer(current.choice)) {
      this.notice = "Pick at least one video, or 0 for none of them.";
      return;
    }
    if (!current.gate.open) {
      this.armed = true;
      this.said = "Will be submitted once every loop was shown.";
      return;
    }
    if (current.changed) this.#post(current);
    this.#show(this.at + 1);
  }

  skip(reason: string): void {
    const { current } = this;
    if (!current || current.sent) return;
    void this.outbox.post({ kind: "skip", batch: this.batch, assignment: current.id, body: { reason } });
    this.#drop(current);
    this.said = "Skipped.";
  }

  flag(flag: Flagging): void {
    const { current } = this;
    if (!current) return;
    void this.outbox.post({ kind: "flag", batch: this.batch, assignment: current.id, body: flag });
    if (flag.kind === "offensive" && !current.sent) this.#drop(current);
    this.notice = "Flagged. A researcher will look at it.";
  }

  async back(): Promise<void> {
    if (this.at === 0) await this.#loadEarlier();
    if (this.at > 0) this.#show(this.at - 1);
    else this.notice = "This is the first one you judged here.";
  }

  /** Puts something judged earlier on the screen, to be changed. */
  async open(id: string): Promise<void> {
    while (!this.trail.some((work) => work.id === id) && this.#earlier !== null) {
      const before = this.#earlier;
      await this.#loadEarlier();
      // It could not be read; the notice says why.
      if (this.#earlier === before) return;
    }
    const at = this.trail.findIndex((work) => work.id === id);
    if (at >= 0) this.#show(at);
  }

  forward(): void {
    if (this.current?.sent) this.#show(this.at + 1);
  }

  latest(): void {
    this.#show(this.trail.length - this.#ahead.length);
  }

  lookAtSeam(): void {
    this.seam = !this.seam;
    this.said = this.seam ? "The loops are shown from their middle." : "The loops are shown from their beginning.";
    this.clock.restart();
  }

  sight(slot: number, seen: boolean): void {
    if (seen) this.#inSight.add(slot);
    else this.#inSight.delete(slot);
  }

  painted(slot: number): void {
    if (!this.current) return;
    this.current.seen = true;
    this.current.gate.painted(slot, performance.now());
  }

  get #ahead(): Work[] {
    return this.trail.filter((work) => !work.sent);
  }

  #chosen(work: Work): void {
    this.armed = false;
    this.notice = "";
    this.said = `${spoken(work.choice)}.`;
  }

  #post(work: Work): void {
    const body = work.submission(this.activity.device, this.activity.take());
    if (body.revision === 1) this.#waiting.add(work.id);
    this.unconfirmed = this.#waiting.size;
    void this.outbox.post({ kind: "submission", batch: this.batch, assignment: work.id, body });
  }

  #drop(work: Work): void {
    work.release();
    this.trail = this.trail.filter((other) => other !== work);
    this.#show(this.at);
  }

  #show(at: number): void {
    this.at = Math.min(at, this.trail.length);
    this.armed = false;
    this.notice = "";
    this.wait = 0;
    this.seam = false;
    this.#inSight.clear();
    this.clock.restart();
    const { current } = this;
    if (current) this.said = `“${current.assignment.caption}”, ${current.assignment.slots.length} videos.`;
    void this.#prepare();
    if (this.#ahead.length === 0 && this.outbox.waiting === 0) void this.#ask();
  }

  /** Decodes what is on the desk, then what comes next, then what was before, as far as memory goes. */
  async #prepare(): Promise<void> {
    const at = this.at;
    const order = [...this.trail.slice(at, at + 1 + AHEAD), ...this.trail.slice(Math.max(0, at - 1), at)];
    let bytes = 0;
    const kept = order.filter((work, index) => (bytes += work.bytes) <= MOST_DECODED_BYTES || index === 0);
    for (const work of this.trail) if (!kept.includes(work)) work.release();
    for (const work of kept) {
      await work.prepare();
      if (this.at !== at || this.#ending.signal.aborted) return;
    }
  }

  #tick(position: number, now: number): void {
    const passed = Math.min(now - this.#last.now, 250);
    // Slower around the seam, a loop is not shown whole in its own length: there the longest wait decides.
    const loopPassed = this.seam ? 0 : Math.max(0, position - this.#last.position);
    this.#last = { now, position };
    const { current } = this;
    if (!current) return;
    const active = this.activity.active(now);
    if (active && current.seen) current.elapsed += passed;
    for (const slot of this.#inSight) if (active) current.gate.watch(slot, passed, loopPassed);
    for (const [slot, sheet] of current.sheets) {
      if (sheet.state === "broken" || sheet.state === "unreachable") current.gate.broken(slot);
      if (sheet.state === "broken" && !current.flagged.has(slot)) this.#flagBroken(current, slot);
    }
    const opened = current.gate.look(now);
    this.wait = current.gate.progress(now);
    if (opened && this.armed) this.submit();
    if (active) this.#renew(current);
  }

  #flagBroken(work: Work, slot: number): void {
    work.flagged.add(slot);
    const body: Flagging = { kind: "broken", slot, comment: "The browser could not decode this clip." };
    void this.outbox.post({ kind: "flag", batch: this.batch, assignment: work.id, body });
  }

  #renew(work: Work): void {
    const now = Date.now();
    if (work.sent || work.leaseUntil - this.#serverAhead - now > RENEW_BEFORE_MS || now - this.#renewed < RENEW_EVERY_MS) return;
    this.#renewed = now;
    calls.renew(work.id, this.#ending.signal).then(
      (until) => {
        if (until) for (const held of this.#ahead) held.leaseUntil = Date.parse(until);
      },
      () => undefined,
    );
  }

  /** After a time away: leases ahead that ran out are given up, and asked for anew. */
  #refreshed(): void {
    if (document.visibilityState !== "visible") return;
    const now = Date.now() + this.#serverAhead;
    const stale = this.#ahead.filter((work) => work.leaseUntil < now && work !== this.current);
    for (const work of stale) {
      work.release();
      this.#known.delete(work.id);
    }
    this.trail = this.trail.filter((work) => !stale.includes(work));
    if (!stale.length && this.current) return;
    this.vigil.end();
    void this.#ask();
  }

  #delivered(letter: StoredLetter, handout: Handout | null): void {
    if (letter.batch !== this.batch) return;
    this.#waiting.delete(letter.assignment);
    this.unconfirmed = this.#waiting.size;
    if (handout) return this.#take(handout);
    if (this.handout && letter.kind === "submission" && letter.body.revision === 1) {
      const { progress } = this.handout;
      this.handout = { ...this.handout, progress: { ...progress, judged: progress.judged + 1 } };
    }
    if (this.#ahead.length < 2) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const holding = this.#ahead.map((work) => work.id);
      this.#take(await calls.lease(this.batch, IN_HAND, holding, this.#ending.signal));
      this.problem = "";
    } catch (reason) {
      if (isAborted(reason)) return;
      this.problem = sentence(reason);
      if (!(reason instanceof ApiError && reason.status === 404)) this.vigil.begin();
    } finally {
      this.#asking = false;
    }
  }

  /** Whether there is work now, at no cost to anybody else. */
  async #look(): Promise<boolean> {
    try {
      const state = await calls.standing(this.batch, this.#ending.signal);
      this.problem = "";
      if (this.handout) this.handout = { ...this.handout, state };
      return state === "ready";
    } catch (reason) {
      if (!isAborted(reason)) this.problem = sentence(reason);
      return false;
    }
  }

  #take(handout: Handout): void {
    this.#serverAhead = Date.parse(handout.server_time) - Date.now();
    const fresh = handout.assignments.filter(({ id, answer }) => answer === null && !this.#known.has(id));
    for (const { id } of fresh) this.#known.add(id);
    const hadWork = this.current !== null;
    this.trail = [...this.trail, ...fresh.map((assignment) => new Work(assignment))];
    this.handout = handout;
    if (!hadWork && this.current) this.#show(this.at);
    else void this.#prepare();
    if (this.#ahead.length === 0 && WAITED_FOR.has(handout.state)) this.vigil.begin();
    else this.vigil.end();
  }

  async #loadEarlier(): Promise<void> {
    if (this.#earlier === null) return;
    try {
      const page = await calls.history(this.batch, this.#earlier ?? undefined, this.#ending.signal);
      this.#earlier = page.next;
      const earlier = page.results.filter(({ id }) => !this.#known.has(id)).reverse();
      for (const { id } of earlier) this.#known.add(id);
      this.trail = [...earlier.map((assignment) => new Work(assignment)), ...this.trail];
      this.at += earlier.length;
    } catch (reason) {
      if (!isAborted(reason)) this.notice = sentence(reason);
    }
  }
}
