import { type Frames, LoopClock, loopLength } from "../annotate/clock";
import { SeamPass } from "../annotate/seam";

const USUAL: Frames = { frames: 8, frame_rate: 8 };

/** The clock of all loops on a page, and how it stands. Where motion is unwelcome, a press plays every loop once. */
export class Player {
  readonly clock = new LoopClock();
  playing = $state(true);
  speed = $state(1);
  seam = $state(false);
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  readonly #loops: () => readonly Frames[];

  constructor(loops: () => readonly Frames[]) {
    this.#loops = loops;
    if (this.#still) this.#stop();
  }

  toggle = (): void => {
    if (this.clock.playing) this.#stop();
    else this.#play();
  };

  /** By whole frames of the first loop; of all that are shown, most have its rate. */
  step = (by: -1 | 1): void => {
    const loop = this.#loops()[0] ?? USUAL;
    if (this.seam) this.clock.stand(new SeamPass(loop).stepped(this.clock.position, by));
    else this.clock.step(by, loop.frame_rate);
    this.playing = false;
  };

  shift = (by: -1 | 1): void => {
    this.clock.shift(by);
    this.speed = this.clock.speed;
  };

  lookAtSeam = (): void => {
    this.seam = !this.seam;
    this.clock.restart();
    this.#play();
  };

  #play(): void {
    if (this.#still) return this.clock.playOnce(Math.max(loopLength(USUAL), ...this.#loops().map((loop) => (this.seam ? new SeamPass(loop).length : loopLength(loop)))));
    this.clock.play();
    this.playing = true;
  }

  #stop(): void {
    this.clock.pause();
    this.playing = false;
  }
}
