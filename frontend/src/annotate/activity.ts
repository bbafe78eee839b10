export type Device = "keyboard" | "mouse" | "touch";

const AWAY_AFTER_MS = 60_000;
/** The most that one submission may tell. */
const MOST_TOLD_MS = 60 * 60_000;

/** When the person last did something, and with what. Away: nothing for a minute, or the tab is hidden. */
export class Activity {
  device: Device = "mouse";
  #last = performance.now();
  /** Up to when time was counted: between inputs less than a minute apart, while the tab is in sight. */
  #counted = this.#last;
  #active = 0;

  start(): () => void {
    const listening = new AbortController();
    const options = { signal: listening.signal, capture: true, passive: true };
    addEventListener("keydown", () => this.#noted("keyboard"), options);
    addEventListener("pointerdown", (event) => this.#noted(event.pointerType === "touch" ? "touch" : "mouse"), options);
    addEventListener("pointermove", () => this.#moved(), options);
    document.addEventListener("visibilitychange", () => this.#turned(), { signal: listening.signal });
    return () => listening.abort();
  }

  active(now: number): boolean {
    return document.visibilityState === "visible" && now - this.#last < AWAY_AFTER_MS;
  }

  /** Milliseconds at work since this was last asked; the time after the last input counts once another one came. */
  take(): number {
    const told = Math.min(Math.round(this.#active), MOST_TOLD_MS);
    this.#active = 0;
    return told;
  }

  #noted(device: Device): void {
    this.device = device;
    this.#moved();
  }

  #moved(): void {
    const now = performance.now();
    this.#count(now);
    this.#last = now;
  }

  /** What was seen before the tab was hidden counts; how long it stays hidden does not. */
  #turned(): void {
    const now = performance.now();
    if (document.visibilityState === "visible") this.#counted = now;
    else this.#count(now);
  }

  #count(now: number): void {
    if (now - this.#last < AWAY_AFTER_MS) this.#active += now - this.#counted;
    this.#counted = now;
  }
}
