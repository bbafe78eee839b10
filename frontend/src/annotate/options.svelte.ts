const KEPT_AS = "stickerloop-none-submits";

/** What a person likes otherwise than others do; kept on this device. */
class Options {
  #noneSubmits = $state(localStorage.getItem(KEPT_AS) === "yes");

  /** "None of these" is submitted at once, without Enter. */
  get noneSubmits(): boolean {
    return this.#noneSubmits;
  }

  set noneSubmits(wanted: boolean) {
    this.#noneSubmits = wanted;
    localStorage.setItem(KEPT_AS, wanted ? "yes" : "no");
  }
}

export const options = new Options();
