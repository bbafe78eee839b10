export const SOONEST_MS = 2000;
export const LATEST_MS = 30_000;
const GROWS_BY = 1.5;

/**
 * Asks whether there is work until there is: soon at first, ever more seldom while nothing comes. Where the person is
 * looking elsewhere, it calls instead of waking, so that nothing is leased to an empty chair.
 */
export class Vigil {
  /** There is work, and nobody looks at the page. */
  calling = $state(false);
  #wait = SOONEST_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `look` tells whether there is work, and keeps its failures to itself. */
  constructor(
    private readonly look: () => Promise<boolean>,
    private readonly wake: () => void,
    private readonly leaving: AbortSignal,
  ) {
    leaving.addEventListener("abort", () => this.end());
  }

  begin(): void {
    if (this.#timer !== undefined || this.leaving.aborted) return;
    this.#timer = setTimeout(() => void this.#turn(), this.#wait);
    this.#wait = Math.min(LATEST_MS, this.#wait * GROWS_BY);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wait = SOONEST_MS;
    this.calling = false;
  }

  async #turn(): Promise<void> {
    const turn = this.#timer;
    const work = await this.look();
    if (this.#timer !== turn) return;
    this.#timer = undefined;
    if (!work) this.begin();
    else if (document.visibilityState === "visible") this.wake();
    else this.calling = true;
  }
}
