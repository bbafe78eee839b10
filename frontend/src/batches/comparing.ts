import { day } from "../look/words";
import type { Checkpoint } from "./calls";

const MOST_CANDIDATES = 9;

/** The checkpoints of a blind comparison: those asked for, and where no teacher is among them, the nearest that each came from. */
export function toCompare(asked: readonly number[], known: readonly Checkpoint[]): Checkpoint[] {
  const chosen = asked.flatMap((id) => known.find((each) => each.id === id) ?? []);
  if (chosen.some(({ role }) => role === "teacher")) return chosen.slice(0, MOST_CANDIDATES);
  const teachers = chosen.flatMap((student) => teacherOf(student, known) ?? []);
  return [...new Set([...chosen, ...teachers])].slice(0, MOST_CANDIDATES);
}

function teacherOf(student: Checkpoint, known: readonly Checkpoint[]): Checkpoint | undefined {
  const passed = new Set<Checkpoint>();
  let found: Checkpoint | undefined = student;
  while (found && found.role === "student" && !passed.has(found)) {
    passed.add(found);
    const { parent }: Checkpoint = found;
    found = known.find(({ name }) => name === parent);
  }
  return found?.role === "teacher" ? found : undefined;
}

/** As many clips of each, two where a task holds them. */
export const clipsOfEach = (count: number): number => (2 * count <= MOST_CANDIDATES ? 2 : 1);

/** Annotators see it, so it names no checkpoint. */
export const comparisonName = (now = new Date()): string => `Held-out comparison, ${day(now.toISOString())}`;
