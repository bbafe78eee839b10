import type { BatchDetail } from "./calls";

const NAMES = ["name", "overlap", "priority", "instructions", "reasons"] as const;
/** What the form of a batch's changes shows. */
export type Editable = Pick<BatchDetail, (typeof NAMES)[number]>;

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export function editableOf({ name, overlap, priority, instructions, reasons }: Editable): Editable {
  return { name, overlap, priority, instructions, reasons: [...reasons] };
}

/** Only what the person changed: two people who change different things do not undo each other. */
export function changedIn(form: Editable, seen: Editable): Partial<Editable> {
  return Object.fromEntries(NAMES.filter((name) => !same(form[name], seen[name])).map((name) => [name, form[name]]));
}

/** The form over what the batch is `now`: what the person had not touched follows, what they changed stays theirs. */
export function rebased(form: Editable, seen: Editable, now: Editable): Editable {
  return { ...editableOf(now), ...changedIn(form, seen) };
}
