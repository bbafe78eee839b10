import type { Checkpoint } from "../batches/calls";
import type { Promotion } from "./calls";

/** The promoted checkpoint first, also where the list was not read as far as to it. */
export const promotedFirst = (known: readonly Checkpoint[], promotion: Promotion | null): readonly Checkpoint[] =>
  promotion ? [promotion.checkpoint, ...known.filter(({ id }) => id !== promotion.checkpoint.id)] : known;

/** The settings that it was promoted with and that are not its own, as fields that were typed into. None at all cannot be typed. */
export const typedOf = (promotion: Promotion): Record<string, string> =>
  Object.fromEntries(Object.entries(promotion.changed).filter(([, value]) => value !== null).map(([name, value]) => [name, String(value)]));
