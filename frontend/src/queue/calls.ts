import { answer, api } from "../api/client";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type Outlook = Schemas["Outlook"];
export type Running = Schemas["Running"];
export type Waiting = Schemas["Waiting"];

/** Past this the server does not count. */
export const MOST_COUNTED = 10_000;

export const queue = (signal: AbortSignal): Promise<Outlook> => answer(api.GET("/api/v1/queue/", { signal }));

export const pace = async (signal: AbortSignal): Promise<Record<string, number[]>> => (await answer(api.GET("/api/v1/workers/pace/", { signal }))).workers;
