/** What the server (or the way to it) said, as a sentence for the person and sentences by field. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    message: string,
    /** The HTTP status; 0 when no answer came at all. */
    readonly status: number,
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
  ) {
    super(message);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

export const UNREACHABLE = "The server cannot be reached. Check the connection; this page tries again by itself.";

/** The error of an answer that is not 2xx, from our API's `{error, fields}` or from whatever stands before it. */
export function errorOf(status: number, body: unknown): ApiError {
  if (isErrorBody(body)) return new ApiError(body.error, status, fieldsOf(body.fields));
  if (status >= 500) return new ApiError(`The server failed (${status}). Its log says why; trying again may help.`, status);
  return new ApiError(`The server refused this (${status}).`, status);
}

export function isAborted(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "AbortError";
}

export function sentence(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function isErrorBody(body: unknown): body is { error: string; fields?: unknown } {
  return typeof body === "object" && body !== null && "error" in body && typeof body.error === "string";
}

function fieldsOf(fields: unknown): Record<string, string[]> {
  if (typeof fields !== "object" || fields === null) return {};
  return Object.fromEntries(Object.entries(fields).map(([name, said]) => [name, flat(said)]));
}

function flat(said: unknown): string[] {
  if (Array.isArray(said)) return said.flatMap(flat);
  if (typeof said === "object" && said !== null) return Object.entries(said).flatMap(([key, value]) => flat(value).map((line) => `${key}: ${line}`));
  return [String(said)];
}
