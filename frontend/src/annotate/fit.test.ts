import { expect, test } from "vitest";
import { columnsFor } from "./fit";

const wide = { width: 950, height: 500, gap: 12, largest: 320 };

test("a row where it fills the height, more rows where they make tiles larger", () => {
  expect(columnsFor({ ...wide, count: 2 })).toEqual({ columns: 2, side: 320 });
  expect(columnsFor({ ...wide, count: 5 })).toEqual({ columns: 3, side: 244 });
  expect(columnsFor({ ...wide, count: 9 })).toEqual({ columns: 5, side: 180 });
  expect(columnsFor({ ...wide, height: 200, count: 4 })).toEqual({ columns: 4, side: 200 });
});

test("no tile is larger than a frame is drawn", () => {
  expect(columnsFor({ ...wide, width: 4000, height: 4000, count: 3 })).toEqual({ columns: 3, side: 320 });
});

test("every tile stands within the space", () => {
  for (let count = 1; count <= 9; count++) {
    const { columns, side } = columnsFor({ ...wide, count });
    const rows = Math.ceil(count / columns);
    expect(columns * side + 12 * (columns - 1)).toBeLessThanOrEqual(950);
    expect(rows * side + 12 * (rows - 1)).toBeLessThanOrEqual(500);
  }
});
