import { describe, expect, it } from "vitest";
import { nameIn } from "./calls";

describe("the name of a downloaded file", () => {
  it("is read as the server writes it, in any script", () => {
    expect(nameIn('attachment; filename="a-dog-gif.gif"', "gif")).toBe("a-dog-gif.gif");
    expect(nameIn("attachment; filename*=utf-8''ein-b%C3%A4r-gif.gif", "gif")).toBe("ein-bär-gif.gif");
  });

  it("is the format's where the server names none", () => {
    expect(nameIn("", "gif")).toBe("gif");
  });
});
