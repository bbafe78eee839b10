import { expect, test } from "vitest";
import { ROUTES, routeOf } from "../routes";
import { match } from "./match";

test("a pattern takes its own path and names the parts", () => {
  expect(match("/batches/:id", "/batches/12")).toEqual({ id: "12" });
  expect(match("/batches/:id", "/batches/12/")).toEqual({ id: "12" });
  expect(match("/", "/")).toEqual({});
});

test("a pattern takes no other path", () => {
  for (const path of ["/batches", "/batches/12/clips", "/prompts/12", "/"]) expect(match("/batches/:id", path)).toBeNull();
});

test("parts are decoded, and kept as they are where they cannot be", () => {
  expect(match("/join/:secret", "/join/a%2Fb")).toEqual({ secret: "a/b" });
  expect(match("/join/:secret", "/join/100%")).toEqual({ secret: "100%" });
});

test("a word of its own comes before a parameter", () => {
  expect(routeOf("/batches/new")?.route.title).toBe("New batch");
  expect(routeOf("/batches/7")?.params).toEqual({ id: "7" });
});

test("an address nobody has is nobody's", () => {
  expect(routeOf("/nowhere")).toBeNull();
});

test("only the door is open to strangers", () => {
  const open = ROUTES.filter(({ least }) => least === null).map(({ pattern }) => pattern);
  expect(open).toEqual(["/", "/signin", "/join/:secret"]);
});
