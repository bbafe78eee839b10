import { expect, test } from "vitest";
import { curvesOf, paceOf } from "./curve";

const rows = [
  { step: 10, clips: 80, progress: 0.1, seconds: 4, clips_per_s: 20, lr: 0.001, x0: 0.5, flow: 0.2 },
  { step: 20, clips: 160, progress: 0.2, seconds: 8, clips_per_s: 21, lr: 0.001, x0: 0.4 },
];

test("each loss is a curve over the clips, and what is no loss is none", () => {
  expect(curvesOf(rows)).toEqual([
    { name: "x0", clips: [80, 160], values: [0.5, 0.4] },
    { name: "flow", clips: [80], values: [0.2] },
  ]);
  expect(curvesOf([])).toEqual([]);
});

test("the pace is the newest", () => {
  expect([paceOf(rows), paceOf([])]).toEqual([21, null]);
});
