import { expect, test } from "vitest";
import { SeamPass } from "./seam";

const EIGHT = { frames: 8, frame_rate: 8 };

/** Every frame of one pass with how long it stands, in milliseconds. */
function pass(loop: { frames: number; frame_rate: number }): [frame: number, stands: number][] {
  const look = new SeamPass(loop);
  const seen: [number, number][] = [];
  for (let position = 0; position < look.length; position += 25) {
    const frame = look.frameAt(position);
    const last = seen.at(-1);
    if (last && last[0] === frame) last[1] += 25;
    else seen.push([frame, 25]);
  }
  return seen;
}

test("the last and the first frame stand in the middle, slower than the others, and the pass ends where it began", () => {
  expect(pass(EIGHT)).toEqual([[4, 125], [5, 125], [6, 375], [7, 375], [0, 375], [1, 375], [2, 125], [3, 125], [4, 600]]);
  expect(new SeamPass(EIGHT).seamAt).toBe(0.5);
});

test("every frame of a loop is seen, also of an odd or a very short one", () => {
  for (const frames of [1, 2, 3, 5, 7, 32]) {
    const seen = pass({ frames, frame_rate: 8 }).map(([frame]) => frame);
    expect(new Set(seen).size).toBe(frames);
    expect(seen.at(-1)).toBe(Math.floor(frames / 2));
  }
});

test("a pass begins anew after its rest", () => {
  const look = new SeamPass(EIGHT);
  for (const position of [0, 300, 1300, look.length - 1]) expect(look.frameAt(position + 3 * look.length)).toBe(look.frameAt(position));
  expect([look.progress(0), look.progress(look.seam), look.progress(look.length - 1)]).toEqual([0, 0.5, 1]);
});

test("a step goes to the next frame, however long it stands, and into the next pass", () => {
  const look = new SeamPass(EIGHT);
  let position = 130;
  const seen: number[] = [];
  for (let step = 0; step < 9; step++) seen.push(look.frameAt((position = look.stepped(position, 1))));
  expect(seen).toEqual([6, 7, 0, 1, 2, 3, 4, 4, 5]);
  expect(look.frameAt(look.stepped(look.seam + 10, -1))).toBe(7);
  expect(look.stepped(0, -1)).toBe(0);
});
