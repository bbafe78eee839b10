import { afterEach, beforeEach, expect, test } from "vitest";
import { router } from "./router.svelte";

let stop: () => void;

beforeEach(() => {
  history.replaceState(null, "", "/batches");
  stop = router.start();
  router.go("/batches", { replace: true });
});

afterEach(() => stop());

function click(html: string, how: MouseEventInit = {}): MouseEvent {
  document.body.innerHTML = html;
  const event = new MouseEvent("click", { bubbles: true, cancelable: true, button: 0, ...how });
  document.body.querySelector("a")?.dispatchEvent(event);
  return event;
}

test("a plain link is followed without leaving the page", () => {
  expect(click('<a href="/prompts/3?x=1"><b>Set</b></a>').defaultPrevented).toBe(true);
  expect([router.path, router.query.get("x"), location.pathname]).toEqual(["/prompts/3", "1", "/prompts/3"]);
});

test("a link for a new tab, a download and the server's own addresses are left to the browser", () => {
  expect(click('<a href="/prompts">x</a>', { ctrlKey: true }).defaultPrevented).toBe(false);
  expect(click('<a href="/prompts" download>x</a>').defaultPrevented).toBe(false);
  expect(click('<a href="/api/v1/exports/1/file/">x</a>').defaultPrevented).toBe(false);
  expect(router.path).toBe("/batches");
});

test("a filter lives in the address, and leaves it when emptied", () => {
  router.filter("state", "failed");
  expect(location.search).toBe("?state=failed");
  router.filter("state", "");
  expect([location.search, router.path]).toEqual(["", "/batches"]);
});
