import { expect, test } from "vitest";
import { nextName } from "./naming";

test.each([
  ["Spring", "Spring 2"],
  ["Spring 1", "Spring 2"],
  ["Spring 19", "Spring 20"],
  ["2026", "2026 2"],
])("after %s comes %s", (name, next) => {
  expect(nextName(name)).toBe(next);
});
