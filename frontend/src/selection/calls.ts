import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { changed, since } from "../api/since";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Selection = Schemas["SelectionShape"];
export type SourceFigures = Schemas["SourceFiguresShape"];
export type Promotion = Schemas["Promotion"];

/** The sources of a batch side by side, and the ETag; null where nothing has changed since `etag`. */
export const selectionSince = (id: number, etag: string, signal: AbortSignal): Promise<{ data: Selection; etag: string } | null> =>
  changed(api.GET("/api/v1/batches/{id}/selection/", { params: { path: { id }, header: since(etag) }, cache: "no-store", signal }));

export const promote = (batch: number, source: number, note: string): Promise<unknown> =>
  answer(api.POST("/api/v1/batches/{id}/promotions/", { params: { path: { id: batch } }, body: { source, note } }));

/** Newest first, revoked ones too: all, or those decided on one batch. */
export const promotions = (batch: number | null, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Promotion>> =>
  answer(api.GET("/api/v1/promotions/", { params: { query: { ...(batch !== null && { batch }), ...(cursor !== undefined && { cursor }) } }, signal }));

/** The promotion that stands: what pages begin with; null for none. */
export const standingPromotion = (signal: AbortSignal): Promise<Promotion | null> =>
  answer(api.GET("/api/v1/promotions/standing/", { signal })).then(({ promotion }) => promotion);

export const revoke = (id: number, reason: string): Promise<Promotion> =>
  answer(api.POST("/api/v1/promotions/{id}/revoke/", { params: { path: { id } }, body: { reason } }));
