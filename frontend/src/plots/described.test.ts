import { expect, test } from "vitest";
import { described, momentOf, pointsOf, rateOf, stepsFrom, stretchOf } from "./described";

const local = (hour: number, day = 1) => new Date(2026, 2, day, hour).toISOString();

test("counts become rates a minute", () => {
  const points = pointsOf({ starts_at: "2026-03-01T12:00:00Z", seconds: 300, counts: [10, 0, 5] });
  expect(points.map(({ rate }) => rate)).toEqual([2, 0, 1]);
  expect(points[2]?.at).toBe(Date.parse("2026-03-01T12:10:00Z") / 1000);
});

test("a plot says in a sentence what it shows", () => {
  const points = pointsOf({ starts_at: local(12), seconds: 60, counts: [4, 0, 9] });
  expect(described("Clips a minute", points)).toBe("Clips a minute from 12:00 to 12:02: 4.3 on average, 9 at most");
  expect(described("Clips a minute", [])).toBe("Clips a minute: nothing yet");
});

test("what takes days says which", () => {
  const points = pointsOf({ starts_at: local(12), seconds: 86_400, counts: [1, 1, 1] });
  expect(momentOf(points[1]?.at ?? 0, points)).toMatch(/Mar 2, 12:00/);
});

test("stretches and rates are said briefly", () => {
  expect([60, 1800, 21_600, 86_400, 604_800].map(stretchOf)).toEqual(["1 min", "30 min", "6 h", "day", "7 days"]);
  expect([0.00331, 12.345, 1500].map(rateOf)).toEqual(["0.003", "12", "1,500"]);
});

test("the marks of an axis are a stretch apart, or more", () => {
  expect(stepsFrom(43_200)).toEqual([43_200, 86_400, 172_800, 604_800, 1_209_600, 2_419_200, 7_862_400, 31_449_600]);
  expect(stepsFrom(60)[0]).toBe(60);
});
