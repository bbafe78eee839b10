import type { components } from "../api/schema";

type Schemas = components["schemas"];
/** The act itself; the outbox adds what the browser wants next when it sends. */
type Act<T> = Omit<T, "want" | "holding">;

export type Slot = Schemas["SlotShape"];
export type Assignment = Schemas["AssignmentShape"];
export type Handout = Schemas["HandoutShape"];
export type OpenBatch = Schemas["BatchToAnnotateShape"];
export type Guide = Schemas["GuideShape"];
export type Pace = Schemas["PaceShape"];
export type Done = Schemas["DoneShape"];
/** A dialog over the task. */
export type Opened = "help" | "history" | "skip" | "flag" | null;
export type Submission = Act<Schemas["SubmissionRequestRequest"]>;
export type Skipping = Act<Schemas["SkipRequestRequest"]>;
export type Flagging = Act<Schemas["FlagRequestRequest"]>;
