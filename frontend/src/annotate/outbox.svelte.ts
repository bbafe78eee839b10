import { ApiError, isAborted } from "../api/errors";
import type { Letter, LetterStore, StoredLetter } from "./letters";

export type Deliver<T> = (letter: StoredLetter, signal: AbortSignal) => Promise<T>;

/** What keeps letters from leaving: no way to the server, a session that has ended, or a server that fails. */
export type Trouble = "offline" | "expired" | "failing";

/** What tabs tell each other. */
type Word = { told: "posted" | "wake" } | { told: "delivered"; letter: StoredLetter } | { told: "trouble"; trouble: Trouble };

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Answers that say the letter itself is wrong: sending it again would not help. */
const HOPELESS = new Set([400, 404, 405, 409, 410, 413, 415, 422]);

/**
 * What a person did, kept on this device until the server has it. The page moves on at once; one tab at a time sends,
 * in order; a refused letter is kept and shown, and does not hold up the others.
 */
export class Outbox<T> {
  waiting = $state(0);
  trouble = $state<Trouble | null>(null);
  refused = $state.raw<StoredLetter[]>([]);
  readonly #wakers = new Set<() => void>();
  readonly #listeners = new Set<(letter: StoredLetter, result: T | null) => void>();
  readonly #channel: BroadcastChannel;
  readonly #ending = new AbortController();

  constructor(
    readonly username: string,
    private readonly store: LetterStore,
    private readonly deliver: Deliver<T>,
  ) {
    this.#channel = new BroadcastChannel(`stickerloop-outbox-${username}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
  }

  /** Sends what is there and what comes, until `stop`. */
  start(): void {
    const { signal } = this.#ending;
    addEventListener("online", () => this.#stir(), { signal });
    void this.#count();
    void alone(`stickerloop-outbox-${this.username}`, signal, () => this.#send(signal));
  }

  stop(): void {
    this.#ending.abort();
    this.#channel.close();
  }

  async post(letter: Letter): Promise<void> {
    await this.store.add({ ...letter, username: this.username });
    await this.#count();
    this.#tell({ told: "posted" });
    this.#stir();
  }

  pending(): Promise<StoredLetter[]> {
    return this.store.all(this.username);
  }

  /** Calls back for each letter the server has; without its answer where another tab sent it. */
  onDelivered(listener: (letter: StoredLetter, result: T | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tries again now, whichever tab sends: after signing in, say. */
  wake(): void {
    this.#tell({ told: "wake" });
    this.#stir();
  }

  /** Whether all was sent within `patience` milliseconds. */
  async flush(patience: number): Promise<boolean> {
    const until = Date.now() + patience;
    this.wake();
    while ((await this.#unsent()).length > 0) {
      if (Date.now() >= until || this.#ending.signal.aborted) return false;
      await this.#rest(50);
    }
    return true;
  }

  async dismiss(letter: StoredLetter): Promise<void> {
    await this.store.remove(letter.key);
    await this.#count();
  }

  async #send(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const [letter] = await this.#unsent();
      if (!letter) {
        await this.#rest(LONGEST_WAIT_MS);
        continue;
      }
      try {
        const result = await this.deliver(letter, signal);
        await this.store.remove(letter.key);
        failures = 0;
        this.#delivered(letter, result);
        this.#tell({ told: "delivered", letter });
      } catch (reason) {
        if (signal.aborted || isAborted(reason)) return;
        if (reason instanceof ApiError && HOPELESS.has(reason.status)) {
          await this.store.put({ ...letter, refusal: reason.message });
        } else {
          this.trouble = troubleOf(reason);
          this.#tell({ told: "trouble", trouble: this.trouble });
          const again = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** failures++);
          await this.#rest(this.trouble === "expired" ? LONGEST_WAIT_MS : again);
        }
      }
      await this.#count();
    }
  }

  #hear(word: Word): void {
    if (word.told === "delivered") this.#delivered(word.letter, null);
    else if (word.told === "trouble") this.trouble = word.trouble;
    else this.#stir();
    void this.#count();
  }

  #tell(word: Word): void {
    if (!this.#ending.signal.aborted) this.#channel.postMessage(word);
  }

  #stir(): void {
    for (const waker of [...this.#wakers]) waker();
  }

  #delivered(letter: StoredLetter, result: T | null): void {
    this.trouble = null;
    for (const listener of this.#listeners) listener(letter, result);
  }

  async #unsent(): Promise<StoredLetter[]> {
    return (await this.store.all(this.username)).filter((letter) => letter.refusal === undefined);
  }

  async #count(): Promise<void> {
    const letters = await this.store.all(this.username);
    this.refused = letters.filter((letter) => letter.refusal !== undefined);
    this.waiting = letters.length - this.refused.length;
  }

  #rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#ending;
      const done = () => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wakers.add(done);
      signal.addEventListener("abort", done);
    });
  }
}

function troubleOf(reason: unknown): Trouble {
  if (!(reason instanceof ApiError)) return "failing";
  return reason.unreachable ? "offline" : reason.status === 401 ? "expired" : "failing";
}

/** Runs `work` in one tab at a time. Browsers offer locks to secure pages only; elsewhere every tab may send, as the server knows a submission by its UUID. */
async function alone(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const locks: LockManager | undefined = navigator.locks;
  if (!locks) return work();
  try {
    await locks.request(name, { signal }, work);
  } catch (reason) {
    if (!isAborted(reason)) throw reason;
  }
}
