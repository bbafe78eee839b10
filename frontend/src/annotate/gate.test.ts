// @vitest-environment node
import { expect, test } from "vitest";
import { Gate } from "./gate";

const lengths = (...values: number[]) => new Map(values.map((length, index) => [index + 1, length]));

test("opens once every loop was shown whole", () => {
  const gate = new Gate(lengths(1000, 800));
  gate.painted(1, 0);
  gate.painted(2, 0);
  gate.watch(1, 999, 999);
  gate.watch(2, 999, 999);
  expect(gate.look(999)).toBe(false);
  gate.watch(1, 1, 1);
  expect(gate.look(1000)).toBe(true);
  expect(gate.open).toBe(true);
});

test("says only once that it opened", () => {
  const gate = new Gate(lengths(100));
  gate.painted(1, 0);
  gate.watch(1, 100, 100);
  expect([gate.look(100), gate.look(200)]).toEqual([true, false]);
});

test("waits three seconds at most, counted from the first paint", () => {
  const gate = new Gate(lengths(8000));
  gate.painted(1, 500);
  gate.painted(1, 2000);
  expect(gate.look(3499)).toBe(false);
  expect(gate.look(3500)).toBe(true);
});

test("a paused loop is not shown whole by standing still", () => {
  const gate = new Gate(lengths(1000));
  gate.painted(1, 0);
  gate.watch(1, 1500, 0);
  expect(gate.look(1500)).toBe(false);
  expect(gate.look(3000)).toBe(true);
});

test("waits for a loop that is not painted yet, and not for a broken one", () => {
  const gate = new Gate(lengths(100, 100));
  gate.painted(1, 0);
  gate.watch(1, 100, 100);
  expect(gate.look(60_000)).toBe(false);
  gate.broken(2);
  expect(gate.look(60_001)).toBe(true);
});

test("is open on an edit", () => {
  expect(new Gate(lengths(1000), { open: true }).open).toBe(true);
});

test("tells how far the slowest is", () => {
  const gate = new Gate(lengths(1000, 2000));
  gate.painted(1, 0);
  gate.painted(2, 0);
  for (const slot of [1, 2]) gate.watch(slot, 500, 500);
  expect(gate.progress(500)).toBeCloseTo(0.25);
});

test("keeps the time in sight of each slot, in slot order, from its first paint", () => {
  const gate = new Gate(new Map([[2, 1000], [1, 1000]]));
  gate.watch(1, 400, 400);
  gate.painted(1, 0);
  gate.painted(2, 0);
  gate.watch(1, 100.4, 50);
  gate.watch(2, 30, 30);
  expect(gate.watchedMs()).toEqual([100, 30]);
});
