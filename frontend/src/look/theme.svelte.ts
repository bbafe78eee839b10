export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT_AS = "stickerloop-theme";

/** Light, dark, or as the system is; kept on this device. */
class ThemeChoice {
  #now = $state<Theme>(THEMES.find((theme) => theme === localStorage.getItem(KEPT_AS)) ?? "auto");

  get now(): Theme {
    return this.#now;
  }

  set now(theme: Theme) {
    this.#now = theme;
    localStorage.setItem(KEPT_AS, theme);
    this.apply();
  }

  apply(): void {
    if (this.#now === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.#now;
  }
}

export const theme = new ThemeChoice();
