import type { Worker } from "../batches/calls";
import { counted } from "../look/words";

export interface Described {
  doing: string;
  pace: string;
  memory: { used: number; total: number; words: string } | null;
}

interface AtHand {
  caption: string;
  clips: number;
  step: number;
  steps: number;
}

const GB = 1024;
const inGb = (mb: number): string => (mb / GB).toFixed(1);

/** A worker's own words about itself, which another version of it may not say, in ours. */
export function described({ state, held }: Pick<Worker, "state" | "held">): Described {
  const used = state["memory_used_mb"];
  const total = state["memory_total_mb"];
  const pace = state["clips_a_minute"];
  const memory = typeof used === "number" && typeof total === "number" && total > 0;
  return {
    doing: doing(state["at_hand"], state["checkpoint"], held),
    pace: typeof pace === "number" ? `${counted(pace, "clip")} in the last minute` : "",
    memory: memory ? { used, total, words: `${inGb(used)} of ${inGb(total)} GB` } : null,
  };
}

function doing(atHand: unknown, checkpoint: unknown, held: number): string {
  const loaded = typeof checkpoint === "string" ? checkpoint.slice(0, 12) : "";
  if (!isAtHand(atHand)) return held ? `${counted(held, "clip")} in hand` : loaded ? "Waits, with weights loaded" : "Waits";
  const others = atHand.clips > 1 ? ` and ${atHand.clips - 1} more` : "";
  return `“${atHand.caption}”${others}, step ${atHand.step} of ${atHand.steps}`;
}

function isAtHand(value: unknown): value is AtHand {
  return typeof value === "object" && value !== null && "caption" in value && "clips" in value && "step" in value && "steps" in value;
}
