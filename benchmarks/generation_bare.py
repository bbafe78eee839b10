"""`python -m benchmarks.generation_bare CHECKPOINT CLIPS AT_ONCE`: stickers in, RGBA frames out, and nothing else.

Prints the seconds a clip of each micro-batch as a JSON list; a first one, which warms up, is not counted.
"""

import json
import os
import sys
import time

import torch
from PIL import Image

from demo.machine import ROOT
from sticker_diffusion.animator import Animator


def main() -> None:
    checkpoint, clips, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(os.cpu_count() or 1)
    torch.set_flush_denormal(True)
    animator = Animator.load(ROOT / "checkpoints" / checkpoint)
    stickers = [
        Image.open(file).convert("RGBA") for file in sorted((ROOT / "demo" / "stickers").glob("*.png"))[:at_once]
    ]
    taken = []
    for first in range(0, clips + at_once, at_once):
        began = time.perf_counter()
        animator.animate_premultiplied(
            stickers,
            ["a happy dog jumping"] * at_once,
            animator.default_settings,
            list(range(first, first + at_once)),
        )
        taken.append((time.perf_counter() - began) / at_once)
    print(json.dumps(taken[1:]))


if __name__ == "__main__":
    main()
