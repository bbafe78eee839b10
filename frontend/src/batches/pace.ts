import { counted, number } from "../look/words";
import type { Estimate } from "./calls";

type Source = Estimate["sources"][number];

/** "400 clips, 3.1 s each": how long a source's clips take, as far as it was measured. */
export function paceOf({ clips, already_there: there, seconds_a_clip: seconds, same_settings: same }: Source): string {
  const left = clips - there;
  if (left === 0) return "all there";
  if (seconds === null) return `${counted(left, "clip")}, not measured yet`;
  const each = `${number(left)} × ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return same ? each : `${each}, judging by other settings`;
}
