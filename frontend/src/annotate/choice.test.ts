// @vitest-environment node
import { expect, test } from "vitest";
import { isAnswer, NOTHING, sameChoice, spoken, toggleNone, toggleSlot } from "./choice";

test("several may be picked, in any order, and let go again", () => {
  const picked = toggleSlot(toggleSlot(toggleSlot(NOTHING, 4), 2), 4);
  expect(picked).toEqual({ shareable: [2], none: false });
  expect(toggleSlot(toggleSlot(NOTHING, 4), 2).shareable).toEqual([2, 4]);
});

test("none of these lets every pick go, and a pick lets it go", () => {
  const none = toggleNone(toggleSlot(NOTHING, 1));
  expect(none).toEqual({ shareable: [], none: true });
  expect(toggleSlot(none, 3)).toEqual({ shareable: [3], none: false });
});

test("no sequence of presses gives both", () => {
  let choice = NOTHING;
  for (let press = 0; press < 500; press++) {
    const key = (press * 7919) % 10;
    choice = key === 0 ? toggleNone(choice) : toggleSlot(choice, key);
    expect(choice.none && choice.shareable.length > 0).toBe(false);
    expect(isAnswer(choice)).toBe(choice.none || choice.shareable.length > 0);
  }
});

test("nothing picked is not an answer; none of these is", () => {
  expect(isAnswer(NOTHING)).toBe(false);
  expect(isAnswer(toggleNone(NOTHING))).toBe(true);
  expect(isAnswer(toggleNone(toggleNone(NOTHING)))).toBe(false);
});

test("choices are the same whatever the order they came about in", () => {
  expect(sameChoice(toggleSlot(toggleSlot(NOTHING, 1), 5), toggleSlot(toggleSlot(NOTHING, 5), 1))).toBe(true);
  expect(sameChoice(NOTHING, toggleNone(NOTHING))).toBe(false);
});

test("is said in words", () => {
  expect(spoken(NOTHING)).toBe("Nothing is picked");
  expect(spoken(toggleSlot(NOTHING, 2))).toBe("Video 2 is picked");
  expect(spoken({ shareable: [1, 3, 4], none: false })).toBe("Videos 1, 3 and 4 are picked");
  expect(spoken(toggleNone(NOTHING))).toBe("None of these is picked");
});
