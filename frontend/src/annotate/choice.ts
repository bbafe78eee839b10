/** What is ticked: some slots, or "none of these", or nothing yet. Never both. */
export interface Choice {
  readonly shareable: readonly number[];
  readonly none: boolean;
}

export const NOTHING: Choice = { shareable: [], none: false };

export function toggleSlot(choice: Choice, slot: number): Choice {
  const without = choice.shareable.filter((other) => other !== slot);
  const shareable = without.length < choice.shareable.length ? without : [...without, slot].sort((a, b) => a - b);
  return { shareable, none: false };
}

export function toggleNone(choice: Choice): Choice {
  return { shareable: [], none: !choice.none };
}

export function isAnswer(choice: Choice): boolean {
  return choice.none || choice.shareable.length > 0;
}

export function sameChoice(one: Choice, other: Choice): boolean {
  return one.none === other.none && one.shareable.join() === other.shareable.join();
}

/** In a list of answers: "shared 2 of 4", "shared none of 4". */
export function said(choice: Choice, shown: number): string {
  return `shared ${choice.none ? "none" : choice.shareable.length} of ${shown}`;
}

/** For the ear: "Videos 2 and 4 are picked". */
export function spoken(choice: Choice): string {
  if (choice.none) return "None of these is picked";
  const [first, ...rest] = choice.shareable;
  if (first === undefined) return "Nothing is picked";
  const last = rest.pop();
  return last === undefined ? `Video ${first} is picked` : `Videos ${[first, ...rest].join(", ")} and ${last} are picked`;
}
