import type { Frames } from "./clock";

/** Frames within this many of the seam, on either side of it, stand longer. */
const NEAR = 2;
const SLOWER = 3;
const REST_MS = 600;

interface Beat {
  frame: number;
  /** Milliseconds since the pass began. */
  start: number;
}

/** One look at a loop's seam: from its middle frame over the last and the first back to the middle, slower around the seam, and a rest. */
export class SeamPass {
  readonly #beats: readonly Beat[];
  /** All of it, the rest included. */
  readonly length: number;
  /** When the first frame follows the last. */
  readonly seam: number;
  readonly #moving: number;

  constructor(loop: Frames) {
    const { frames } = loop;
    const usual = 1000 / loop.frame_rate;
    const middle = Math.floor(frames / 2);
    const beats: Beat[] = [];
    let start = 0;
    let seam = 0;
    for (let place = 0; place < frames; place++) {
      const frame = (middle + place) % frames;
      if (frame === 0) seam = start;
      beats.push({ frame, start });
      start += frame < NEAR || frame >= frames - NEAR ? SLOWER * usual : usual;
    }
    this.#beats = [...beats, { frame: middle, start }];
    this.#moving = start;
    this.seam = seam;
    this.length = start + REST_MS;
  }

  frameAt(position: number): number {
    return this.#beats[this.#beatAt(position)]?.frame ?? 0;
  }

  /** How much of the way is over, 0 to 1; the seam is at `seam / moving` of it. */
  progress(position: number): number {
    return Math.min(1, this.#within(position) / this.#moving);
  }

  get seamAt(): number {
    return this.seam / this.#moving;
  }

  /** Where the clock stands `by` frames on. */
  stepped(position: number, by: -1 | 1): number {
    const at = this.#beatAt(position) + by;
    const began = position - this.#within(position);
    if (at >= this.#beats.length) return began + this.length;
    return Math.max(0, began + (at < 0 ? 0 : (this.#beats[at]?.start ?? 0)));
  }

  #within(position: number): number {
    return ((position % this.length) + this.length) % this.length;
  }

  #beatAt(position: number): number {
    const within = this.#within(position) + 1e-6;
    return this.#beats.findLastIndex(({ start }) => start <= within);
  }
}
