import type { Guide } from "./types";

export const NO_GUIDE: Guide = { examples: [], practice: [] };

/** What a person was shown of a batch, kept on this device, so that it is shown again only where it changed. */
export class Shown {
  readonly #key: string;

  constructor(what: "greeted" | "practised", batch: string) {
    this.#key = `stickerloop-${what}-${batch}`;
  }

  knows(content: string): boolean {
    return content === "" || localStorage.getItem(this.#key) === content;
  }

  note(content: string): void {
    localStorage.setItem(this.#key, content);
  }
}

/** The words of a batch's instructions and examples; empty where there are none. */
export function wordsOf(instructions: string, guide: Guide): string {
  return [instructions, ...guide.examples.map(({ animation, note }) => `${animation} ${note}`)].join("\n").trim();
}

/** Which clips are practised on; empty where there is nothing to practise. */
export function practiceOf(guide: Guide): string {
  return guide.practice.map(({ animation }) => animation).join("\n");
}
