import { counted, duration } from "../look/words";
import type { PreviewClip } from "./calls";

/** What a clip that has not come waits for, as far as it is known. */
export function waitOf({ state, wait }: Pick<PreviewClip, "state" | "wait">, workers: number): string {
  if (workers === 0) return "waits for a worker";
  const about = wait?.seconds == null ? "" : ` · about ${duration(wait.seconds)}`;
  if (state === "running") return `being made${about}`;
  const ahead = wait?.ahead ?? 0;
  return `${ahead ? `${counted(ahead, "clip")} before it` : "next"}${about || " · nothing measured yet to say how long"}`;
}
