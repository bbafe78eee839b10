"""Runs at the paper's scale: begun or gone on with in their folder, and written there as a checkpoint at their end."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch

from sticker_diffusion.autoencoder import AlphaAutoencoder
from sticker_diffusion.checkpoint import Provenance
from sticker_diffusion.latent.checkpoint import (
    LatentCheckpoint,
    LatentDescription,
    LatentModel,
    load_latent_checkpoint,
    save_latent_checkpoint,
)
from sticker_diffusion.latent.network import LatentNetwork
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.training.autoencoder import AutoencoderFinetuning, AutoencoderSettings
from sticker_diffusion.training.clip_folder import ClipFolder, ClipSource
from sticker_diffusion.training.latent import LatentSettings, LatentTraining
from sticker_diffusion.training.loop import Budget, Recipe, TrainingLoop
from sticker_diffusion.training.processes import joined
from sticker_diffusion.training.run_folder import RunFolder, source_commit
from sticker_diffusion.training.run_settings import keep_run_settings

SETTINGS = "settings.json"
CHECKPOINT = "checkpoint"
FONT_RESOLUTION = 224
"""At this size of the canvas the font's bitmaps keep their own pixels."""
NO_SHEETS = float("inf")


def font_bank() -> StickerBank:
    return StickerBank.load(resolution=FONT_RESOLUTION)


def train_autoencoder(settings: AutoencoderSettings, out: Path, *, bank: Callable[[], StickerBank] = font_bank) -> None:
    """Finetune the autoencoder of a latent checkpoint in the folder `out`; the rest of the checkpoint stays."""
    start = load_latent_checkpoint(Path(settings.initial))
    edges = torch.tensor(start.description.bucket_edges)
    clips: ClipSource
    if settings.clip_folder is None:
        clips = ClipGenerator(bank(), size=settings.size, seed=settings.seed, edges=edges)
    else:
        folder = Path(settings.clip_folder)
        clips = ClipFolder(folder, frames=settings.frames, size=settings.size, edges=edges, seed=settings.seed)
    recipe = AutoencoderFinetuning(settings, start.model.autoencoder, clips)
    loop = _run(recipe, settings, out)
    model = dataclasses.replace(start.model, autoencoder=cast(AlphaAutoencoder, loop.averaged.network))
    _write(start, model, settings, out, command="train-autoencoder", loop=loop)


def train_latent(settings: LatentSettings, out: Path, *, bank: Callable[[], StickerBank] = font_bank) -> None:
    """Train the network of a latent checkpoint in the folder `out`."""
    start = load_latent_checkpoint(Path(settings.initial))
    a, edges = start.architecture, torch.tensor(start.description.bucket_edges)
    clips: ClipSource
    if settings.clip_folder is None:
        clips = ClipGenerator(
            bank(),
            frames=a.frames,
            size=a.size,
            seed=settings.seed,
            edges=edges,
            mirror_probability=settings.mirror_probability,
            frame_sampling="normalised",
        )
    else:
        folder = Path(settings.clip_folder)
        clips = ClipFolder(folder, frames=a.frames, size=a.size, edges=edges, shown=settings.shown, seed=settings.seed)
    loop = _run(LatentTraining(settings, start.model, start.schedule, clips), settings, out)
    model = dataclasses.replace(start.model, network=cast(LatentNetwork, loop.averaged.network))
    _write(start, model, settings, out, command="train", loop=loop)


def _run(recipe: Recipe, settings: AutoencoderSettings | LatentSettings, out: Path) -> TrainingLoop:
    folder = RunFolder(out)
    with joined(recipe.precision.device) as processes:
        with processes.main_first():
            keep_run_settings(out / SETTINGS, settings)
        loop = TrainingLoop(
            recipe=recipe,
            settings=settings.optimiser,
            budget=Budget(settings.clips, settings.minutes),
            batch=settings.batch,
            accumulate=settings.accumulate,
            processes=processes,
            folder=folder,
            save_minutes=settings.save_minutes,
            sheet_minutes=NO_SHEETS,
        )
        loop.run()
    return loop


def _write(
    start: LatentCheckpoint,
    model: LatentModel,
    settings: AutoencoderSettings | LatentSettings,
    out: Path,
    *,
    command: str,
    loop: TrainingLoop,
) -> None:
    """The checkpoint folder of a run, with the averaged weights."""
    if not loop.processes.is_main:
        return
    recipe = {
        "command": command,
        "settings": dataclasses.asdict(settings),
        "steps": loop.step,
        "clips": loop.clips,
        "minutes": round(loop.seconds / 60, 1),
    }
    trained = bool(start.description.provenance.recipe.get("trained")) or command == "train"
    description = dataclasses.replace(
        start.description,
        name=out.name,
        provenance=Provenance(
            parent=start.description.name,
            data={
                "stickers": settings.clip_folder or "procedural clips of colour-emoji stickers",
                "split": "train",
                "clips": loop.clips,
            },
            recipe={**recipe, "trained": trained},
            commit=source_commit(),
        ),
    )
    card = _card(description)
    save_latent_checkpoint(out / CHECKPOINT, model=model, description=description, card=card, text_of=start.folder)


def _card(description: LatentDescription) -> str:
    a, p = description.architecture, description.provenance
    return f"""# {description.name}

A latent diffusion model of {a.frames} looping frames of {a.size}×{a.size} premultiplied RGBA, from `{p.parent}`.

- Made by `python -m sticker_diffusion.latent {p.recipe["command"]}`: {p.recipe["steps"]:,} steps over
  {p.recipe["clips"]:,} clips in {p.recipe["minutes"]} minutes; the averaged weights, in fp16. The whole configuration
  is in checkpoint.json.
- Data: {p.data["stickers"]}. Of procedural clips a twentieth of the stickers, fixed by hash, is held out.
- {"Its network was trained to animate." if p.recipe["trained"] else "Its network is not trained to animate yet."}
- The licences of the adopted weights apply.
"""
