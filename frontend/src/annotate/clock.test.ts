// @vitest-environment node
import { expect, test } from "vitest";
import { frameAt, LoopClock, loopLength } from "./clock";

/** A display that turns when the test says so. */
class HandTurned {
  time = 0;
  #turn: ((now: number) => void) | null = null;

  now = () => this.time;
  request = (turn: (now: number) => void) => {
    this.#turn = turn;
    return 1;
  };
  cancel = () => (this.#turn = null);

  get asked(): boolean {
    return this.#turn !== null;
  }

  pass(milliseconds: number, turns = 1): void {
    for (let turn = 0; turn < turns; turn++) {
      this.time += milliseconds;
      const run = this.#turn;
      this.#turn = null;
      run?.(this.time);
    }
  }
}

const EIGHT = { frames: 8, frame_rate: 8 };

test("a loop shows each of its frames for its own time, and starts again", () => {
  expect(loopLength(EIGHT)).toBe(1000);
  expect([0, 124, 125, 999, 1000, 1125].map((at) => frameAt(EIGHT, at))).toEqual([0, 0, 1, 7, 0, 1]);
  expect(frameAt({ frames: 12, frame_rate: 24 }, 500)).toBe(0);
});

test("frame boundaries hold where milliseconds are not exact", () => {
  const loop = { frames: 9, frame_rate: 9 };
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map((frame) => frameAt(loop, (frame * 1000) / 9))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("all loops are painted at the same position, by one request a turn", () => {
  const time = new HandTurned();
  const clock = new LoopClock(time);
  const seen: number[][] = [[], []];
  clock.subscribe((position) => seen[0]?.push(position));
  clock.subscribe((position) => seen[1]?.push(position));
  time.pass(16, 4);
  expect(seen[0]).toEqual([0, 16, 32, 48]);
  expect(seen[1]).toEqual(seen[0]);
});

test("without loops to paint it asks for no turns", () => {
  const time = new HandTurned();
  const clock = new LoopClock(time);
  const stop = clock.subscribe(() => undefined);
  expect(time.asked).toBe(true);
  stop();
  expect(time.asked).toBe(false);
});

test("it pauses, goes on from there, and slows down", () => {
  const time = new HandTurned();
  const clock = new LoopClock(time);
  clock.subscribe(() => undefined);
  time.pass(0);
  time.pass(100);
  clock.pause();
  time.pass(100);
  expect(clock.position).toBe(100);
  clock.play();
  clock.shift(-1);
  clock.shift(-1);
  expect(clock.speed).toBe(0.5);
  time.pass(100);
  expect(clock.position).toBe(150);
});

test("speed stays within its steps", () => {
  const clock = new LoopClock(new HandTurned());
  for (let press = 0; press < 9; press++) clock.shift(1);
  expect(clock.speed).toBe(2);
  for (let press = 0; press < 9; press++) clock.shift(-1);
  expect(clock.speed).toBe(0.25);
});

test("a step pauses and moves by whole frames, not below the first", () => {
  const clock = new LoopClock(new HandTurned());
  clock.position = 310;
  clock.step(1, 8);
  expect([clock.position, clock.playing, frameAt(EIGHT, clock.position)]).toEqual([375, false, 3]);
  for (let press = 0; press < 5; press++) clock.step(-1, 8);
  expect(clock.position).toBe(0);
});

test("once is once: it stops by itself at the first frame", () => {
  const time = new HandTurned();
  const clock = new LoopClock(time);
  clock.pause();
  clock.subscribe(() => undefined);
  clock.playOnce(1000);
  time.pass(100, 10);
  expect([clock.playing, clock.position]).toEqual([true, 900]);
  time.pass(100);
  expect([clock.playing, clock.position]).toEqual([false, 0]);
});

test("a hidden tab does not make the loops leap", () => {
  const time = new HandTurned();
  const clock = new LoopClock(time);
  clock.subscribe(() => undefined);
  time.pass(0);
  time.pass(60_000);
  expect(clock.position).toBe(250);
});
