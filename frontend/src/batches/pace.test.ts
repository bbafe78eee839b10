import { expect, test } from "vitest";
import { paceOf } from "./pace";

const source = { checkpoint: "teacher", clips: 400, already_there: 0, seconds_a_clip: 3.14, same_settings: true };

test("a pace is told with what it was measured of", () => {
  expect(paceOf(source)).toBe("400 × 3.1 s");
  expect(paceOf({ ...source, seconds_a_clip: 42.4, already_there: 100 })).toBe("300 × 42 s");
  expect(paceOf({ ...source, same_settings: false })).toBe("400 × 3.1 s, judging by other settings");
});

test("what is not known is said", () => {
  expect(paceOf({ ...source, seconds_a_clip: null, same_settings: null })).toBe("400 clips, not measured yet");
  expect(paceOf({ ...source, already_there: 400, seconds_a_clip: null, same_settings: null })).toBe("all there");
});
