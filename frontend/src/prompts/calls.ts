import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import type { PageOf } from "../look/paged.svelte";

type Schemas = components["schemas"];
export type Prompt = Schemas["Prompt"];
export type PromptSet = Schemas["PromptSet"];

const query = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export const promptSets = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<PromptSet>> =>
  answer(api.GET("/api/v1/prompt-sets/", { params: { query: query(cursor) }, signal }));

export const promptSet = (id: number, signal: AbortSignal): Promise<PromptSet> => answer(api.GET("/api/v1/prompt-sets/{id}/", { params: { path: { id } }, signal }));

export const prompts = (id: number, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Prompt>> =>
  answer(api.GET("/api/v1/prompt-sets/{id}/prompts/", { params: { path: { id }, query: query(cursor) }, signal }));

export const createPromptSet = (body: Schemas["PromptSetRequest"]): Promise<PromptSet> => answer(api.POST("/api/v1/prompt-sets/", { body }));

export function addPrompt(id: number, { sticker, caption, split }: { sticker: File; caption: string; split: Schemas["Split"] }): Promise<Prompt> {
  const form = new FormData();
  form.set("sticker", sticker);
  form.set("caption", caption);
  form.set("split", split);
  // The schema names the parts of the form; what travels is the form itself.
  const body = { sticker: sticker.name, caption, split, external_id: "" };
  return answer(api.POST("/api/v1/prompt-sets/{id}/prompts/", { params: { path: { id } }, body, bodySerializer: () => form }));
}

export const removePrompt = (set: number, prompt: number): Promise<void> =>
  answer(api.DELETE("/api/v1/prompt-sets/{id}/prompts/{prompt}/", { params: { path: { id: set, prompt } } }));
