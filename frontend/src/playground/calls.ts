import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import { changed, since } from "../api/since";

type Schemas = components["schemas"];
export type Preview = Schemas["Preview"];
export type PreviewClip = Schemas["PreviewClip"];
export type NewPreview = Schemas["NewPreviewRequest"];
export type Sticker = Schemas["Sticker"];

export const askPreview = (body: NewPreview, signal: AbortSignal): Promise<Preview> => answer(api.POST("/api/v1/previews/", { body, signal }));

export const cancelPreview = (id: string): Promise<Preview> => answer(api.POST("/api/v1/previews/{public_id}/cancel/", { params: { path: { public_id: id } } }));

/** The preview and its ETag; null where nothing has changed since `etag`. */
export const previewSince = (id: string, etag: string, signal: AbortSignal): Promise<{ data: Preview; etag: string } | null> =>
  changed(api.GET("/api/v1/previews/{public_id}/", { params: { path: { public_id: id }, header: since(etag) }, cache: "no-store", signal }));

export function uploadSticker(file: File): Promise<Sticker> {
  const form = new FormData();
  form.set("sticker", file);
  // The schema names the parts of the form; what travels is the form itself.
  return answer(api.POST("/api/v1/stickers/", { body: { sticker: file.name }, bodySerializer: () => form }));
}

/** What previews call a sticker by: the end of its address. */
export const nameOf = (url: string): string => url.slice(url.lastIndexOf("/") + 1);
