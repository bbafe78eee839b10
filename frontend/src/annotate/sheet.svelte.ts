import type { Frames } from "./clock";
import type { Slot } from "./types";

export const PATIENCE_MS = 5000;
export type SheetState = "loading" | "ready" | "broken" | "unreachable";

class NotDecodable extends Error {}

/** The frames of one loop, decoded from its WebP grid. */
export class Sheet implements Frames {
  state = $state<SheetState>("loading");
  bitmap = $state.raw<ImageBitmap | null>(null);
  readonly frames: number;
  readonly frame_rate: number;
  readonly cell: number;
  readonly #columns: number;
  readonly #address: string;
  readonly #closing = new AbortController();
  /** Settled once the first loading ended, well or badly. */
  readonly loaded: Promise<void>;

  constructor(slot: Omit<Slot, "slot" | "animation">) {
    this.frames = slot.frames;
    this.frame_rate = slot.frame_rate;
    this.cell = slot.cell;
    this.#columns = slot.columns;
    this.#address = slot.sheet;
    this.loaded = this.load();
  }

  /** Twice at most, five seconds each. Broken: the bytes are wrong or too slow. Unreachable: no way to the server. */
  async load(): Promise<void> {
    const { signal } = this.#closing;
    this.state = "loading";
    for (const cache of ["default", "reload"] as const) {
      try {
        const bitmap = await decoded(this.#address, cache, signal);
        if (signal.aborted) return bitmap.close();
        this.#check(bitmap);
        this.bitmap = bitmap;
        this.state = "ready";
        return;
      } catch (reason) {
        if (signal.aborted) return;
        this.state = cache === "default" ? "loading" : reason instanceof TypeError ? "unreachable" : "broken";
      }
    }
  }

  paint(context: CanvasRenderingContext2D, frame: number): void {
    if (!this.bitmap) return;
    const { cell } = this;
    const left = (frame % this.#columns) * cell;
    const top = Math.floor(frame / this.#columns) * cell;
    context.clearRect(0, 0, cell, cell);
    context.drawImage(this.bitmap, left, top, cell, cell, 0, 0, cell, cell);
  }

  close(): void {
    this.#closing.abort();
    this.bitmap?.close();
    this.bitmap = null;
  }

  #check(bitmap: ImageBitmap): void {
    const rows = Math.ceil(this.frames / this.#columns);
    if (bitmap.width >= this.#columns * this.cell && bitmap.height >= rows * this.cell) return;
    bitmap.close();
    throw new NotDecodable(`${this.#address} is ${bitmap.width}×${bitmap.height}: too small for ${this.frames} frames`);
  }
}

async function decoded(address: string, cache: RequestCache, signal: AbortSignal): Promise<ImageBitmap> {
  const response = await fetch(address, { cache, signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
  if (!response.ok) throw new NotDecodable(`${address}: ${response.status}`);
  return createImageBitmap(await response.blob());
}

/** Bytes of memory that a slot's sheet takes once decoded. */
export function decodedBytes(slot: Slot): number {
  return slot.columns * Math.ceil(slot.frames / slot.columns) * slot.cell * slot.cell * 4;
}
