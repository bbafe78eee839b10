import { isAborted, sentence } from "../api/errors";
import { polled } from "../look/polled";
import { askPreview, cancelPreview, type NewPreview, type Preview, type PreviewClip, previewSince } from "./calls";

const EVERY_MS = 700;

const missing = (clips: readonly PreviewClip[]) => clips.some(({ state }) => state === "queued" || state === "running");

/** A preview that this page waits for. Asking anew lets the one before go. */
export class Waiting {
  preview = $state.raw<Preview | null>(null);
  asking = $state(false);
  problem = $state("");
  /** From asking to the last clip, or until now. */
  seconds = $state(0);
  #asked: NewPreview | null = null;
  #etag = "";
  #since = 0;
  #leaving = new AbortController();
  #stopPolling: () => void = () => undefined;
  #clock: ReturnType<typeof setInterval> | undefined;

  get busy(): boolean {
    return this.asking || (this.preview !== null && !this.preview.ended && missing(this.preview.clips));
  }

  async ask(body: NewPreview): Promise<void> {
    this.leave();
    this.preview = null;
    this.#since = performance.now();
    this.#tick();
    this.#clock = setInterval(() => this.#tick(), 1000);
    await this.#send(body);
  }

  /** Stops looking, and lets go of what has not come. */
  leave(): void {
    const left = this.busy ? this.preview : null;
    this.#rest();
    this.#leaving.abort();
    if (left) void cancelPreview(left.id).catch(() => undefined); // nobody looks at it: a minute later it ends by itself
  }

  cancel(): void {
    this.leave();
    this.asking = false;
    this.preview = null;
  }

  async #send(body: NewPreview): Promise<void> {
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    this.#asked = body;
    this.asking = true;
    this.problem = "";
    try {
      const found = await askPreview(body, signal);
      this.#etag = "";
      this.#show(found);
      if (this.busy) this.#stopPolling = polled((stop) => this.#look(found.id, stop), EVERY_MS, (reason) => (this.problem = reason ? sentence(reason) : ""));
    } catch (reason) {
      if (isAborted(reason)) return;
      this.problem = sentence(reason);
      this.#rest();
    } finally {
      if (!signal.aborted) this.asking = false;
    }
  }

  async #look(id: string, signal: AbortSignal): Promise<void> {
    const found = await previewSince(id, this.#etag, signal);
    if (!found) return;
    this.#etag = found.etag;
    // Given up while the page was out of sight: what was made meanwhile is found again.
    if (found.data.ended && this.#asked && this.preview && missing(this.preview.clips)) {
      this.#stopPolling();
      void this.#send(this.#asked);
    } else {
      this.#show(found.data);
    }
  }

  #show(preview: Preview): void {
    this.preview = preview;
    if (!missing(preview.clips)) this.#rest();
  }

  #rest(): void {
    if (this.#clock) this.#tick();
    clearInterval(this.#clock);
    this.#clock = undefined;
    this.#stopPolling();
  }

  #tick(): void {
    this.seconds = (performance.now() - this.#since) / 1000;
  }
}
