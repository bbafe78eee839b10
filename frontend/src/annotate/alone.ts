import { isAborted } from "../api/errors";

/**
 * Holds a name in one tab at a time, until `signal` aborts. `lost` is called where another tab has it, or takes it.
 * Browsers offer locks to secure pages only; elsewhere the tab holds the name at once.
 */
export async function heldAlone(
  name: string,
  steal: boolean,
  signal: AbortSignal,
  { held, lost }: { held: () => void; lost: () => void },
): Promise<void> {
  const locks: LockManager | undefined = navigator.locks;
  if (!locks) return held();
  const leaving = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  try {
    await locks.request(name, steal ? { steal } : { ifAvailable: true }, (lock) => {
      if (signal.aborted) return undefined;
      if (!lock) return lost();
      held();
      return leaving;
    });
  } catch (reason) {
    if (!isAborted(reason)) throw reason;
    if (!signal.aborted) lost();
  }
}
