import { expect, test } from "vitest";
import { filterOf, orderOf, unfiltered, viewOf } from "./filter";

const address = (query: string) => new URLSearchParams(query);

test("the address says what is shown", () => {
  const asked = address("view=clips&checkpoint=3&state=failed&finding=frozen&shared=nobody&caption=+dog+&order=worst_seam");
  expect(viewOf(asked)).toBe("clips");
  expect(filterOf(asked)).toEqual({ checkpoint: 3, state: "failed", finding: "frozen", shared: "nobody", caption: "dog" });
  expect(orderOf(asked)).toBe("worst_seam");
});

test("what an address cannot mean asks for nothing", () => {
  const asked = address("view=list&checkpoint=two&state=done&finding=&shared=all&caption=%20&order=random");
  expect(viewOf(asked)).toBe("prompts");
  expect(filterOf(asked)).toEqual({});
  expect(orderOf(asked)).toBeUndefined();
});

test("clearing takes the filters and leaves the view", () => {
  expect(unfiltered("/batches/3", address("view=clips&state=failed&order=worst_seam"))).toBe("/batches/3?view=clips&order=worst_seam");
  expect(unfiltered("/batches/3", address("caption=dog"))).toBe("/batches/3");
});
