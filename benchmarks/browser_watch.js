// Runs in the page before anything of its own: notes key presses and what is drawn, and says when a task is painted.
(() => {
  const drawn = new WeakMap();
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    drawn.set(this.canvas, (drawn.get(this.canvas) ?? 0) + 1);
    return draw.apply(this, given);
  };

  let pressed = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = event.timeStamp; }, { capture: true });

  const standing = () => document.querySelector("[data-assignment]")?.dataset.assignment ?? null;
  const frame = () => new Promise(requestAnimationFrame);
  // A message posted while a frame is made arrives when that frame has been handed over to be shown.
  const shown = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now());
    port2.postMessage(null);
  });
  const canvases = () => {
    const tiles = [...document.querySelectorAll("[data-slot]")];
    const found = tiles.map((tile) => tile.querySelector("canvas"));
    return found.length > 0 && found.every((canvas) => canvas && drawn.has(canvas)) ? found : null;
  };

  /** When every loop of a task other than `before` has its first frame on the screen: milliseconds of this page. */
  async function painted(before) {
    const until = performance.now() + 20000;
    while (performance.now() < until) {
      await frame();
      if (standing() && standing() !== before && canvases()) return shown();
    }
    throw new Error("no task was painted within 20 s");
  }

  let next = null;
  window.watch = {
    painted,
    /** Before the key is pressed: what follows it is timed as it happens, not when it is asked for. */
    arm() {
      const before = standing();
      next = painted(before).then(async (at) => {
        const counts = new Map(canvases().map((canvas) => [canvas, drawn.get(canvas)]));
        await new Promise((resolve) => setTimeout(resolve, 500));
        const still = [...counts].filter(([canvas, count]) => drawn.get(canvas) <= count).length;
        return { ms: at - pressed, still };
      });
    },
    next: () => next,
    async roundTrip() {
      const began = performance.now();
      await (await fetch("/api/v1/session/", { cache: "no-store" })).text();
      return performance.now() - began;
    },
  };
})();
