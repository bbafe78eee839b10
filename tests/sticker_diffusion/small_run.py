"""A finetune in small, from a checkpoint and a release that it writes itself; run as a program, to be killed."""

import sys
from pathlib import Path

import torch

from sticker_diffusion.checkpoint import FORMAT_VERSION, Description, Provenance, save_checkpoint
from sticker_diffusion.heads import HeadSettings
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.particles import ParticleSettings
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.text import TextSettings
from sticker_diffusion.training.clip_source import ClipsSettings
from sticker_diffusion.training.config import FinetuneSettings
from sticker_diffusion.training.student_runs import finetune
from sticker_diffusion.unet import UNetSettings
from tests.sticker_diffusion.small_release import release_folder

CHARACTERS = [chr(code) for code in range(0x1F600, 0x1F620)]


def small_bank() -> StickerBank:
    return StickerBank.build(CHARACTERS, resolution=48)


def small_checkpoint(folder: Path) -> Path:
    torch.manual_seed(0)
    network = AnimationNetwork(
        Architecture(
            size=16,
            bucket_width=8,
            unet=UNetSettings(widths=(8, 16), heads=2, groups=4),
            text=TextSettings(buckets=256, width=16, layers=1, heads=2),
            head=HeadSettings(features=8, hidden=16),
            particles=ParticleSettings(hidden=16),
        )
    )
    description = Description(
        format_version=FORMAT_VERSION,
        name=folder.name,
        architecture=network.architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(edge) for edge in range(15)),
        sampler=SamplerSettings(size=64),
        provenance=Provenance(recipe={"settings": {"pose": "height"}}),
    )
    save_checkpoint(folder, network=network, description=description, card="small")
    return folder


def small_settings(work: Path, *, clips: int) -> FinetuneSettings:
    """From what is in `work`, written there if it is not yet; saved after every step."""
    release, initial = work / "release", work / "initial"
    if not release.exists():
        release_folder(release, {}, {}, {})
        small_checkpoint(initial)
    return FinetuneSettings(
        initial=str(initial),
        data=ClipsSettings(release=str(release), replay=0.25),
        clips=clips,
        batch=4,
        threads=1,
        dtype="float32",
        save_minutes=0.0,
    )


if __name__ == "__main__":
    finetune(small_settings(Path(sys.argv[1]), clips=int(sys.argv[3])), Path(sys.argv[2]), bank=small_bank)
