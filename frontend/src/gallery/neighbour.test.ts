import { expect, test } from "vitest";
import { neighbour } from "./neighbour";

test("the next is the one beside it in the order shown", () => {
  expect(neighbour([7, 3, 9], 3, 1)).toBe(9);
  expect(neighbour([7, 3, 9], 3, -1)).toBe(7);
  expect(neighbour([7, 3, 9], 9, 1)).toBeNull();
  expect(neighbour([7, 3, 9], 7, -1)).toBeNull();
});

test("from one that is not shown it goes on where that would stand", () => {
  expect(neighbour([2, 4, 8], 5, 1)).toBe(8);
  expect(neighbour([2, 4, 8], 5, -1)).toBe(4);
  expect(neighbour([], 5, 1)).toBeNull();
});
