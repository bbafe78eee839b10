const FAR_PX = 60;
const STEEP = 2;

interface Swipes {
  left: () => void;
  right: () => void;
}

/** Calls back when one finger went sideways, clearly more than up or down. */
export function swipe(node: HTMLElement, swipes: Swipes): { update(swipes: Swipes): void; destroy(): void } {
  const leaving = new AbortController();
  const { signal } = leaving;
  let now = swipes;
  let from: Touch | undefined;
  node.addEventListener("touchstart", ({ touches }) => (from = touches.length === 1 ? touches[0] : undefined), { signal, passive: true });
  node.addEventListener(
    "touchend",
    ({ changedTouches: [to] }) => {
      if (!from || !to) return;
      const across = to.clientX - from.clientX;
      const along = to.clientY - from.clientY;
      from = undefined;
      if (Math.abs(across) < FAR_PX || Math.abs(across) < STEEP * Math.abs(along)) return;
      if (across < 0) now.left();
      else now.right();
    },
    { signal, passive: true },
  );
  return { update: (swipes) => (now = swipes), destroy: () => leaving.abort() };
}
