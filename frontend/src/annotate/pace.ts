import type { Done } from "./types";

/** Below these a pace says more about chance than about a person. */
const FEWEST = 3;
const SHORTEST_MS = 60_000;

/** Annotations an hour of attention; null where there are too few to say. */
export function anHour({ judged, elapsed_ms }: Done): number | null {
  return judged < FEWEST || elapsed_ms < SHORTEST_MS ? null : Math.round((judged * 3_600_000) / elapsed_ms);
}

/** When the day began, where the person is. */
export function dayBegan(now = new Date()): string {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}
