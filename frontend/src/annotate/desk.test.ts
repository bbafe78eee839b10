import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Activity } from "./activity";
import { deliver } from "./calls";
import { LoopClock, type Time } from "./clock";
import { Desk } from "./desk.svelte";
import { openLetters } from "./letters";
import { options } from "./options.svelte";
import { Outbox } from "./outbox.svelte";
import type { Assignment, Handout } from "./types";

/** Far above what it takes, for machines that do much else. */
const PATIENCE_MS = 10_000;
/** A server with six tasks of two loops each, that remembers what it was told. */
class Server {
  readonly told: { method: string; path: string; body: { shareable?: number[]; none?: boolean; revision?: number; holding?: string[]; want?: number; kind?: string; count?: number; reasons?: unknown; active_ms?: number; elapsed_ms?: number } }[] = [];
  #left = Array.from({ length: 6 }, (_, index) => assignment(`task-${index + 1}`));
  down = false;
  reasons: Handout["reasons"] = [];

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    if (this.down) throw new TypeError("no way");
    const request = new Request(input, init);
    const path = new URL(request.url).pathname;
    if (path.startsWith("/media/")) return new Response(new Blob(["sheet"]), { status: path.includes("missing") ? 404 : 200 });
    const body = request.method === "GET" ? {} : JSON.parse((await request.text()) || "{}");
    this.told.push({ method: request.method, path, body });
    if (path.endsWith("/history/")) return Response.json({ results: [], next: null });
    const wanted = (body.want ?? body.count ?? 0) - (body.holding ?? []).length;
    return Response.json(this.#handout(Math.max(0, wanted)));
  };

  puts() {
    return this.told.filter(({ method }) => method === "PUT");
  }

  lose(sheet: string): void {
    for (const slot of this.#left[0]?.slots ?? []) if (slot.slot === 1) slot.sheet = sheet;
  }

  #handout(count: number): Handout {
    const judged = new Set(this.puts().map(({ path }) => path)).size;
    return { assignments: this.#left.splice(0, count), progress: { judged, total: 6, limit: null }, state: "ready", reasons: this.reasons, server_time: new Date().toISOString() };
  }
}

function assignment(id: string): Assignment {
  const slot = { animation: "", frames: 8, columns: 4, cell: 32, frame_rate: 8 };
  const slots = [1, 2].map((number) => ({ ...slot, slot: number, sheet: `/media/${id}-${number}.webp` }));
  return { id, caption: `a caption of ${id}`, sticker: "", slots, lease_until: new Date(Date.now() + 900_000).toISOString(), answer: null };
}

let turn: ((now: number) => void) | null = null;
let now = 0;
const time: Time = { now: () => now, request: (next) => { turn = next; return 1; }, cancel: () => (turn = null) };
let server: Server;
let outbox: Outbox<Handout>;
let desk: Desk;

/** Lets the display run for some milliseconds. */
function watch(milliseconds: number): void {
  for (const end = now + milliseconds; now < end; ) {
    now += 50;
    turn?.(now);
  }
}

/** Both loops of the current task stand on the screen. */
function painted(): void {
  for (const slot of [1, 2]) {
    desk.sight(slot, true);
    desk.painted(slot);
  }
}

beforeEach(async () => {
  now = 0;
  server = new Server();
  sessionStorage.clear();
  options.noneSubmits = false;
  document.cookie = "csrftoken=given";
  vi.stubGlobal("fetch", server.fetch);
  vi.stubGlobal("createImageBitmap", async () => ({ width: 128, height: 64, close: () => undefined }));
  vi.spyOn(performance, "now").mockImplementation(() => now);
  outbox = new Outbox("ann", await openLetters(), deliver);
  outbox.start();
  desk = new Desk("spring", outbox, new LoopClock(time), new Activity());
});

afterEach(() => {
  desk.stop();
  outbox.stop();
  vi.restoreAllMocks();
});

async function begin(): Promise<void> {
  await desk.start();
  await vi.waitFor(() => expect(desk.current?.sheets.get(2)?.state).toBe("ready"), PATIENCE_MS);
  painted();
}

const caption = () => desk.current?.assignment.caption;

test("Enter before the loops were shown submits by itself once they were", async () => {
  await begin();
  desk.pick(2);
  desk.submit();
  expect([desk.armed, caption()]).toEqual([true, "a caption of task-1"]);
  watch(900);
  expect(caption()).toBe("a caption of task-1");
  watch(200);
  expect([desk.armed, caption()]).toEqual([false, "a caption of task-2"]);
  await outbox.flush(PATIENCE_MS);
  expect(server.puts().map(({ path, body }) => [path, body.shareable, body.none, body.revision])).toEqual([["/api/v1/annotate/assignments/task-1/", [2], false, 1]]);
});

test("a submission tells the time between inputs since the one before, and later ones not again", async () => {
  const { activity } = desk as unknown as { activity: Activity };
  const stop = activity.start();
  await begin();
  watch(1500);
  dispatchEvent(new KeyboardEvent("keydown", { key: "1" }));
  for (const slot of [1, 2]) {
    desk.pick(slot);
    desk.submit();
    await desk.back();
  }
  stop();
  await outbox.flush(PATIENCE_MS);
  expect(server.puts().map(({ body }) => body.active_ms)).toEqual([1500, 0]);
});

test("what instructions and practice take before the first loops is not counted as attention to them", async () => {
  await desk.start();
  await vi.waitFor(() => expect(desk.current?.sheets.get(2)?.state).toBe("ready"), PATIENCE_MS);
  watch(20_000);
  painted();
  desk.pick(1);
  watch(1100);
  desk.submit();
  await outbox.flush(PATIENCE_MS);
  expect(server.puts()[0]?.body.elapsed_ms).toBeGreaterThan(900);
  expect(server.puts()[0]?.body.elapsed_ms).toBeLessThan(1500);
});

test("changing a pick takes an armed submission back", async () => {
  await begin();
  desk.pick(2);
  desk.submit();
  desk.pick(1);
  watch(2000);
  expect([desk.armed, caption()]).toEqual([false, "a caption of task-1"]);
});

test("none of these is submitted at once where a person wants that, and only the first time", async () => {
  await begin();
  watch(1100);
  desk.pickNone();
  expect(caption()).toBe("a caption of task-1");
  desk.pickNone();
  options.noneSubmits = true;
  desk.pickNone();
  expect(caption()).toBe("a caption of task-2");
  await desk.back();
  desk.pickNone();
  desk.pickNone();
  expect([caption(), desk.current?.choice.none]).toEqual(["a caption of task-1", true]);
  await outbox.flush(PATIENCE_MS);
  expect(server.puts().map(({ body }) => body.none)).toEqual([true]);
});

test("nothing picked is not submitted", async () => {
  await begin();
  watch(2000);
  desk.submit();
  expect(desk.notice).toContain("Pick at least one");
  expect(outbox.waiting).toBe(0);
});

test("one request an annotation, and with fewer than three in hand it brings the next tasks", async () => {
  await begin();
  for (let task = 1; task <= 3; task++) {
    await vi.waitFor(() => expect(desk.current?.sheets.size).toBe(2), PATIENCE_MS);
    painted();
    desk.pickNone();
    watch(3100);
    desk.submit();
    await outbox.flush(PATIENCE_MS);
  }
  expect(server.told.map(({ method }) => method)).toEqual(["POST", "PUT", "PUT", "PUT"]);
  expect(server.puts().map(({ body }) => body.want)).toEqual([0, 0, 5]);
  expect(server.puts()[0]?.body).toMatchObject({ holding: ["task-2", "task-3", "task-4", "task-5"], none: true, shareable: [] });
  expect([desk.judged, desk.trail.length]).toEqual([3, 6]);
});

test("back and changed is a second revision, without a gate; unchanged is none", async () => {
  await begin();
  desk.pick(1);
  watch(1100);
  desk.submit();
  await desk.back();
  expect([caption(), desk.current?.choice.shareable]).toEqual(["a caption of task-1", [1]]);
  desk.submit();
  expect(caption()).toBe("a caption of task-2");
  await desk.back();
  desk.pick(2);
  desk.submit();
  expect(caption()).toBe("a caption of task-2");
  await outbox.flush(PATIENCE_MS);
  expect(server.puts().map(({ body }) => [body.revision, body.shareable])).toEqual([[1, [1]], [2, [1, 2]]]);
  expect(desk.judged).toBe(1);
});

test("work goes on without the server, and counts what waits", async () => {
  await begin();
  server.down = true;
  desk.pick(1);
  watch(1100);
  desk.submit();
  await vi.waitFor(() => expect(outbox.trouble).toBe("offline"), PATIENCE_MS);
  expect([caption(), desk.judged, outbox.waiting]).toEqual(["a caption of task-2", 1, 1]);
  server.down = false;
  await outbox.flush(PATIENCE_MS);
  expect([desk.judged, outbox.waiting]).toEqual([1, 0]);
});

test("a laptop that slept keeps the task on the screen, and asks anew for those whose lease ran out", async () => {
  await begin();
  desk.pick(2);
  const woken = Date.now() + 20 * 60_000;
  vi.spyOn(Date, "now").mockReturnValue(woken);
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.waitFor(() => expect(server.told.length).toBe(2), PATIENCE_MS);
  expect(server.told[1]?.body).toEqual({ count: 5, holding: ["task-1"] });
  await vi.waitFor(() => expect(desk.trail.map(({ id }) => id)).toEqual(["task-1", "task-6"]), PATIENCE_MS);
  expect([caption(), desk.current?.choice.shareable]).toEqual(["a caption of task-1", [2]]);
});

test("a skipped task is gone, and the next one stands there", async () => {
  await begin();
  desk.skip("other");
  expect(caption()).toBe("a caption of task-2");
  await outbox.flush(PATIENCE_MS);
  expect(server.told.at(-1)).toMatchObject({ path: "/api/v1/annotate/assignments/task-1/skip/", body: { reason: "other" } });
});

test("what was picked survives a reload", async () => {
  await begin();
  desk.pick(2);
  const { assignment: shown } = desk.current ?? {};
  desk.stop();
  const { Work } = await import("./work.svelte");
  expect(shown && new Work(shown).choice.shareable).toEqual([2]);
});

test("reasons go with the answer, by number, for videos that are not picked", async () => {
  server.reasons = ["wrong_motion", "edges"];
  await begin();
  const { asking } = desk;
  desk.pick(1);
  asking.next();
  expect([asking.slot, desk.said]).toEqual([2, "Why not video 2? 1 wrong motion, 2 edges."]);
  asking.press(2);
  asking.press(3);
  expect([desk.said, desk.current?.choice.shareable]).toEqual(["Video 2: edges.", [1]]);
  watch(1100);
  desk.submit();
  await outbox.flush(PATIENCE_MS);
  expect(server.puts().map(({ body }) => body.reasons)).toEqual([[{ slot: 2, reasons: ["edges"] }]]);
  expect([desk.asking.slot, caption()]).toEqual([null, "a caption of task-2"]);
});

test("picking a video forgets why it was not picked, and it is asked about no more", async () => {
  server.reasons = ["wrong_motion"];
  await begin();
  desk.asking.about(2);
  desk.asking.press(1);
  desk.pick(2);
  expect([desk.asking.slot, desk.current?.reasons]).toEqual([null, {}]);
});

test("a reason alone is a change worth sending, and survives a reload before it is sent", async () => {
  server.reasons = ["seam_pops"];
  await begin();
  desk.asking.about(1);
  desk.asking.press(1);
  const { Work } = await import("./work.svelte");
  const shown = desk.current?.assignment as Assignment;
  expect(new Work(shown).reasons).toEqual({ 1: ["seam_pops"] });
  const judged = new Work({ ...shown, answer: { revision: 1, shareable: [2], none: false, comment: "", reasons: [{ slot: 1, reasons: ["seam_pops"] }], submitted_at: "2026-11-25T10:00:00Z" } });
  expect([judged.reasons, judged.changed]).toEqual([{ 1: ["seam_pops"] }, false]);
  judged.explain({});
  expect(judged.changed).toBe(true);
});

test("where the batch offers no reasons there is nothing to ask about", async () => {
  await begin();
  desk.asking.next();
  desk.asking.about(1);
  expect(desk.asking.slot).toBeNull();
});

test("a clip that cannot be shown is flagged once, cannot be picked, and holds nothing up", async () => {
  server.lose("/media/missing.webp");
  await desk.start();
  await vi.waitFor(() => expect(desk.current?.sheets.get(1)?.state).toBe("broken"), PATIENCE_MS);
  desk.painted(2);
  desk.sight(2, true);
  watch(1100);
  desk.pick(1);
  expect(desk.current?.choice.shareable).toEqual([]);
  desk.pick(2);
  desk.submit();
  expect(caption()).toBe("a caption of task-2");
  await outbox.flush(PATIENCE_MS);
  const flags = server.told.filter(({ path }) => path.endsWith("/flag/"));
  expect(flags.map(({ body }) => body.kind)).toEqual(["broken"]);
});
