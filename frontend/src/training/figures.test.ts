import { expect, test } from "vitest";
import { figuresOf } from "./figures";

test("what was measured is said in words, and what was not is left out", () => {
  expect(figuresOf({ held_out: { identity_db: 30.12, verb_recognised: 0.9474, other: 1 } }).map(({ name, value }) => [name, value])).toEqual([
    ["Verb recognised", "94.7%"],
    ["Identity", "30.1 dB"],
  ]);
  expect(figuresOf({ model_report: { pairs: 133 } })).toEqual([]);
});
