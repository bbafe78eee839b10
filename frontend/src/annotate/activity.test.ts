import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Activity } from "./activity";

let now = 0;
let activity: Activity;
let stop: () => void;

beforeEach(() => {
  now = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  activity = new Activity();
  stop = activity.start();
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
});

function after(milliseconds: number): void {
  now += milliseconds;
  dispatchEvent(new KeyboardEvent("keydown", { key: "1" }));
}

function turn(state: "visible" | "hidden"): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

test("the time between inputs adds up, and is told once", () => {
  after(3000);
  after(2000);
  expect([activity.take(), activity.take()]).toEqual([5000, 0]);
});

test("a minute without input is time away, all of it", () => {
  after(3000);
  after(60_000);
  after(500);
  expect(activity.take()).toBe(3500);
});

test("what follows the last input is not told before the next one came", () => {
  after(3000);
  now += 20_000;
  expect(activity.take()).toBe(3000);
  after(1000);
  expect(activity.take()).toBe(21_000);
});

test("a hidden tab counts until it was hidden, and again from when it is back", () => {
  after(1000);
  now += 4000;
  turn("hidden");
  now += 30_000;
  turn("visible");
  after(2000);
  expect(activity.take()).toBe(7000);
});

test("a laptop that slept adds nothing, whether its clock stood still or went on", () => {
  after(1000);
  turn("hidden");
  now += 9 * 3_600_000;
  turn("visible");
  after(700);
  expect(activity.take()).toBe(1000);
  after(700);
  expect(activity.take()).toBe(700);
});

test("one submission tells an hour at most", () => {
  for (let minute = 0; minute < 90; minute++) after(59_000);
  expect(activity.take()).toBe(3_600_000);
});
