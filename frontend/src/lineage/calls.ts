import { answer, api } from "../api/client";
import type { components } from "../api/schema";

export type Lineage = components["schemas"]["LineageShape"];
export type Node = components["schemas"]["NodeShape"];
export const KINDS = ["checkpoint", "release", "clip", "label", "prompt", "person", "promotion"] as const;
export type Kind = (typeof KINDS)[number];

export const isKind = (text: string | undefined): text is Kind => KINDS.some((kind) => kind === text);

export const lineage = (kind: Kind, key: string, signal: AbortSignal): Promise<Lineage> =>
  answer(api.GET("/api/v1/lineage/{kind}/{key}/", { params: { path: { kind, key } }, signal }));

export const withdrawPrompt = (id: number, reason: string): Promise<Lineage> =>
  answer(api.POST("/api/v1/prompts/{id}/withdraw/", { params: { path: { id } }, body: { reason } }));

/** Its own lineage, else its page, else nowhere. */
export const hrefOf = (node: Node): string => (node.key ? `/lineage/${node.kind}/${node.key}` : node.href);
