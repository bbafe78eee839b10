import { expect, test } from "vitest";
import { changedIn, editableOf, rebased } from "./changes";

const seen = { name: "Spring", overlap: 1, priority: 0, instructions: "", reasons: [] };

test("only what was changed is sent", () => {
  expect(changedIn({ ...seen, priority: 5 }, seen)).toEqual({ priority: 5 });
  expect(changedIn({ ...editableOf(seen), reasons: ["edges"] }, seen)).toEqual({ reasons: ["edges"] });
  expect(changedIn(editableOf(seen), seen)).toEqual({});
});

test("what the person did not touch follows the other one's change", () => {
  const now = { ...seen, priority: 3, overlap: 2 };
  expect(rebased({ ...seen, priority: 5 }, seen, now)).toEqual({ ...now, priority: 5 });
});
