import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Gold = Schemas["GoldShape"];
export type GoldAnswer = Gold["clips"][number]["answer"];

const at = (id: number) => ({ path: { id } });

export const goldOf = (batch: number, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Gold>> =>
  answer(api.GET("/api/v1/batches/{id}/gold/", { params: { ...at(batch), query: cursor === undefined ? {} : { cursor } }, signal }));

export const makeGold = (batch: number, answers: { candidate: number; answer: GoldAnswer }[]): Promise<Gold> =>
  answer(api.POST("/api/v1/batches/{id}/gold/", { params: at(batch), body: { answers } }));

const AT_ONCE = 20;

/** How many were made. */
export const addAgreed = (batch: number, body: { of_batch: number; at_least: number }): Promise<number> =>
  answer(api.POST("/api/v1/batches/{id}/gold/agreed/", { params: at(batch), body: { ...body, most: AT_ONCE } })).then(({ made }) => made);

export const removeGold = (id: number): Promise<unknown> => answer(api.DELETE("/api/v1/gold/{id}/", { params: at(id) }));
