/** The task beside `from` in the order shown; where `from` is not shown, the one at its place by number. Null: none. */
export function neighbour(tasks: readonly number[], from: number, by: -1 | 1): number | null {
  const at = tasks.indexOf(from);
  if (at >= 0) return tasks[at + by] ?? null;
  return (by > 0 ? tasks.find((task) => task > from) : tasks.findLast((task) => task < from)) ?? null;
}
