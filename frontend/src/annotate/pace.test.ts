import { expect, test } from "vitest";
import { anHour, dayBegan } from "./pace";

test("a pace is annotations over attention, and unknown while there is little of either", () => {
  expect(anHour({ judged: 30, elapsed_ms: 5 * 60_000 })).toBe(360);
  expect(anHour({ judged: 2, elapsed_ms: 5 * 60_000 })).toBeNull();
  expect(anHour({ judged: 30, elapsed_ms: 59_000 })).toBeNull();
});

test("a day begins at midnight of the place", () => {
  const began = new Date(dayBegan(new Date(2026, 4, 3, 17, 30)));
  expect([began.getFullYear(), began.getMonth(), began.getDate(), began.getHours(), began.getMinutes()]).toEqual([2026, 4, 3, 0, 0]);
});
