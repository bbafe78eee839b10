import type { RunDetail } from "./calls";

/** Of a row of the log: what is no loss. */
const NO_LOSS = new Set(["step", "clips", "progress", "seconds", "clips_per_s", "lr"]);

export interface Curve {
  name: string;
  clips: number[];
  values: number[];
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** The losses of a run, each over the clips it has seen, in the order in which the log names them. */
export function curvesOf(rows: RunDetail["curve"]): Curve[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => !NO_LOSS.has(name));
  return names.map((name) => {
    const points = rows.flatMap((row) => (isNumber(row["clips"]) && isNumber(row[name]) ? [[row["clips"], row[name]] as const] : []));
    return { name, clips: points.map(([clips]) => clips), values: points.map(([, value]) => value) };
  }).filter(({ clips }) => clips.length > 0);
}

/** The newest pace, in clips a second. */
export const paceOf = (rows: RunDetail["curve"]): number | null => {
  const pace = rows.at(-1)?.["clips_per_s"];
  return isNumber(pace) ? pace : null;
};
