import { answer, api } from "../api/client";
import type { components } from "../api/schema";

export type Example = components["schemas"]["Example"];
export type NewExample = components["schemas"]["ExampleRequestRequest"];

const at = (id: number) => ({ path: { id } });

export const examples = async (batch: number, signal: AbortSignal): Promise<Example[]> =>
  (await answer(api.GET("/api/v1/batches/{id}/examples/", { params: at(batch), signal }))).results;

export const markExample = (batch: number, body: NewExample): Promise<Example> => answer(api.POST("/api/v1/batches/{id}/examples/", { params: at(batch), body }));

export const removeExample = (id: number): Promise<unknown> => answer(api.DELETE("/api/v1/examples/{id}/", { params: at(id) }));
