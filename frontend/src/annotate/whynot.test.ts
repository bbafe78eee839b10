// @vitest-environment node
import { expect, test } from "vitest";
import { asReceived, asSent, exceptFor, inWords, sameReasons, toggleReason } from "./whynot";

test("several may be marked of one video, and taken back; a video without any is not in it", () => {
  const two = toggleReason(toggleReason({}, 3, "edges"), 3, "wrong_motion");
  expect(two).toEqual({ 3: ["edges", "wrong_motion"] });
  expect(toggleReason(toggleReason(two, 3, "edges"), 3, "wrong_motion")).toEqual({});
});

test("those of a picked video go", () => {
  expect(exceptFor({ 1: ["edges"], 2: ["artefacts"] }, [2, 4])).toEqual({ 1: ["edges"] });
});

test("they are the same whatever the order they came about in", () => {
  expect(sameReasons({ 1: ["edges", "artefacts"] }, { 1: ["artefacts", "edges"] })).toBe(true);
  expect(sameReasons({ 1: ["edges"] }, { 2: ["edges"] })).toBe(false);
});

test("they come back from the server as they were sent", () => {
  const reasons = { 2: ["seam_pops"], 5: ["hardly_moves", "edges"] } as const;
  expect(asReceived(asSent(reasons))).toEqual(reasons);
});

test("are said in words, in the order they are offered", () => {
  expect(inWords(["edges", "identity_drifts"])).toBe("identity drifts, edges");
});
