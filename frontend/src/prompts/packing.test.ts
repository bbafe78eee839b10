import { expect, test } from "vitest";
import { chosen, nameOf, packed } from "./packing";

function file(name: string, text = "x"): File {
  return new File([text], name);
}

function inFolder(path: string): File {
  const made = file(path.split("/").at(-1) ?? "");
  Object.defineProperty(made, "webkitRelativePath", { value: path });
  return made;
}

test("a folder keeps its paths, and what systems leave behind stays out", () => {
  const found = chosen([inFolder("spring/a.png"), inFolder("spring/.DS_Store"), inFolder("spring/deep/b.png"), inFolder("__MACOSX/a.png")]);
  expect(found.map(({ path }) => path)).toEqual(["spring/a.png", "spring/deep/b.png"]);
  expect(nameOf(found)).toBe("spring");
});

test("one zip travels as it is", async () => {
  const zip = file("Spring.ZIP");
  expect(await packed(chosen([zip]))).toBe(zip);
});

test("anything else becomes one zip, named after the folder or the first file", async () => {
  const zip = await packed(chosen([file("prompts.csv", "caption,sticker"), file("dog.png")]));
  expect(zip.name).toBe("prompts.zip");
  const bytes = new Uint8Array(await zip.arrayBuffer());
  expect([...bytes.slice(0, 4)]).toEqual([0x50, 0x4b, 0x03, 0x04]);
  const text = new TextDecoder("latin1").decode(bytes);
  expect(text).toContain("prompts.csv");
  expect(text).toContain("caption,sticker");
});
