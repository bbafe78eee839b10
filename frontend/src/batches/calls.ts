import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { changed, since } from "../api/since";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Batch = Schemas["Batch"];
export type BatchDetail = Schemas["BatchDetail"];
export type BatchPlan = Schemas["BatchPlanRequest"];
export type PromptFilter = Schemas["PromptFilterRequest"];
export type NewBatch = Schemas["NewBatchRequest"];
export type Changes = Schemas["PatchedBatchChangesRequest"];
export type Estimate = Schemas["Estimate"];
export type Worker = Schemas["Worker"];
export type Flag = Schemas["Flag"];
export type Place = Schemas["Place"];
export type Checkpoint = Schemas["Checkpoint"];
export type Split = Schemas["Split"];

const query = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export const batches = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Batch>> =>
  answer(api.GET("/api/v1/batches/", { params: { query: query(cursor) }, signal }));

export const batchesOf = (set: number, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Batch>> =>
  answer(api.GET("/api/v1/batches/", { params: { query: { prompt_set: set, ...query(cursor) } }, signal }));

export const batchOnce = (id: number, signal?: AbortSignal): Promise<BatchDetail> =>
  answer(api.GET("/api/v1/batches/{id}/", { params: { path: { id } }, ...(signal && { signal }) }));

/** The batch and its ETag; null where nothing has changed since `etag`. */
export const batchSince = (id: number, etag: string, signal: AbortSignal): Promise<{ data: BatchDetail; etag: string } | null> =>
  changed(api.GET("/api/v1/batches/{id}/", { params: { path: { id }, header: since(etag) }, cache: "no-store", signal }));

export const createBatch = (body: NewBatch): Promise<BatchDetail> => answer(api.POST("/api/v1/batches/", { body }));

export const estimate = (body: BatchPlan, signal: AbortSignal): Promise<Estimate> => answer(api.POST("/api/v1/batches/estimate/", { body, signal }));

export const extend = (id: number, body: PromptFilter): Promise<BatchDetail> => answer(api.POST("/api/v1/batches/{id}/extend/", { params: { path: { id } }, body }));

export const estimateExtension = (id: number, body: PromptFilter, signal: AbortSignal): Promise<Estimate> =>
  answer(api.POST("/api/v1/batches/{id}/extend/estimate/", { params: { path: { id } }, body, signal }));

export const change = (id: number, body: Changes): Promise<BatchDetail> => answer(api.PATCH("/api/v1/batches/{id}/", { params: { path: { id } }, body }));

export const cancel = (id: number): Promise<BatchDetail> => answer(api.POST("/api/v1/batches/{id}/cancel/", { params: { path: { id } } }));

export const close = (id: number): Promise<BatchDetail> => answer(api.POST("/api/v1/batches/{id}/close/", { params: { path: { id } } }));

/** The failed clips, or those that say `error`; how many could be queued again. */
export const retryFailed = async (id: number, error?: string): Promise<number> =>
  (await answer(api.POST("/api/v1/batches/{id}/retry_failed/", { params: { path: { id } }, body: error === undefined ? {} : { error } }))).retried;

export const workers = async (signal: AbortSignal): Promise<Worker[]> => (await answer(api.GET("/api/v1/workers/", { signal }))).results;

export const checkpoints = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Checkpoint>> =>
  answer(api.GET("/api/v1/checkpoints/", { params: { query: query(cursor) }, signal }));

export const batchPeople = (id: number, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Place>> =>
  answer(api.GET("/api/v1/batches/{id}/people/", { params: { path: { id }, query: query(cursor) }, signal }));

export const letIn = (id: number, usernames: string[]): Promise<unknown> =>
  answer(api.POST("/api/v1/batches/{id}/people/", { params: { path: { id } }, body: { usernames } }));

export const changePlace = (id: number, person: number, body: Schemas["PatchedPlaceChangesRequestRequest"]): Promise<Place> =>
  answer(api.PATCH("/api/v1/batches/{id}/people/{person}/", { params: { path: { id, person } }, body }));

export const flags = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Flag>> =>
  answer(api.GET("/api/v1/flags/", { params: { query: query(cursor) }, signal }));

export const resolveFlag = (id: number, decision: "release" | "void"): Promise<unknown> =>
  answer(api.POST("/api/v1/flags/{id}/resolve/", { params: { path: { id } }, body: { decision } }));
