import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LATEST_MS, SOONEST_MS, Vigil } from "./vigil.svelte";

let work = false;
let looks: number[] = [];
let woken = 0;
let leaving: AbortController;
let vigil: Vigil;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [work, looks, woken] = [false, [], 0];
  leaving = new AbortController();
  vigil = new Vigil(async () => (looks.push(Date.now()), work), () => woken++, leaving.signal);
});

afterEach(() => {
  leaving.abort();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("it asks soon at first, and ever more seldom while nothing comes", async () => {
  vigil.begin();
  await vi.advanceTimersByTimeAsync(5 * 60_000);
  const waits = looks.map((at, index) => at - (looks[index - 1] ?? 0));
  expect(waits[0]).toBe(SOONEST_MS);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits.at(-1)).toBe(LATEST_MS);
  expect(looks.length).toBeLessThan(20);
});

test("it wakes once there is work, and asks no more", async () => {
  vigil.begin();
  work = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([looks.length, woken, vigil.calling]).toEqual([1, 1, false]);
});

test("begun twice it asks once", async () => {
  vigil.begin();
  vigil.begin();
  await vi.advanceTimersByTimeAsync(SOONEST_MS);
  expect(looks).toEqual([SOONEST_MS]);
});

test("where nobody looks it calls, and leaves the waking to whoever comes back", async () => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  vigil.begin();
  work = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([woken, vigil.calling]).toEqual([0, true]);
  vigil.end();
  expect(vigil.calling).toBe(false);
});

test("after an end it is impatient again, and after leaving it asks nothing", async () => {
  vigil.begin();
  await vi.advanceTimersByTimeAsync(60_000);
  vigil.end();
  looks = [];
  const from = Date.now();
  vigil.begin();
  await vi.advanceTimersByTimeAsync(SOONEST_MS);
  expect(looks).toEqual([from + SOONEST_MS]);
  leaving.abort();
  vigil.begin();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toHaveLength(1);
});
