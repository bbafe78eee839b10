import { SAMPLER_FIELDS } from "../batches/sampler";
import { percent } from "../look/words";
import type { Selection, SourceFigures } from "./calls";

const POINTS = new Intl.NumberFormat("en", { maximumFractionDigits: 1, signDisplay: "exceptZero" });

/** A difference of share rates in percentage points, such as "+2.1" and "−3". */
export const points = (difference: number): string => POINTS.format(100 * difference).replace("-", "−");

/** "0.423 s", "12.4 s": three digits that count. */
export const seconds = (value: number): string => `${value >= 100 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3))} s`;

/** What a source is called on the plot and in tables: A for the one shared most. */
export const letterOf = (place: number): string => String.fromCharCode(65 + place);

/** The settings that are not the checkpoint's own: "steps 4, solver ddim"; empty for none. */
export function settingsInWords(changed: Record<string, unknown>): string {
  const named = SAMPLER_FIELDS.filter(({ name }) => name in changed);
  return named.map(({ name, label }) => `${label.toLowerCase()} ${String(changed[name] ?? "none")}`).join(", ");
}

/** A source that can stand on the plot. */
export interface Dot {
  letter: string;
  name: string;
  teacher: boolean;
  x: number;
  xLow: number;
  xHigh: number;
  y: number;
  yLow: number;
  yHigh: number;
  /** Null where it cannot be said: it was timed elsewhere. */
  onFrontier: boolean | null;
  said: string;
}

/** The judged and timed sources, the fastest first. */
export function dotsOf(selection: Selection): Dot[] {
  const dots = selection.sources.flatMap((source, place) => {
    const { share, latency, beaten_by: beaten } = source;
    if (!share || !latency) return [];
    const said = `${letterOf(place)} ${source.name}: ${percent(share.rate)} at ${seconds(latency.median)} a clip`;
    return [{
      letter: letterOf(place), name: source.name, teacher: source.role === "teacher", x: latency.median, xLow: latency.low, xHigh: latency.high,
      y: share.rate, yLow: share.low, yHigh: share.high, onFrontier: beaten ? beaten.length === 0 : null,
      said: `${said}, ${beaten ? (beaten.length ? "beaten" : "on the frontier") : `timed on ${latency.device}`}`,
    }];
  });
  return dots.sort((one, other) => one.x - other.x);
}

/** The best share rate seen at so many seconds or fewer: corners from left to right. */
export function stairs(dots: readonly Dot[]): { x: number; y: number }[] {
  const corners: { x: number; y: number }[] = [];
  for (const { x, y, onFrontier } of dots) {
    const best = corners.at(-1);
    if (onFrontier !== null && (!best || y > best.y)) corners.push({ x, y });
  }
  return corners;
}

/** Marks of a logarithmic axis from `low` to `high`: 1, 2 and 5 by powers of ten. */
export function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1)
    for (const step of [1, 2, 5]) {
      const tick = Number((step * 10 ** power).toPrecision(1));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  return ticks;
}

/** By whom a source is beaten, in letters; "" on the frontier. */
export function beatenBy(source: SourceFigures, all: readonly SourceFigures[]): string {
  const places = (source.beaten_by ?? []).map((id) => all.findIndex((each) => each.source === id));
  return places.sort((a, b) => a - b).map(letterOf).join(", ");
}
