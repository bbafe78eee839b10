export type Painter = (position: number, now: number) => void;

export interface Frames {
  frames: number;
  frame_rate: number;
}

export interface Time {
  now(): number;
  request(turn: (now: number) => void): number;
  cancel(handle: number): void;
}

const browserTime: Time = {
  now: () => performance.now(),
  request: (turn) => requestAnimationFrame(turn),
  cancel: (handle) => cancelAnimationFrame(handle),
};

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2] as const;
const LONGEST_TURN_MS = 250;

/** A loop's own length in milliseconds. */
export function loopLength(loop: Frames): number {
  return (loop.frames * 1000) / loop.frame_rate;
}

/** The frame a loop shows at `position` milliseconds after all loops started; loops of other lengths keep their own. */
export function frameAt(loop: Frames, position: number): number {
  const frame = Math.floor((position * loop.frame_rate) / 1000 + 1e-6);
  return ((frame % loop.frames) + loop.frames) % loop.frames;
}

/** The one clock that all loops on a page are drawn by: they start in phase, and stop, step and slow down together. */
export class LoopClock {
  position = 0;
  speed = 1;
  #playing = true;
  #stopAt: number | null = null;
  #last: number | null = null;
  #handle: number | null = null;
  readonly #painters = new Set<Painter>();
  readonly #time: Time;

  constructor(time: Time = browserTime) {
    this.#time = time;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** Calls `paint` on every display frame until the returned function is called. */
  subscribe(paint: Painter): () => void {
    this.#painters.add(paint);
    this.#wake();
    return () => {
      this.#painters.delete(paint);
      if (this.#painters.size === 0) this.#sleep();
    };
  }

  restart(): void {
    this.position = 0;
    this.#stopAt = null;
    this.#last = null;
  }

  play(): void {
    this.#playing = true;
    this.#stopAt = null;
  }

  pause(): void {
    this.#playing = false;
    this.#stopAt = null;
  }

  /** From the first frame for `length` ms, and then still: what one key does where motion is unwelcome. */
  playOnce(length: number): void {
    this.restart();
    this.#playing = true;
    this.#stopAt = length;
  }

  /** Pauses, and moves by whole frames of a loop at `frameRate`. */
  step(by: number, frameRate: number): void {
    const frame = Math.floor((this.position * frameRate) / 1000 + 1e-6) + by;
    this.stand(Math.max(0, (frame * 1000) / frameRate));
  }

  /** Pauses at `position`. */
  stand(position: number): void {
    this.pause();
    this.position = position;
  }

  /** The next slower (-1) or faster (1) of SPEEDS. */
  shift(by: -1 | 1): void {
    const at = SPEEDS.findIndex((speed) => speed >= this.speed);
    this.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))] ?? 1;
  }

  #turn = (now: number): void => {
    // A hidden tab gets no turns: what it missed is not played in one leap.
    const passed = this.#last === null ? 0 : Math.min(now - this.#last, LONGEST_TURN_MS);
    this.#last = now;
    if (this.#playing) this.position += passed * this.speed;
    if (this.#stopAt !== null && this.position >= this.#stopAt) {
      this.position = 0;
      this.pause();
    }
    for (const paint of [...this.#painters]) paint(this.position, now);
    this.#handle = this.#painters.size ? this.#time.request(this.#turn) : null;
  };

  #wake(): void {
    this.#handle ??= this.#time.request(this.#turn);
  }

  #sleep(): void {
    if (this.#handle !== null) this.#time.cancel(this.#handle);
    this.#handle = null;
    this.#last = null;
  }
}
