import { expect, test } from "vitest";
import { columnsFor } from "./fit";

const space = { width: 950, height: 500, gap: 12, largest: 320 };

test("a row where it fills the height or nearly does, more rows where they make tiles much larger", () => {
  expect(columnsFor({ ...space, count: 2 })).toMatchObject({ columns: 2, side: 320 });
  expect(columnsFor({ ...space, count: 4 })).toMatchObject({ columns: 4, side: 228 });
  expect(columnsFor({ ...space, count: 5 })).toMatchObject({ columns: 3, side: 244 });
  expect(columnsFor({ ...space, count: 9 })).toMatchObject({ columns: 5, side: 180 });
  expect(columnsFor({ ...space, height: 200, count: 5 })).toMatchObject({ columns: 5, side: 180 });
});

test("no tile is larger than a frame is drawn", () => {
  expect(columnsFor({ ...space, width: 4000, height: 4000, count: 3 })).toMatchObject({ columns: 3, side: 320 });
});

test("every tile stands within the space", () => {
  for (let count = 1; count <= 9; count++) {
    const { columns, side } = columnsFor({ ...space, count });
    const rows = Math.ceil(count / columns);
    expect(columns * side + 12 * (columns - 1)).toBeLessThanOrEqual(950);
    expect(rows * side + 12 * (rows - 1)).toBeLessThanOrEqual(500);
  }
});
