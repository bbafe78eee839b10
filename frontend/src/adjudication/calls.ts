import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type ContestedTask = Schemas["ContestedTaskShape"];
export type Adjudication = Schemas["AdjudicationShape"];

export const contested = (signal: AbortSignal): Promise<readonly ContestedTask[]> =>
  answer(api.GET("/api/v1/labels/contested/", { signal })).then(({ tasks }) => tasks);

export const adjudications = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Adjudication>> =>
  answer(api.GET("/api/v1/labels/adjudications/", { params: { query: cursor === undefined ? {} : { cursor } }, signal }));

export const adjudicate = (id: number, shareable: number[], comment: string): Promise<unknown> =>
  answer(api.PUT("/api/v1/labels/adjudications/{id}/", { params: { path: { id } }, body: { shareable, comment } }));
