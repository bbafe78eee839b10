import { expect, test } from "vitest";
import { figuresOf, sharesOf } from "./figures";

const MEASURED = {
  motion_size: 2.512,
  bucket: 9,
  identity_db: 31.46,
  seam_ratio: 1,
  flicker: 0.3,
  sharpness: 1.02,
  frozen: false,
  verb_seen: "jumping",
  verb_seen_probability: 0.931,
  verb_asked: "jumping",
  recognised: true,
};
const said = (change: Partial<typeof MEASURED>) => figuresOf({ ...MEASURED, ...change }).map(({ text, off }) => (off ? `${text}!` : text));

test("a clip's figures are words with a number", () => {
  expect(said({})).toEqual(["looks jumping", "moves, 2.5", "identity 31 dB", "seam 1.0×"]);
  expect(figuresOf(MEASURED)[0]?.about).toBe("A classifier: looks jumping, 93 % sure. The caption asks for jumping.");
  expect(figuresOf(MEASURED)[2]?.about).toBe("How well frames show the sticker: 31.5 dB of 60. Edges are 1.02 times as sharp. The outline flickers by 0.30; 0 is not at all.");
  expect(said({ bucket: 2, motion_size: 0.4 })[1]).toBe("moves little, 0.4");
  expect(said({ bucket: 15, motion_size: 9 })[1]).toBe("moves a lot, 9.0");
});

test("what is off is said to be", () => {
  expect(said({ verb_asked: "sleeping", recognised: false })[0]).toBe("looks jumping, not sleeping!");
  expect(said({ verb_seen: "body only", verb_asked: "tears", recognised: false })[0]).toBe("lacks its particles, not tears!");
  expect(said({ seam_ratio: 2.41 })[3]).toBe("jumps at the seam, 2.4×!");
  expect(said({ frozen: true, verb_seen: "static" })).toEqual(["does not move!", "identity 31 dB"]);
});

test("what could not be said is left out", () => {
  const nothing = Object.fromEntries(Object.keys(MEASURED).map((name) => [name, null])) as unknown as Parameters<typeof figuresOf>[0];
  expect(figuresOf(nothing)).toEqual([]);
  expect(figuresOf({ ...nothing, verb_seen: "jumping" })[0]?.about).toBe("A classifier: looks jumping. The caption names no verb that is known.");
});

test("shares are of the people who judged", () => {
  expect(sharesOf({ shown: 5, shareable: 3 })).toBe("3 of 5 people would share");
  expect(sharesOf({ shown: 1, shareable: 0 })).toBe("0 of 1 person would share");
  expect(sharesOf({ shown: 0, shareable: 0 })).toBe("not judged yet");
});
