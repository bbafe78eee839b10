import { expect, test } from "vitest";
import { figuresOf } from "./figures";

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

test("a clip's figures are short, and whole where asked for", () => {
  expect(figuresOf(MEASURED)).toEqual({
    short: "looks jumping · 31 dB",
    all: "looks jumping · 93 % sure · motion 2.5 · bucket 9 · identity 31.5 dB · seam 1.00 · flicker 0.30 · sharpness 1.02",
  });
});

test("a verb that was missed is named", () => {
  expect(figuresOf({ ...MEASURED, verb_asked: "sleeping", recognised: false }).short).toBe("looks jumping, not sleeping · 31 dB");
  expect(figuresOf({ ...MEASURED, verb_seen: "body only", verb_asked: "tears", recognised: false }).short).toBe("lacks its particles, not tears · 31 dB");
});

test("what could not be said is left out", () => {
  const nothing = Object.fromEntries(Object.keys(MEASURED).map((name) => [name, null])) as unknown as Parameters<typeof figuresOf>[0];
  expect(figuresOf({ ...nothing, motion_size: 0, bucket: 1, frozen: true })).toEqual({ short: "", all: "motion 0.0 · bucket 1 · frozen" });
});
