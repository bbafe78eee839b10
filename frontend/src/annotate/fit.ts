/** How many stand in a row so that `count` square tiles are as large as `width` × `height` pixels, less `gap` between
 * them, allow; of equal ones the fewest rows. */
export function columnsFor({ count, width, height, gap, largest }: { count: number; width: number; height: number; gap: number; largest: number }): { columns: number; side: number } {
  let best = { columns: count, side: 0 };
  for (let columns = count; columns >= 1; columns--) {
    const rows = Math.ceil(count / columns);
    const side = Math.floor(Math.min((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows, largest));
    if (side > best.side) best = { columns, side };
  }
  return best;
}
