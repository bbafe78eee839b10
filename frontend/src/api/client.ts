import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, errorOf, isAborted, UNREACHABLE } from "./errors";
import type { paths } from "./schema";

type Listener = () => void;
const unauthorised = new Set<Listener>();

/** Calls back on every answer 401. Returns what stops it. */
export function onUnauthorised(listener: Listener): () => void {
  unauthorised.add(listener);
  return () => unauthorised.delete(listener);
}

function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

/** What a write carries. Asking who is signed in sets the cookie, where the browser has lost it. */
export async function writeToken(): Promise<string> {
  if (!csrfToken()) await globalThis.fetch("/api/v1/session/", { credentials: "same-origin" });
  return csrfToken();
}

const session: Middleware = {
  async onRequest({ request }) {
    if (!["GET", "HEAD", "OPTIONS"].includes(request.method)) request.headers.set("X-CSRFToken", await writeToken());
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== "/api/v1/session/") for (const listener of unauthorised) listener();
  },
};

export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: "same-origin",
  // Looked up at each call, so that a test may stand in for the network.
  fetch: (request) => globalThis.fetch(request),
});
api.use(session);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Throws ApiError for any other answer and for none; an abort stays an AbortError. */
export async function answer<T>(call: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await call;
  } catch (reason) {
    if (isAborted(reason)) throw reason;
    throw new ApiError(UNREACHABLE, 0);
  }
  if (!got.response.ok) throw errorOf(got.response.status, got.error);
  return got.data as T;
}
