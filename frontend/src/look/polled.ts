import { isAborted } from "../api/errors";

/**
 * Calls `ask` now and then every `every` milliseconds while the page can be seen, one call at a time; failures reach
 * `failed`, and success clears it with null. Returns what stops it.
 */
export function polled(ask: (signal: AbortSignal) => Promise<void>, every: number, failed: (reason: unknown) => void): () => void {
  const leaving = new AbortController();
  const { signal } = leaving;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;

  async function turn(): Promise<void> {
    clearTimeout(timer);
    if (asking || signal.aborted || document.visibilityState !== "visible") return;
    asking = true;
    try {
      await ask(signal);
      failed(null);
    } catch (reason) {
      if (!isAborted(reason) && !signal.aborted) failed(reason);
    } finally {
      asking = false;
      if (!signal.aborted) timer = setTimeout(() => void turn(), every);
    }
  }

  document.addEventListener("visibilitychange", () => void turn(), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  void turn();
  return () => leaving.abort();
}
