import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { changed, since } from "../api/since";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Release = Schemas["Release"];
export type Rule = Required<Schemas["RuleRequest"]>;
export type Purpose = Schemas["Release"]["purpose"] & string;
export type Preview = Schemas["PreviewShape"];
export type Comparison = Schemas["ComparisonShape"];
export type Export = Schemas["Export"];
export type NewExport = Schemas["NewExportRequest"];

const query = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });
const at = (public_id: string) => ({ path: { public_id } });

export const releases = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Release>> =>
  answer(api.GET("/api/v1/releases/", { params: { query: query(cursor) }, signal }));

export const releaseSince = (id: string, etag: string, signal: AbortSignal): Promise<{ data: Release; etag: string } | null> =>
  changed(api.GET("/api/v1/releases/{public_id}/", { params: { ...at(id), header: since(etag) }, cache: "no-store", signal }));

export const preview = (body: Schemas["PreviewRequestRequest"], signal: AbortSignal): Promise<Preview> =>
  answer(api.POST("/api/v1/releases/preview/", { body, signal }));

export const createRelease = (body: Schemas["NewReleaseRequest"]): Promise<Release> => answer(api.POST("/api/v1/releases/", { body }));

export const giveUp = (id: string): Promise<unknown> => answer(api.DELETE("/api/v1/releases/{public_id}/", { params: at(id) }));

export const check = (id: string): Promise<unknown> => answer(api.POST("/api/v1/releases/{public_id}/check/", { params: at(id) }));

export const withdraw = (id: string, reason: string): Promise<Release> =>
  answer(api.POST("/api/v1/releases/{public_id}/withdraw/", { params: at(id), body: { reason } }));

export const compare = (public_id: string, other: string, signal: AbortSignal): Promise<Comparison> =>
  answer(api.GET("/api/v1/releases/{public_id}/compare/{other}/", { params: { path: { public_id, other } }, signal }));

/** All of them, or those of a release. */
export const exports = (release: string | null, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Export>> =>
  answer(api.GET("/api/v1/exports/", { params: { query: { ...(release && { release }), ...query(cursor) } }, signal }));

export const askExport = (body: NewExport): Promise<Export> => answer(api.POST("/api/v1/exports/", { body }));

export const cancelExport = (id: string): Promise<Export> => answer(api.POST("/api/v1/exports/{public_id}/cancel/", { params: at(id) }));

export const forgetExport = (id: string): Promise<unknown> => answer(api.DELETE("/api/v1/exports/{public_id}/", { params: at(id) }));

export const fileOf = (one: Export): string => `/api/v1/exports/${one.public_id}/file/`;
