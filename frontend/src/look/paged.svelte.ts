import { isAborted, sentence } from "../api/errors";

export interface PageOf<T> {
  results: T[];
  next: string | null;
}

/** A keyset-paginated list as far as it was read. */
export class Paged<T> {
  items = $state.raw<readonly T[]>([]);
  loading = $state(true);
  problem = $state("");
  #next = $state<string | null>(null);
  #reading = new AbortController();

  constructor(private readonly fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>) {}

  get more(): boolean {
    return this.#next !== null;
  }

  get empty(): boolean {
    return !this.loading && !this.problem && this.items.length === 0;
  }

  /** Reads the first page anew; what is shown stays until it is here. */
  async reload(): Promise<void> {
    await this.#read(undefined);
  }

  async readOn(): Promise<void> {
    if (this.#next !== null && !this.loading) await this.#read(this.#next);
  }

  stop(): void {
    this.#reading.abort();
  }

  async #read(cursor: string | undefined): Promise<void> {
    this.#reading.abort();
    const reading = (this.#reading = new AbortController());
    this.loading = true;
    try {
      const { results, next } = await this.fetchPage(cursor, reading.signal);
      if (reading.signal.aborted) return;
      this.items = cursor === undefined ? results : [...this.items, ...results];
      this.#next = next;
      this.problem = "";
    } catch (reason) {
      if (isAborted(reason) || reading.signal.aborted) return;
      this.problem = sentence(reason);
    } finally {
      if (!reading.signal.aborted) this.loading = false;
    }
  }
}
