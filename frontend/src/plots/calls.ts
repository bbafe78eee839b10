import { api } from "../api/client";
import type { components } from "../api/schema";
import { changed, since } from "../api/since";

type Schemas = components["schemas"];
export type Series = Schemas["Series"];
export type OverTime = Schemas["OverTime"];
export type Motion = Schemas["Motion"];
export type MotionAndShare = Schemas["MotionAndShare"];

export const overTimeSince = (id: number, etag: string, signal: AbortSignal): Promise<{ data: OverTime; etag: string } | null> =>
  changed(api.GET("/api/v1/batches/{id}/over_time/", { params: { path: { id }, header: since(etag) }, cache: "no-store", signal }));

export const motionSince = (id: number, etag: string, signal: AbortSignal): Promise<{ data: MotionAndShare; etag: string } | null> =>
  changed(api.GET("/api/v1/batches/{id}/motion/", { params: { path: { id }, header: since(etag) }, cache: "no-store", signal }));
