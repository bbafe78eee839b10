import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/errors";
import { type Letter, openLetters, type StoredLetter } from "./letters";
import { type Deliver, Outbox } from "./outbox.svelte";

/** Far above what it takes, for machines that do much else. */
const PATIENCE_MS = 10_000;
let number = 0;
let database = "";
const open: Outbox<string>[] = [];

beforeEach(() => {
  database = `letters-${++number}`;
});

afterEach(() => {
  for (const outbox of open.splice(0)) outbox.stop();
});

function letter(assignment: string): Letter {
  return { kind: "skip", batch: "spring", assignment, body: { reason: "" } };
}

async function outbox(deliver: Deliver<string>, person = "ann"): Promise<Outbox<string>> {
  const made = new Outbox(person, await openLetters(database), deliver);
  open.push(made);
  return made;
}

const sent = (deliver: ReturnType<typeof vi.fn<Deliver<string>>>) => deliver.mock.calls.map(([{ assignment }]) => assignment);

test("letters go out in the order they were written, one at a time", async () => {
  let under = 0;
  const deliver = vi.fn<Deliver<string>>(async () => {
    expect(++under).toBe(1);
    await Promise.resolve();
    under--;
    return "ok";
  });
  const box = await outbox(deliver);
  box.start();
  for (const name of ["a", "b", "c"]) await box.post(letter(name));
  expect(await box.flush(PATIENCE_MS)).toBe(true);
  expect(sent(deliver)).toEqual(["a", "b", "c"]);
  expect(box.waiting).toBe(0);
});

test("what was written before the page was closed is sent by the next one", async () => {
  const before = await outbox(vi.fn<Deliver<string>>());
  await before.post(letter("a"));
  before.stop();
  const deliver = vi.fn<Deliver<string>>(async () => "ok");
  const after = await outbox(deliver);
  after.start();
  expect(await after.flush(PATIENCE_MS)).toBe(true);
  expect(sent(deliver)).toEqual(["a"]);
});

test("it tries again until the server has it, and says that it is offline meanwhile", async () => {
  const deliver = vi.fn<Deliver<string>>().mockRejectedValueOnce(new ApiError("no way", 0)).mockResolvedValue("ok");
  const box = await outbox(deliver);
  box.start();
  await box.post(letter("a"));
  await vi.waitFor(() => expect(box.trouble).toBe("offline"), PATIENCE_MS);
  expect(box.waiting).toBe(1);
  box.wake();
  await vi.waitFor(() => expect(box.waiting).toBe(0), PATIENCE_MS);
  expect(box.trouble).toBeNull();
  expect(sent(deliver)).toEqual(["a", "a"]);
});

test("an ended session keeps everything until somebody signs in again", async () => {
  const deliver = vi.fn<Deliver<string>>().mockRejectedValueOnce(new ApiError("sign in", 401)).mockResolvedValue("ok");
  const box = await outbox(deliver);
  box.start();
  await box.post(letter("a"));
  await box.post(letter("b"));
  await vi.waitFor(() => expect(box.trouble).toBe("expired"), PATIENCE_MS);
  expect(box.waiting).toBe(2);
  box.wake();
  await vi.waitFor(() => expect(box.waiting).toBe(0), PATIENCE_MS);
  expect(sent(deliver)).toEqual(["a", "a", "b"]);
});

test("a refused letter is kept and shown, and holds up no other", async () => {
  const deliver = vi.fn<Deliver<string>>(async ({ assignment }) => {
    if (assignment === "a") throw new ApiError("The slots 1 to 5 are expected.", 400);
    return "ok";
  });
  const box = await outbox(deliver);
  box.start();
  await box.post(letter("a"));
  await box.post(letter("b"));
  expect(await box.flush(PATIENCE_MS)).toBe(true);
  await vi.waitFor(() => expect(box.refused.map(({ refusal }) => refusal)).toEqual(["The slots 1 to 5 are expected."]), PATIENCE_MS);
  expect(sent(deliver)).toEqual(["a", "b"]);
  const [refused] = box.refused;
  await box.dismiss(refused as StoredLetter);
  expect(box.refused).toEqual([]);
});

test("letters belong to the person who wrote them", async () => {
  const anns = await outbox(vi.fn<Deliver<string>>(), "ann");
  await anns.post(letter("a"));
  const deliver = vi.fn<Deliver<string>>(async () => "ok");
  const bens = await outbox(deliver, "ben");
  bens.start();
  await bens.post(letter("b"));
  expect(await bens.flush(PATIENCE_MS)).toBe(true);
  expect(sent(deliver)).toEqual(["b"]);
  expect((await anns.pending()).map(({ assignment }) => assignment)).toEqual(["a"]);
});

test("a flush that cannot be done says so in time", async () => {
  const box = await outbox(vi.fn<Deliver<string>>().mockRejectedValue(new ApiError("no way", 0)));
  box.start();
  await box.post(letter("a"));
  expect(await box.flush(120)).toBe(false);
  expect(box.waiting).toBe(1);
});

test("the answer reaches the page, and other tabs hear that it was delivered", async () => {
  const box = await outbox(vi.fn<Deliver<string>>(async () => "next tasks"));
  const other = await outbox(vi.fn<Deliver<string>>());
  const heard: [string, string | null][] = [];
  box.onDelivered(({ assignment }, result) => heard.push([assignment, result]));
  other.onDelivered(({ assignment }, result) => heard.push([assignment, result]));
  box.start();
  await box.post(letter("a"));
  await vi.waitFor(() => expect(heard).toHaveLength(2), PATIENCE_MS);
  expect(heard).toEqual([["a", "next tasks"], ["a", null]]);
});

test("one tab sends at a time; the next one takes over when it closes", async () => {
  const locks = new OneAtATime();
  Object.defineProperty(navigator, "locks", { value: locks, configurable: true });
  try {
    const first = vi.fn<Deliver<string>>(async () => "first");
    const second = vi.fn<Deliver<string>>(async () => "second");
    const [one, two] = [await outbox(first), await outbox(second)];
    one.start();
    two.start();
    await two.post(letter("a"));
    expect(await two.flush(PATIENCE_MS)).toBe(true);
    one.stop();
    await two.post(letter("b"));
    expect(await two.flush(PATIENCE_MS)).toBe(true);
    expect([sent(first), sent(second)]).toEqual([["a"], ["b"]]);
  } finally {
    Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
  }
});

/** The part of the browser's LockManager that the outbox stands on. */
class OneAtATime {
  #last: Promise<void> = Promise.resolve();

  request(_name: string, _options: object, work: () => Promise<void>): Promise<void> {
    return (this.#last = this.#last.then(work));
  }
}
