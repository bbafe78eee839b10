import { expect, test } from "vitest";
import { ruleInWords, size } from "./words";

test("a rule reads as a sentence", () => {
  const rule = { batches: [3], splits: ["hitl" as const], least_shares: 2, least_annotations: 3, reasons_excluded: ["edges" as const] };
  expect(ruleInWords(rule, (id) => `batch ${id}`)).toBe(
    "batch 3 · prompts to learn from · at least 3 annotations a task · shareable with 2 shares or more · without clips passed over for: edges",
  );
  expect(ruleInWords({ splits: ["hitl", "heldout"], least_shares: 1, least_annotations: 1 }, String)).toContain("all batches · all prompts · at least 1 annotation a task");
});

test("sizes are short", () => {
  expect([size(800), size(250_000), size(3_210_000_000)]).toEqual(["1 kB", "0.3 MB", "3.21 GB"]);
});
