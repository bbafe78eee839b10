import type { Batch, BatchDetail } from "./calls";

export type Tone = "plain" | "pick" | "good" | "warn" | "bad";

/** In a word, how a batch stands. */
export function standing(batch: Batch | BatchDetail): { text: string; tone: Tone } {
  if (batch.state === "cancelled") return { text: "cancelled", tone: "plain" };
  if (batch.state === "closed") return { text: "closed", tone: "plain" };
  if (batch.generation_paused && batch.annotation_paused) return { text: "paused", tone: "warn" };
  if (batch.generation_paused) return { text: "making paused", tone: "warn" };
  if (batch.annotation_paused) return { text: "judging paused", tone: "warn" };
  const { tasks } = batch.progress;
  if (tasks.filling > 0) return { text: "being made", tone: "pick" };
  if (tasks.open > 0) return { text: "to be judged", tone: "pick" };
  return { text: "done", tone: "good" };
}
