export const BACKGROUNDS = ["light", "dark", "chat", "chat-dark", "checker"] as const;
export type Background = (typeof BACKGROUNDS)[number];
export const CALLED: Record<Background, string> = { light: "light", dark: "dark", chat: "chat by day", "chat-dark": "chat by night", checker: "checker" };

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

  /** Whether loops are shown in a message, as large as people will see them. */
  get chat(): boolean {
    return this.#now === "chat" || this.#now === "chat-dark";
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
