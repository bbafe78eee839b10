import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { changed, since } from "../api/since";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Run = Schemas["TrainingRun"];
export type RunDetail = Schemas["TrainingRunDetail"];
export type NewRun = Schemas["NewTrainingRunRequest"];
export type TrainingRecipe = Schemas["TrainingRecipe"];
export type Trainer = Schemas["Trainer"];

const at = (public_id: string) => ({ path: { public_id } });

export const runs = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Run>> =>
  answer(api.GET("/api/v1/training-runs/", { params: { query: cursor === undefined ? {} : { cursor } }, signal }));

export const runSince = (id: string, etag: string, signal: AbortSignal): Promise<{ data: RunDetail; etag: string } | null> =>
  changed(api.GET("/api/v1/training-runs/{public_id}/", { params: { ...at(id), header: since(etag) }, cache: "no-store", signal }));

export const askRun = (body: NewRun): Promise<RunDetail> => answer(api.POST("/api/v1/training-runs/", { body }));

export const cancelRun = (id: string): Promise<RunDetail> => answer(api.POST("/api/v1/training-runs/{public_id}/cancel/", { params: at(id) }));

export const resumeRun = (id: string): Promise<RunDetail> => answer(api.POST("/api/v1/training-runs/{public_id}/resume/", { params: at(id) }));

export const trainers = async (signal: AbortSignal): Promise<readonly Trainer[]> => (await answer(api.GET("/api/v1/trainers/", { signal }))).results;

export const recipes = (signal: AbortSignal): Promise<readonly TrainingRecipe[]> => answer(api.GET("/api/v1/training-recipes/", { signal }));
