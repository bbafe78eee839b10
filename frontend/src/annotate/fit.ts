/** Of the largest side that any arrangement allows; a row is easier to compare along than a block of larger tiles. */
const LARGE_ENOUGH = 0.9;

interface Space { count: number; width: number; height: number; gap: number; largest: number }

/** How many of `count` square tiles stand in a row of `width` × `height` pixels, and how large: in as few rows as keep them
 * large, and among those with the fewest places left empty. */
export function columnsFor({ count, width, height, gap, largest }: Space): { columns: number; side: number } {
  const possible = Array.from({ length: count }, (_, index) => {
    const columns = index + 1;
    const rows = Math.ceil(count / columns);
    const side = Math.floor(Math.min((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows, largest));
    return { columns, side, rows };
  });
  const enough = LARGE_ENOUGH * Math.max(...possible.map(({ side }) => side));
  const large = possible.filter(({ side }) => side >= enough);
  const [best] = large.sort((one, other) => one.rows - other.rows || one.columns - other.columns);
  return best ?? { columns: count, side: 0 };
}
