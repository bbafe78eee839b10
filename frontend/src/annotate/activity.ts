export type Device = "keyboard" | "mouse" | "touch";

const AWAY_AFTER_MS = 60_000;

/** When the person last did something, and with what. Away: nothing for a minute, or the tab is hidden. */
export class Activity {
  device: Device = "mouse";
  #last = performance.now();

  start(): () => void {
    const listening = new AbortController();
    const options = { signal: listening.signal, capture: true, passive: true };
    addEventListener("keydown", () => this.#noted("keyboard"), options);
    addEventListener("pointerdown", (event) => this.#noted(event.pointerType === "touch" ? "touch" : "mouse"), options);
    addEventListener("pointermove", () => (this.#last = performance.now()), options);
    return () => listening.abort();
  }

  active(now: number): boolean {
    return document.visibilityState === "visible" && now - this.#last < AWAY_AFTER_MS;
  }

  #noted(device: Device): void {
    this.device = device;
    this.#last = performance.now();
  }
}
