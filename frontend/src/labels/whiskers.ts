/** One row of a plot: a point with its interval. */
export interface Whisker {
  key: string | number;
  name: string;
  /** What stands beside the name, such as a role. */
  tag?: string;
  value: number;
  low: number | null;
  high: number | null;
  /** The value and the interval in words. */
  said: string;
  span: string;
  more?: string;
}

/** Ends and steps of an axis that holds all rows and `around`: steps of 1, 2 or 5 by a power of ten, six at most. */
export function axisOf(rows: readonly Whisker[], around: readonly number[]): number[] {
  const all = [...around, ...rows.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value])];
  const least = Math.min(...all);
  const most = Math.max(...all);
  const rough = (most - least || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(Math.ceil(most / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}
