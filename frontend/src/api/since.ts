import { ApiError, errorOf, isAborted, UNREACHABLE } from "./errors";

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What keeps a page from fetching what it has already. */
export const since = (etag: string): { "If-None-Match"?: string } => (etag ? { "If-None-Match": etag } : {});

/** The data of an answer and its ETag; null where nothing has changed since the one that was sent. */
export async function changed<T>(call: Promise<Answer<T>>): Promise<{ data: T; etag: string } | null> {
  try {
    const { data, error, response } = await call;
    if (response.status === 304) return null;
    if (!data) throw errorOf(response.status, error);
    return { data, etag: response.headers.get("ETag") ?? "" };
  } catch (reason) {
    if (isAborted(reason) || reason instanceof ApiError) throw reason;
    throw new ApiError(UNREACHABLE, 0);
  }
}
