import { expect, test } from "vitest";
import type { Checkpoint } from "./calls";
import { clipsOfEach, comparisonName, toCompare } from "./comparing";

const model = (id: number, name: string, role: Checkpoint["role"], parent: string | null = null) => ({ id, name, role, parent }) as Checkpoint;
const known = [
  model(5, "fast", "student", "small"), model(4, "small", "student", "rigid"), model(3, "orphan", "student", "gone"),
  model(2, "squash", "teacher"), model(1, "rigid", "teacher"), model(6, "one", "student", "two"), model(7, "two", "student", "one"),
];
const names = (asked: number[]) => toCompare(asked, known).map(({ name }) => name);

test("students come with the nearest teacher of theirs, once", () => {
  expect(names([5, 4])).toEqual(["fast", "small", "rigid"]);
  expect(names([3])).toEqual(["orphan"]);
  expect(names([6])).toEqual(["one"]);
});

test("where a teacher was chosen, no other joins, and what is not there is left out", () => {
  expect(names([5, 2, 99])).toEqual(["fast", "squash"]);
});

test("its name, which annotators see, tells no model", () => {
  expect(comparisonName(new Date(2026, 2, 1, 12))).toBe("Held-out comparison, Mar 1, 2026");
});

test("each gets as many clips as a task holds", () => {
  expect([2, 4, 5, 9].map(clipsOfEach)).toEqual([2, 2, 1, 1]);
});
