import { expect, test } from "vitest";
import { actionOf, type Press, READABLE, SHORTCUTS, slotOf } from "./shortcuts";

function press(key: string, more: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, target: document.body, ...more };
}

function element(html: string): Element {
  document.body.innerHTML = html;
  const made = document.body.firstElementChild;
  if (!made) throw new Error(`no element in ${html}`);
  return made;
}

test("every key of the table does what the table says, and no key stands twice", () => {
  const keys = SHORTCUTS.flatMap(({ keys }) => keys);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { keys: own, action } of SHORTCUTS) for (const key of own) expect(actionOf(press(key))).toBe(action);
});

test("digits pick slots, 0 picks none", () => {
  expect(["1", "9"].map((key) => slotOf(actionOf(press(key)) ?? "help"))).toEqual([1, 9]);
  expect(actionOf(press("0"))).toBe("none");
});

test("capitals count as their letters", () => {
  expect(actionOf(press("S"))).toBe("skip");
});

test("the help shows every action, the nine slots in one line", () => {
  const shown = new Set(READABLE.map(({ action }) => action));
  expect(SHORTCUTS.filter(({ action }) => slotOf(action) === null && !shown.has(action))).toEqual([]);
  expect(READABLE.filter(({ action }) => slotOf(action) !== null)).toHaveLength(1);
});

test("the browser keeps its own chords", () => {
  expect(["ctrlKey", "metaKey", "altKey"].map((held) => actionOf(press("f", { [held]: true })))).toEqual([null, null, null]);
});

test("a key held down submits once, and steps on", () => {
  expect(actionOf(press("Enter", { repeat: true }))).toBeNull();
  expect(actionOf(press(".", { repeat: true }))).toBe("stepOn");
});

test("what is typed in a field is not a command", () => {
  for (const html of ["<textarea></textarea>", "<input type=text>", "<select></select>"]) {
    expect(actionOf(press("s", { target: element(html) }))).toBeNull();
  }
  expect(actionOf(press("Escape", { target: element("<textarea></textarea>") }))).toBe("close");
});

test("Enter and space belong to a focused button, space to a focused box", () => {
  const button = element("<button></button>");
  expect([actionOf(press("Enter", { target: button })), actionOf(press(" ", { target: button })), actionOf(press("2", { target: button }))]).toEqual([null, null, "slot2"]);
  const box = element("<input type=checkbox>");
  expect([actionOf(press(" ", { target: box })), actionOf(press("Enter", { target: box }))]).toEqual([null, "submit"]);
});
