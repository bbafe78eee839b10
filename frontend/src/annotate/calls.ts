import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import type { StoredLetter } from "./letters";
import type { Guide, Handout, OpenBatch, Pace } from "./types";

interface Wish {
  want: number;
  holding: string[];
}

const wishes = new Map<string, () => Wish>();

/** What the next answer about a batch should bring along. Returns what withdraws the wish. */
export function wishFor(batch: string, wish: () => Wish): () => void {
  wishes.set(batch, wish);
  return () => {
    if (wishes.get(batch) === wish) wishes.delete(batch);
  };
}

/** Tells the server what a letter says; the answer brings the next tasks. */
export function deliver(letter: StoredLetter, signal: AbortSignal): Promise<Handout> {
  const path = { uuid: letter.assignment };
  const wish = wishes.get(letter.batch)?.() ?? { want: 0, holding: [] };
  const holding = wish.holding.filter((id) => id !== letter.assignment);
  switch (letter.kind) {
    case "submission":
      return answer(api.PUT("/api/v1/annotate/assignments/{uuid}/", { params: { path }, body: { ...letter.body, ...wish, holding }, signal }));
    case "skip":
      return answer(api.POST("/api/v1/annotate/assignments/{uuid}/skip/", { params: { path }, body: { ...letter.body, ...wish, holding }, signal }));
    case "flag":
      return answer(api.POST("/api/v1/annotate/assignments/{uuid}/flag/", { params: { path }, body: { ...letter.body, ...wish }, signal }));
  }
}

export async function openBatches(signal: AbortSignal): Promise<OpenBatch[]> {
  return (await answer(api.GET("/api/v1/annotate/batches/", { signal }))).results;
}

/** What the batch's researchers would share, would not, and why. */
export function guide(batch: string, signal: AbortSignal): Promise<Guide> {
  return answer(api.GET("/api/v1/annotate/batches/{public_id}/guide/", { params: { path: { public_id: batch } }, signal }));
}

export function lease(batch: string, count: number, holding: string[], signal: AbortSignal): Promise<Handout> {
  const params = { path: { public_id: batch } };
  return answer(api.POST("/api/v1/annotate/batches/{public_id}/leases/", { params, body: { count, holding }, signal }));
}

/** Whether there is work in the batch, and if not, why; takes nothing. */
export async function standing(batch: string, signal: AbortSignal): Promise<Handout["state"]> {
  const params = { path: { public_id: batch } };
  return (await answer(api.GET("/api/v1/annotate/batches/{public_id}/standing/", { params, signal }))).state;
}

/** Until when all that is held in the batch stays leased; null where this assignment no longer is. */
export async function renew(assignment: string, signal: AbortSignal): Promise<string | null> {
  const params = { path: { uuid: assignment } };
  return (await answer(api.POST("/api/v1/annotate/assignments/{uuid}/renew/", { params, signal }))).lease_until;
}

export function giveBack(batch: string): Promise<components["schemas"]["ReturnedShape"]> {
  return answer(api.POST("/api/v1/annotate/batches/{public_id}/return/", { params: { path: { public_id: batch } } }));
}

/** How much the person has judged since `since`, and in the batch. */
export function pace(batch: string, since: string, signal: AbortSignal): Promise<Pace> {
  const params = { path: { public_id: batch }, query: { since } };
  return answer(api.GET("/api/v1/annotate/batches/{public_id}/pace/", { params, signal }));
}

/** A page of what the person judged in the batch, newest first. */
export function history(batch: string, cursor: string | undefined, signal: AbortSignal): Promise<components["schemas"]["PaginatedAssignmentShapeList"]> {
  const params = { path: { public_id: batch }, query: cursor === undefined ? {} : { cursor } };
  return answer(api.GET("/api/v1/annotate/batches/{public_id}/history/", { params, signal }));
}
