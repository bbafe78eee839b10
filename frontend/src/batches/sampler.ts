/** The sampler settings a batch may ask for; an empty field leaves the checkpoint's own. The server checks them. */
export interface SamplerField {
  name: string;
  label: string;
  about: string;
  kind: "whole" | "real" | "choice" | "switch";
  low?: number;
  high?: number;
  among?: readonly string[];
}

export const SAMPLER_FIELDS: readonly SamplerField[] = [
  { name: "steps", label: "Steps", about: "1 to 50; fewer is faster", kind: "whole", low: 1, high: 50 },
  { name: "text_scale", label: "Text guidance", about: "0 to 10; 1 follows the caption without a push", kind: "real", low: 0, high: 10 },
  { name: "image_scale", label: "Image guidance", about: "0 to 10; 1 follows the sticker without a push", kind: "real", low: 0, high: 10 },
  { name: "solver", label: "Solver", about: "how a step is taken; dpm++ unless chosen", kind: "choice", among: ["dpm++", "ddim", "unipc"] },
  { name: "rescale", label: "Rescale", about: "0 to 1; tames strong guidance", kind: "real", low: 0, high: 1 },
  { name: "bucket", label: "Motion", about: "1 (calm) to 16 (wild)", kind: "whole", low: 1, high: 16 },
  { name: "frames", label: "Frames", about: "4 to 32", kind: "whole", low: 4, high: 32 },
  { name: "frame_rate", label: "Frames a second", about: "1 to 30", kind: "whole", low: 1, high: 30 },
  { name: "size", label: "Size", about: "64 to 512 pixels a side", kind: "whole", low: 64, high: 512 },
  { name: "dtype", label: "Precision", about: "bfloat16 where the device has it", kind: "choice", among: ["bfloat16", "float16", "float32"] },
  { name: "compile", label: "Compile", about: "pays off from some hundred clips on", kind: "switch" },
];

export type SettingValue = number | string | boolean;

/** What was typed, as the setting's own type; null where nothing was. */
export function settingOf(field: SamplerField, typed: string): SettingValue | null {
  if (typed.trim() === "") return null;
  if (field.kind === "switch") return typed === "true";
  if (field.kind === "choice") return typed;
  const value = Number(typed);
  return Number.isNaN(value) ? typed : value;
}
