import type { Component } from "svelte";
import { match, type Params } from "./router/match";
import type { Role } from "./session/roles";

export interface PageProps {
  params: Params;
}

export interface Route {
  pattern: string;
  title: string;
  /** The least role that may see the page; null: everybody, signed in or not. */
  least: Role | null;
  /** Fills the whole screen, without the navigation. */
  bare?: boolean;
  load: () => Promise<{ default: Component<PageProps> }>;
}

/** Static segments come before parameters: the first that fits is taken. */
export const ROUTES: readonly Route[] = [
  { pattern: "/", title: "Stickerloop", least: null, bare: true, load: () => import("./session/FrontPage.svelte") },
  { pattern: "/signin", title: "Sign in", least: null, bare: true, load: () => import("./session/FrontPage.svelte") },
  { pattern: "/join/:secret", title: "Join", least: null, bare: true, load: () => import("./session/JoinPage.svelte") },
  { pattern: "/annotate", title: "Annotate", least: "annotator", load: () => import("./annotate/PickBatchPage.svelte") },
  { pattern: "/annotate/:batch", title: "Annotate", least: "annotator", bare: true, load: () => import("./annotate/AnnotatePage.svelte") },
  { pattern: "/batches", title: "Batches", least: "researcher", load: () => import("./batches/BatchesPage.svelte") },
  { pattern: "/batches/new", title: "New batch", least: "researcher", load: () => import("./batches/NewBatchPage.svelte") },
  { pattern: "/batches/:id", title: "Batch", least: "researcher", load: () => import("./batches/BatchPage.svelte") },
  { pattern: "/batches/:id/selection", title: "Down-select", least: "researcher", load: () => import("./selection/SelectionPage.svelte") },
  { pattern: "/checkpoints", title: "Checkpoints", least: "researcher", load: () => import("./checkpoints/CheckpointsPage.svelte") },
  { pattern: "/prompts", title: "Prompts", least: "researcher", load: () => import("./prompts/PromptSetsPage.svelte") },
  { pattern: "/prompts/import", title: "Import prompts", least: "researcher", load: () => import("./prompts/ImportPage.svelte") },
  { pattern: "/prompts/imports/:id", title: "Import", least: "researcher", load: () => import("./prompts/ImportedPage.svelte") },
  { pattern: "/prompts/:id", title: "Prompt set", least: "researcher", load: () => import("./prompts/PromptSetPage.svelte") },
  { pattern: "/queue", title: "Queue", least: "researcher", load: () => import("./queue/QueuePage.svelte") },
  { pattern: "/workers", title: "Workers", least: "researcher", load: () => import("./queue/WorkersPage.svelte") },
  { pattern: "/playground", title: "Playground", least: "researcher", load: () => import("./playground/PlaygroundPage.svelte") },
  { pattern: "/labels", title: "Labels", least: "researcher", load: () => import("./labels/LabelsPage.svelte") },
  { pattern: "/releases", title: "Releases", least: "researcher", load: () => import("./releases/ReleasesPage.svelte") },
  { pattern: "/releases/new", title: "New release", least: "researcher", load: () => import("./releases/NewReleasePage.svelte") },
  { pattern: "/releases/:id", title: "Release", least: "researcher", load: () => import("./releases/ReleasePage.svelte") },
  { pattern: "/training", title: "Training", least: "researcher", load: () => import("./training/RunsPage.svelte") },
  { pattern: "/training/new", title: "New training run", least: "researcher", load: () => import("./training/NewRunPage.svelte") },
  { pattern: "/training/:id", title: "Training run", least: "researcher", load: () => import("./training/RunPage.svelte") },
  { pattern: "/lineage/:kind/:key", title: "Lineage", least: "researcher", load: () => import("./lineage/LineagePage.svelte") },
  { pattern: "/people", title: "People", least: "admin", load: () => import("./people/PeoplePage.svelte") },
  { pattern: "/disagreement", title: "Disagreement", least: "admin", load: () => import("./adjudication/AdjudicationPage.svelte") },
  { pattern: "/annotators", title: "How people judge", least: "admin", load: () => import("./annotators/AnnotatorsPage.svelte") },
  { pattern: "/audit", title: "Audit", least: "admin", load: () => import("./audit/AuditPage.svelte") },
  { pattern: "/account", title: "Account", least: "annotator", load: () => import("./account/AccountPage.svelte") },
];

export function routeOf(path: string): { route: Route; params: Params } | null {
  for (const route of ROUTES) {
    const params = match(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}
