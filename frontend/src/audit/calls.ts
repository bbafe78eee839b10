import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import type { PageOf } from "../look/paged.svelte";

export type Entry = components["schemas"]["Entry"];

/** What a filter may name: the beginnings of verbs. */
export const ABOUT: readonly { value: string; label: string }[] = [
  { value: "", label: "Everything" },
  { value: "batch.", label: "Batches" },
  { value: "person.", label: "Accounts" },
  { value: "invitation.", label: "Invitations" },
  { value: "token.", label: "API tokens" },
  { value: "set_aside.", label: "People set aside" },
  { value: "gold.", label: "Gold tasks" },
  { value: "task.", label: "Decisions on tasks" },
  { value: "prompt.", label: "Prompts withdrawn" },
  { value: "release.", label: "Releases" },
  { value: "export.", label: "Exports" },
  { value: "training.", label: "Training runs" },
];

export const audit = (verb: string, actor: string, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Entry>> =>
  answer(api.GET("/api/v1/audit/", { params: { query: { ...(verb && { verb }), ...(actor && { actor }), ...(cursor !== undefined && { cursor }) } }, signal }));
