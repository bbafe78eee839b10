import type { components } from "../api/schema";

/** Why a video was not picked, as a batch may offer it. */
export type Reason = components["schemas"]["Reason"];
type SlotReasons = components["schemas"]["SlotReasonsShape"];

/** By slot; a slot without a reason is not in it. */
export type Reasons = Readonly<Record<number, readonly Reason[]>>;

/** In the order in which they are offered. */
export const REASON_WORDS: Readonly<Record<Reason, string>> = {
  wrong_motion: "wrong motion",
  hardly_moves: "hardly moves",
  seam_pops: "seam pops",
  identity_drifts: "identity drifts",
  artefacts: "artefacts",
  edges: "edges",
};

export function toggleReason(reasons: Reasons, slot: number, reason: Reason): Reasons {
  const given = reasons[slot] ?? [];
  const without = given.filter((other) => other !== reason);
  return cleaned({ ...reasons, [slot]: without.length < given.length ? without : [...given, reason] });
}

/** Without those of slots that are now picked. */
export function exceptFor(reasons: Reasons, picked: readonly number[]): Reasons {
  return cleaned(Object.fromEntries(Object.entries(reasons).filter(([slot]) => !picked.includes(Number(slot)))));
}

export function sameReasons(one: Reasons, other: Reasons): boolean {
  return JSON.stringify(asSent(one)) === JSON.stringify(asSent(other));
}

export function asSent(reasons: Reasons): SlotReasons[] {
  return Object.entries(reasons).map(([slot, given]) => ({ slot: Number(slot), reasons: inOrder(given) }));
}

export function asReceived(said: readonly SlotReasons[]): Reasons {
  return Object.fromEntries(said.map(({ slot, reasons }) => [slot, reasons]));
}

export function inOrder(reasons: readonly Reason[]): Reason[] {
  return (Object.keys(REASON_WORDS) as Reason[]).filter((reason) => reasons.includes(reason));
}

export function inWords(reasons: readonly Reason[]): string {
  return inOrder(reasons).map((reason) => REASON_WORDS[reason]).join(", ");
}

function cleaned(reasons: Reasons): Reasons {
  return Object.fromEntries(Object.entries(reasons).filter(([, given]) => given.length > 0));
}
