export const BACKGROUNDS = ["light", "dark", "chat", "checker"] as const;
export type Background = (typeof BACKGROUNDS)[number];

const KEPT_AS = "stickerloop-background";

/** What loops are looked at on; kept on this device. */
class BackgroundChoice {
  #now = $state<Background>(kept());

  get now(): Background {
    return this.#now;
  }

  set now(background: Background) {
    this.#now = background;
    localStorage.setItem(KEPT_AS, background);
  }

  next(): void {
    this.now = BACKGROUNDS[(BACKGROUNDS.indexOf(this.#now) + 1) % BACKGROUNDS.length] ?? "light";
  }
}

function kept(): Background {
  const found = localStorage.getItem(KEPT_AS);
  const usual = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  return BACKGROUNDS.find((background) => background === found) ?? usual;
}

export const background = new BackgroundChoice();
