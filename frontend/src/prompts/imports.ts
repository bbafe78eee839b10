import { ApiError, errorOf, UNREACHABLE } from "../api/errors";
import { answer, api, writeToken } from "../api/client";
import type { components } from "../api/schema";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Import = Schemas["Import"];
export type Problem = Schemas["ImportProblem"];
export type NewImport = Omit<Schemas["NewImportRequest"], "file">;

/** Sends a zip; `told` hears which share of it is on the server. By XMLHttpRequest, as fetch does not say how far it is. */
export async function beginImport(zip: File, about: NewImport, told: (share: number) => void, signal: AbortSignal): Promise<Import> {
  const form = new FormData();
  form.set("file", zip);
  for (const [name, value] of Object.entries(about)) form.set(name, String(value));
  const token = await writeToken();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/imports/");
    request.setRequestHeader("X-CSRFToken", token);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => told(total ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(UNREACHABLE, 0));
    request.onload = () => (request.status === 201 ? resolve(request.response as Import) : reject(errorOf(request.status, request.response)));
    request.onabort = () => reject(new DOMException("The upload was given up.", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

const query = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export const imports = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Import>> =>
  answer(api.GET("/api/v1/imports/", { params: { query: query(cursor) }, signal }));

export const importOf = (id: number, signal: AbortSignal): Promise<Import> => answer(api.GET("/api/v1/imports/{id}/", { params: { path: { id } }, signal }));

export const problems = (id: number, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Problem>> =>
  answer(api.GET("/api/v1/imports/{id}/problems/", { params: { path: { id }, query: query(cursor) }, signal }));

export const confirmImport = (id: number): Promise<Import> =>
  answer(api.POST("/api/v1/imports/{id}/confirm/", { params: { path: { id } }, body: { good_rows_only: true } }));

export const cancelImport = (id: number): Promise<Import> => answer(api.POST("/api/v1/imports/{id}/cancel/", { params: { path: { id } } }));
