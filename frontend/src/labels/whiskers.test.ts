import { expect, test } from "vitest";
import { axisOf, type Whisker } from "./whiskers";

const row = (low: number, high: number): Whisker => ({ key: low, name: "", value: (low + high) / 2, low, high, said: "", span: "" });
const rounded = (axis: readonly number[]): number[] => axis.map((tick) => Number(tick.toFixed(6)));

test("an axis holds every interval, in round steps", () => {
  expect(rounded(axisOf([row(-0.043, 0.11)], [0]))).toEqual([-0.05, 0, 0.05, 0.1, 0.15]);
  expect(rounded(axisOf([row(-1.4, 0.9), row(0.2, 2.1)], [0]))).toEqual([-2, -1, 0, 1, 2, 3]);
});

test("an axis has a length even where all is zero", () => {
  expect(rounded(axisOf([row(0, 0)], [0])).length).toBeGreaterThan(1);
});

test("what is around is on the axis", () => {
  expect(rounded(axisOf([row(0.4, 0.5)], [0, 1]))).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
});
