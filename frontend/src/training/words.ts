import type { Run } from "./calls";

export const RECIPES: Readonly<Record<Run["recipe"], string>> = { finetune: "HITL finetune", distil: "Distillation", pretrain: "Pretraining", prefer: "Preference learning" };

const TONES = { queued: "plain", running: "pick", done: "good", failed: "bad", cancelled: "warn" } as const;
export const standingOf = (run: Run) => ({ text: run.state ?? "queued", tone: TONES[run.state ?? "queued"] });
