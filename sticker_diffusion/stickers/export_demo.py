"""Draw the demo's stickers and write its prompts: `python -m sticker_diffusion.stickers.export_demo [FOLDER]`.

Needs the emoji font; what it writes is committed, so that the demo does not.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import NamedTuple

from sticker_diffusion.stickers.emoji import emoji_name, render_emoji, split_of
from sticker_diffusion.stickers.sticker_folder import straight_image

SIZE = 384
FOLDER = Path("demo")


class DemoPrompt(NamedTuple):
    """A sticker and what it shall do. An emoji that training held out goes to the prompts kept for evaluation."""

    character: str
    caption: str

    @property
    def split(self) -> str:
        return "heldout" if split_of(self.character) == "heldout" else "hitl"

    @property
    def file_name(self) -> str:
        return emoji_name(self.character).replace(" ", "-") + ".png"


PROMPTS = tuple(
    DemoPrompt(*row)
    for row in (
        ("🐶", "a happy dog jumping"),
        ("🐱", "a cat swaying side to side"),
        ("🍕", "pizza, spinning around"),
        ("🚀", "a rocket shaking all over"),
        ("🐙", "an octopus wobbling like jelly"),
        ("🐸", "the frog is hopping on the spot"),
        ("🦄", "a unicorn with sparkles"),
        ("🎃", "a jack-o-lantern shivering"),
        ("🍅", "a tomato bouncing like a ball"),
        ("🐧", "a penguin sways"),
        ("⛄", "the snowman is nodding"),
        ("🌵", "a cactus stretching up"),
        ("😀", "a grinning face nods yes"),
        ("🐢", "a turtle fast asleep"),
        ("🍩", "a donut rolling"),
        ("🦊", "a fox in love"),
        ("🐼", "a sleepy panda, snoring"),
        ("🐔", "a chicken crying"),
        ("🐳", "a whale floating in the air"),
        ("🌻", "a sunflower swaying in the wind"),
        ("🐰", "a rabbit leaping into the air"),
        ("🦁", "make the lion wiggle"),
        ("🐵", "a monkey swinging like a pendulum"),
        ("🐝", "a bee hovering"),
        ("🦋", "a butterfly glittering"),
        ("🐞", "ladybug, wiggling around"),
        ("🍓", "a sweet strawberry blowing kisses"),
        ("🍎", "an apple popping up"),
        ("🍔", "a hamburger that pulses"),
        ("🍦", "ice cream in tears"),
        ("🎂", "a birthday cake with hearts"),
        ("🎈", "a balloon drifting"),
        ("🎁", "the present pops out"),
        ("⚽", "a soccer ball rolling on the ground"),
        ("🌙", "the moon hanging and swinging"),
        ("⭐", "a star, twinkling"),
        ("🌈", "a rainbow rippling like water"),
        ("🤖", "a robot rotating"),
        ("👻", "a ghost undulating"),
        ("👽", "an alien growing and shrinking"),
        ("🔥", "fire pulsating"),
        ("🍄", "a mushroom beating like a heart"),
        ("🦖", "a t-rex jumping for joy"),
        ("🦀", "a crab wiggling"),
        ("🦝", "a raccoon jumping up"),
        ("🦚", "a peacock swaying in the wind"),
        ("🧇", "a waffle spinning"),
        ("🛴", "the scooter is bouncing"),
        ("🥤", "a cup with a straw shaking"),
        ("🪐", "a ringed planet rolling"),
        ("🎩", "a top hat popping up"),
        ("🥶", "a freezing face trembling"),
        ("🦂", "a scorpion in love"),
        ("🪅", "a pinata swinging"),
        ("😉", "a winking face nodding along"),
        ("🧦", "socks stretching"),
    )
)


def export_demo(folder: Path) -> None:
    """Write `stickers/*.png` (SIZE × SIZE, straight alpha) and `prompts.csv` under the folder."""
    stickers = folder / "stickers"
    stickers.mkdir(parents=True, exist_ok=True)
    with (folder / "prompts.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("external_id", "caption", "sticker", "split"))
        for prompt in PROMPTS:
            straight_image(render_emoji(prompt.character, SIZE)).save(stickers / prompt.file_name, optimize=True)
            rows.writerow(
                (f"emoji-{ord(prompt.character):x}", prompt.caption, f"stickers/{prompt.file_name}", prompt.split)
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    export_demo(folder)
    print(f"{len(PROMPTS)} stickers and prompts.csv are in {folder}.")


if __name__ == "__main__":
    main()
