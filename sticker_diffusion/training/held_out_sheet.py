"""What a model in training makes of fixed prompts: held-out stickers, the same pairs and seeds each time."""

from pathlib import Path

import torch

from sticker_diffusion.animator import generate
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers.clips import PoseShown, held_out_pairs, render_clip
from sticker_diffusion.stickers.emoji import StickerBank, render_emoji
from sticker_diffusion.training.contact_sheet import contact_sheet

ROWS = 20


def draw_held_out(
    network: AnimationNetwork,
    path: Path,
    *,
    schedule: ScheduleSettings,
    settings: SamplerSettings,
    bank: StickerBank,
    pose: PoseShown,
    distilled: Distilled | None = None,
) -> None:
    """Rows in pairs: what the keyframe animations would have made of a held-out sticker, and under it the model's."""
    a = network.architecture
    pairs = held_out_pairs(bank, ROWS)
    stickers = torch.stack([render_emoji(pair.character, a.size) for pair in pairs]) * 2 - 1
    made = generate(
        network,
        schedule,
        stickers=stickers,
        captions=[pair.caption for pair in pairs],
        settings=settings,
        seeds=[pair.seed for pair in pairs],
        distilled=distilled,
    ).x0
    rows = []
    for pair, sticker, clip in zip(pairs, stickers, made, strict=True):
        rows += [render_clip(sticker, verb=pair.verb, pose=pose, frames=a.frames), clip]
    contact_sheet(rows, path)
