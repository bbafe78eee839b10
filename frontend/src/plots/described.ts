import { number } from "../look/words";
import type { Series } from "./calls";

const TIME = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY_AND_TIME = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const STEPS = [1, 2, 5, 10, 15, 30].map((count) => MINUTE * count).concat([1, 2, 3, 6, 12].map((count) => HOUR * count), [1, 2, 7, 14, 28, 91, 364].map((count) => DAY * count));

export interface Point {
  /** Seconds since 1970 at which the stretch begins. */
  at: number;
  count: number;
  rate: number;
}

/** The series as rates a minute. */
export function pointsOf({ starts_at, seconds, counts }: Series): Point[] {
  const begin = Date.parse(starts_at) / 1000;
  return counts.map((count, place) => ({ at: begin + place * seconds, count, rate: (60 * count) / seconds }));
}

/** "12:04", or with the day where the whole takes longer than one. */
export function momentOf(at: number, points: readonly Point[]): string {
  const span = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  return (span > DAY ? DAY_AND_TIME : TIME).format(new Date(at * 1000));
}

/** "5 min", "6 h", "2 days". */
export function stretchOf(seconds: number): string {
  if (seconds < HOUR) return `${seconds / MINUTE} min`;
  if (seconds < DAY) return `${seconds / HOUR} h`;
  return seconds === DAY ? "day" : `${seconds / DAY} days`;
}

/** From mark to mark of an axis: never less than a stretch, or two marks would say the same. */
export const stepsFrom = (seconds: number): number[] => STEPS.filter((step) => step >= seconds);

export const rateOf = (rate: number): string => number(Number(rate.toPrecision(2)));

/** A plot of rates in a sentence. */
export function described(what: string, points: readonly Point[]): string {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return `${what}: nothing yet`;
  const rates = points.map(({ rate }) => rate);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  return `${what} from ${momentOf(first.at, points)} to ${momentOf(last.at, points)}: ${rateOf(mean)} on average, ${rateOf(Math.max(...rates))} at most`;
}
