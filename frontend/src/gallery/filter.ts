import type { ClipQuery, PromptQuery } from "./calls";

export type View = "prompts" | "clips";
interface Choice<Value extends string> {
  value: Value;
  label: string;
}

export const STATES: readonly Choice<NonNullable<PromptQuery["state"]>>[] = [
  { value: "ready", label: "Ready" },
  { value: "running", label: "Being made" },
  { value: "queued", label: "Queued" },
  { value: "failed", label: "Failed" },
];
export const FINDINGS: readonly Choice<NonNullable<PromptQuery["finding"]>>[] = [
  { value: "verb_missed", label: "Another verb than asked" },
  { value: "frozen", label: "Does not move" },
  { value: "seam_jumps", label: "Jumps at the seam" },
  { value: "flagged", label: "Flagged by annotators" },
];
export const SHARED: readonly Choice<NonNullable<PromptQuery["shared"]>>[] = [
  { value: "some", label: "Somebody would share" },
  { value: "nobody", label: "Nobody would share" },
  { value: "unjudged", label: "Not judged yet" },
];
/** Where none is chosen, clips stand checkpoint by checkpoint. */
export const ORDERS: readonly Choice<Exclude<NonNullable<ClipQuery["order"]>, "by_checkpoint">>[] = [
  { value: "most_motion", label: "Most motion first" },
  { value: "least_motion", label: "Least motion first" },
  { value: "best_identity", label: "Truest to the sticker first" },
  { value: "worst_identity", label: "Least true first" },
  { value: "worst_seam", label: "Worst seam first" },
  { value: "most_shared", label: "Most shared first" },
  { value: "least_shared", label: "Least shared first" },
];
const FILTERS = ["checkpoint", "state", "finding", "shared", "caption"] as const;

export const viewOf = (address: URLSearchParams): View => (address.get("view") === "clips" ? "clips" : "prompts");

/** What the address asks for; a value that is none of the choices asks for nothing. */
export function filterOf(address: URLSearchParams): PromptQuery {
  const checkpoint = Number(address.get("checkpoint"));
  const caption = address.get("caption")?.trim();
  const state = chosen(STATES, address.get("state"));
  const finding = chosen(FINDINGS, address.get("finding"));
  const shared = chosen(SHARED, address.get("shared"));
  return {
    ...(Number.isInteger(checkpoint) && checkpoint > 0 && { checkpoint }),
    ...(caption && { caption }),
    ...(state && { state }),
    ...(finding && { finding }),
    ...(shared && { shared }),
  };
}

export const orderOf = (address: URLSearchParams): ClipQuery["order"] => chosen(ORDERS, address.get("order"));

/** The address without its filters. */
export function unfiltered(path: string, address: URLSearchParams): string {
  const rest = new URLSearchParams(address);
  for (const name of FILTERS) rest.delete(name);
  return rest.size ? `${path}?${rest}` : path;
}

function chosen<Value extends string>(choices: readonly Choice<Value>[], asked: string | null): Value | undefined {
  return choices.find(({ value }) => value === asked)?.value;
}
