import { expect, test } from "vitest";
import type { Checkpoint } from "../batches/calls";
import type { Promotion, Selection, SourceFigures } from "./calls";
import { promotedFirst, typedOf } from "./promoted";
import { beatenBy, dotsOf, logTicks, points, seconds, settingsInWords, stairs } from "./words";

const share = (rate: number) => ({ prompts: 9, shown: 9, shareable: 9, rate, low: rate - 0.1, high: rate + 0.1 });
const latency = (median: number) => ({ device: "cpu", clips: 9, median, low: median, high: median, micro_batch: 4, passes: 8 });
const source = (id: number, rate: number, median: number | null, beaten: number[] | null): SourceFigures => ({
  source: id, checkpoint: id, name: `model-${id}`, role: "student", parameters: 1, settings: {}, changed: {}, share: share(rate),
  latency: median === null ? null : latency(median), comparable: beaten !== null, beaten_by: beaten, to_best_teacher: null, conditions: [], by_rule: false,
});
const sources = [source(1, 0.9, 4, []), source(2, 0.7, 0.5, []), source(3, 0.5, 2, [2]), source(4, 0.4, 0.1, null), source(5, 0.3, null, null)];
const selection: Selection = {
  batch: 1, name: "Blind", prompts: { hitl: 0, heldout: 9 }, split: "heldout", machine: "cpu", best_teacher: null, sources,
  rule: { margin: 0.05, least_prompts: 100 }, same_speed: 1.05, interval: "", timed: "", behind: 0,
};

test("what was judged and timed stands on the plot, the fastest first, under its letter", () => {
  const dots = dotsOf(selection);
  expect(dots.map(({ letter, onFrontier }) => [letter, onFrontier])).toEqual([["D", null], ["B", true], ["C", false], ["A", true]]);
  expect(dots[1]?.said).toBe("B model-2: 70% at 0.5 s a clip, on the frontier");
  expect(dots[0]?.said).toContain("timed on cpu");
});

test("the stairs lead from the fastest to the best, and leave out what was timed elsewhere", () => {
  expect(stairs(dotsOf(selection))).toEqual([{ x: 0.5, y: 0.7 }, { x: 4, y: 0.9 }]);
});

test("whoever is beaten is told by whom", () => {
  expect(sources.slice(0, 3).map((each) => beatenBy(each, sources))).toEqual(["", "", "B"]);
});

test("marks of the axis are 1, 2 and 5", () => {
  expect(logTicks(0.08, 6)).toEqual([0.1, 0.2, 0.5, 1, 2, 5]);
  expect(logTicks(120, 450)).toEqual([200]);
});

test("figures are said briefly", () => {
  expect([0.034, -0.05, 0].map(points)).toEqual(["+3.4", "−5", "0"]);
  expect([0.4233, 3.96, 12.4, 1234].map(seconds)).toEqual(["0.423 s", "3.96 s", "12.4 s", "1,234 s"]);
  expect(settingsInWords({ solver: "ddim", steps: 4 })).toBe("steps 4, solver ddim");
});

test("the promoted checkpoint comes first, in the list or not", () => {
  const known = [1, 2, 3].map((id) => ({ id }) as Checkpoint);
  const promotion = (id: number) => ({ checkpoint: { id }, changed: { steps: 4, compile: true, bucket: null } }) as unknown as Promotion;
  expect(promotedFirst(known, promotion(2)).map(({ id }) => id)).toEqual([2, 1, 3]);
  expect(promotedFirst(known, promotion(9)).map(({ id }) => id)).toEqual([9, 1, 2, 3]);
  expect(promotedFirst(known, null)).toBe(known);
  expect(typedOf(promotion(2))).toEqual({ steps: "4", compile: "true" });
});
