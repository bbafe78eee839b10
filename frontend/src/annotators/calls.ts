import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Annotator = Schemas["AnnotatorShape"];
export type Pattern = Annotator["figures"]["raised"][number];

export const annotators = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Annotator>> =>
  answer(api.GET("/api/v1/annotators/", { params: { query: cursor === undefined ? {} : { cursor } }, signal }));

export const setAside = (id: number, reason: string): Promise<Annotator> =>
  answer(api.PUT("/api/v1/annotators/{id}/set_aside/", { params: { path: { id } }, body: { reason } }));

export const takeBack = (id: number): Promise<Annotator> =>
  answer(api.DELETE("/api/v1/annotators/{id}/set_aside/", { params: { path: { id } } }));
