import { answer, api } from "../api/client";
import { ApiError, errorOf, isAborted, UNREACHABLE } from "../api/errors";
import type { components, operations } from "../api/schema";

export type Format = components["schemas"]["Format"];
export type Target = operations["clip_file"]["parameters"]["path"]["target"];

export const formats = (signal: AbortSignal): Promise<Format[]> => answer(api.GET("/api/v1/formats/", { signal }));

export interface File {
  name: string;
  blob: Blob;
}

/** A clip as the server makes it for `target`, which may take seconds. Throws ApiError in the server's own words. */
export async function clipFile(key: string, target: Target, background: string, signal: AbortSignal): Promise<File> {
  try {
    const path = { key, target };
    const { data, error, response } = await api.GET("/api/v1/clips/{key}/files/{target}/", { params: { path, query: { background } }, parseAs: "blob", signal });
    if (!response.ok || !(data instanceof Blob)) throw errorOf(response.status, error);
    return { name: nameIn(response.headers.get("Content-Disposition") ?? "", target), blob: data };
  } catch (reason) {
    if (isAborted(reason) || reason instanceof ApiError) throw reason;
    throw new ApiError(UNREACHABLE, 0);
  }
}

/** The file name in a Content-Disposition header (RFC 6266); `otherwise` where it names none. */
export function nameIn(header: string, otherwise: string): string {
  const encoded = /filename\*=utf-8''([^;]+)/i.exec(header)?.[1];
  return encoded ? decodeURIComponent(encoded) : (/filename="([^"]+)"/i.exec(header)?.[1] ?? otherwise);
}

/** Hands a file to the browser's downloads. */
export function save({ name, blob }: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser takes the bytes after this turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
