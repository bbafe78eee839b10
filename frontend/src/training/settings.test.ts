import { expect, test } from "vitest";
import { configOf, errorsOf, flat, groupsOf, labelOf, type Setting, shown } from "./settings";

const setting = (key: string, kind: Setting["kind"] = "number"): Setting => ({
  key, kind, default: null, means: "", expected: "", least: null, most: null, choices: [], usual: false,
});
const settings = [setting("data.replay"), setting("batch", "whole"), setting("keep_particles", "switch"), setting("dtype", "choice"), setting("data.seed", "whole")];

test("what was typed becomes a nested object of its own types, and the rest stays the recipe's", () => {
  expect(configOf(settings, { "data.replay": " 0.5 ", "data.seed": "3", keep_particles: "true", dtype: "float32", batch: "" })).toEqual({
    data: { replay: 0.5, seed: 3 }, keep_particles: true, dtype: "float32",
  });
  expect(configOf(settings, { batch: "many" })).toEqual({ batch: "many" });
});

test("settings stand in groups by their object, those in none first", () => {
  expect(groupsOf(settings).map(({ name, settings: members }) => [name, members.map(({ key }) => key)])).toEqual([
    ["", ["batch", "keep_particles", "dtype"]],
    ["Data", ["data.replay", "data.seed"]],
  ]);
});

test("labels, defaults and complaints are said in words", () => {
  expect([labelOf("optimiser.lr"), labelOf("data.weigh_by_share")]).toEqual(["Learning rate", "Weigh by share"]);
  expect([shown(true), shown("rest"), shown(0.5), shown(null), shown({ first: 1 })]).toEqual(["yes", "rest", "0.5", "", '{"first":1}']);
  expect(errorsOf("batch", ["batch: a whole number is expected.", "minibatch: no."])).toEqual(["A whole number is expected."]);
});

test("a run's settings are read by their keys, one that is an object as a whole", () => {
  expect(flat({ clips: 10, data: { replay: 0.5 }, curriculum: { first: 0 } }, new Set(["clips", "data.replay", "curriculum"]))).toEqual({
    clips: 10, "data.replay": 0.5, curriculum: { first: 0 },
  });
});
