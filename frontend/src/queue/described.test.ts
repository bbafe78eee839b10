import { expect, test } from "vitest";
import { described } from "./described";

test("a worker at a clip", () => {
  const state = { at_hand: { caption: "a dog jumping", clips: 3, step: 2, steps: 8 }, memory_used_mb: 2048, memory_total_mb: 81920, clips_a_minute: 1 };
  expect(described({ state, held: 3 })).toEqual({
    doing: "“a dog jumping” and 2 more, step 2 of 8",
    pace: "1 clip in the last minute",
    memory: { used: 2048, total: 81920, words: "2.0 of 80.0 GB" },
  });
});

test("an older one that says less", () => {
  expect(described({ state: {}, held: 0 })).toEqual({ doing: "Waits", pace: "", memory: null });
  expect(described({ state: { checkpoint: "abc" }, held: 2 }).doing).toBe("2 clips in hand");
});
