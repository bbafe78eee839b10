import { answer, api } from "../api/client";
import type { components, operations } from "../api/schema";
import { changed, since } from "../api/since";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type GalleryClip = Schemas["GalleryClip"];
export type PromptRow = Schemas["PromptRow"];
export type PromptClip = Schemas["PromptClip"];
export type Metrics = Schemas["ClipMetrics"];
export type CheckpointFigures = Schemas["CheckpointFigures"];
export type ClipQuery = NonNullable<operations["batch_clips"]["parameters"]["query"]>;
export type PromptQuery = NonNullable<operations["batch_prompts"]["parameters"]["query"]>;

const path = (id: number) => ({ id });
const at = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export const clips = (batch: number, query: ClipQuery, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<GalleryClip>> =>
  answer(api.GET("/api/v1/batches/{id}/clips/", { params: { path: path(batch), query: { ...query, ...at(cursor) } }, signal }));

export const prompts = (batch: number, query: PromptQuery, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<PromptRow>> =>
  answer(api.GET("/api/v1/batches/{id}/prompts/", { params: { path: path(batch), query: { ...query, ...at(cursor) } }, signal }));

export const prompt = (batch: number, task: number, signal: AbortSignal): Promise<PromptRow> =>
  answer(api.GET("/api/v1/batches/{id}/prompts/{task}/", { params: { path: { id: batch, task } }, signal }));

export const checkpointsSince = (batch: number, etag: string, signal: AbortSignal): Promise<{ data: Schemas["BatchCheckpoints"]; etag: string } | null> =>
  changed(api.GET("/api/v1/batches/{id}/checkpoints/", { params: { path: path(batch), header: since(etag) }, cache: "no-store", signal }));
