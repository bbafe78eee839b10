import { answer, api } from "../api/client";
import { ApiError, errorOf, isAborted, UNREACHABLE } from "../api/errors";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type Preview = Schemas["Preview"];
export type PreviewClip = Schemas["PreviewClip"];
export type NewPreview = Schemas["NewPreviewRequest"];
export type Sticker = Schemas["Sticker"];

export const askPreview = (body: NewPreview, signal: AbortSignal): Promise<Preview> => answer(api.POST("/api/v1/previews/", { body, signal }));

export const cancelPreview = (id: string): Promise<Preview> => answer(api.POST("/api/v1/previews/{public_id}/cancel/", { params: { path: { public_id: id } } }));

/** The preview and its ETag; null where nothing has changed since `etag`. */
export async function previewSince(id: string, etag: string, signal: AbortSignal): Promise<{ preview: Preview; etag: string } | null> {
  const header = etag ? { "If-None-Match": etag } : {};
  try {
    const { data, error, response } = await api.GET("/api/v1/previews/{public_id}/", { params: { path: { public_id: id }, header }, cache: "no-store", signal });
    if (response.status === 304) return null;
    if (!data) throw errorOf(response.status, error);
    return { preview: data, etag: response.headers.get("ETag") ?? "" };
  } catch (reason) {
    if (isAborted(reason) || reason instanceof ApiError) throw reason;
    throw new ApiError(UNREACHABLE, 0);
  }
}

export function uploadSticker(file: File): Promise<Sticker> {
  const form = new FormData();
  form.set("sticker", file);
  // The schema names the parts of the form; what travels is the form itself.
  return answer(api.POST("/api/v1/stickers/", { body: { sticker: file.name }, bodySerializer: () => form }));
}

/** What previews call a sticker by: the end of its address. */
export const nameOf = (url: string): string => url.slice(url.lastIndexOf("/") + 1);
