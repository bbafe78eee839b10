"""Contact sheets of the loop: the same held-out prompts through every model, as a picture that loops and as stills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from benchmarks.grid_sheet import grid_sheet
from benchmarks.loop_eyes import small_frames, small_sticker
from benchmarks.loop_plan import PARTS
from benchmarks.loop_prompts import verb_of
from inference_worker.blobs import BlobStore
from sticker_diffusion.stickers.image import resize

SHEET = "clips"
LOOP_SIDE, STILL_SIDE = 112, 64
STILLS = (2, 4, 6)
FRAME_MS = 125
SHOWN = {part: part.replace("student_", "").replace("teacher-", "t. ") for part in PARTS if part != "oracle"}
Json = dict[str, Any]


def write_sheets(clips: Sequence[Json], *, prompts: Sequence[str], blobs: str, folder: Path) -> None:
    """clips.webp, in which every clip loops, and clips-stills.webp with some frames of each. One row a prompt."""
    store = BlobStore(blobs)
    made = {(clip["prompt"], clip["checkpoint"]): clip for clip in clips}
    rows: list[tuple[str, Tensor, list[Tensor]]] = []
    for prompt in prompts:
        of_prompt = [made[prompt, PARTS[part]] for part in SHOWN if (prompt, PARTS[part]) in made]
        if len(of_prompt) < len(SHOWN):
            continue  # of a clip that failed there is nothing to show
        sticker = small_sticker(store.get(of_prompt[0]["sticker"]))
        frames = [small_frames(clip["master"], store, size=LOOP_SIDE) for clip in of_prompt]
        rows.append((verb_of(prompt), sticker, frames))
    loop = [sheet(rows, frames=(place,), side=LOOP_SIDE) for place in range(8)]
    loop[0].save(
        folder / f"{SHEET}.webp", save_all=True, append_images=loop[1:], duration=FRAME_MS, loop=0, quality=80, method=4
    )
    sheet(rows, frames=STILLS, side=STILL_SIDE).save(folder / f"{SHEET}-stills.webp", quality=85, method=6)


def sheet(rows: Sequence[tuple[str, Tensor, list[Tensor]]], *, frames: Sequence[int], side: int) -> Image.Image:
    heads = [(0, "sticker"), *((1 + len(frames) * place, name) for place, name in enumerate(SHOWN.values()))]
    drawn = [
        (verb, [resize(sticker, side), *(resize(clip[frame], side) for clip in clips for frame in frames)])
        for verb, sticker, clips in rows
    ]
    return grid_sheet(drawn, heads=heads)
