"""Runs that start from a checkpoint and end with one, begun or gone on with: finetunes, preferences, distillations."""

import dataclasses
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from sticker_diffusion.checkpoint import Checkpoint, Description, Provenance, load_checkpoint, save_checkpoint
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.training.config import DistilSettings, FinetuneSettings, PreferSettings
from sticker_diffusion.training.distil import Distillation
from sticker_diffusion.training.finetune import HitlFinetuning
from sticker_diffusion.training.held_out_sheet import draw_held_out
from sticker_diffusion.training.loop import Budget, TrainingLoop
from sticker_diffusion.training.prefer import Preferring
from sticker_diffusion.training.processes import joined
from sticker_diffusion.training.run_folder import RunFolder, source_commit
from sticker_diffusion.training.run_settings import keep_run_settings

SETTINGS = "settings.json"
CHECKPOINT = "checkpoint"
Bank = Callable[[], StickerBank]


def finetune(settings: FinetuneSettings, out: Path, *, bank: Bank = StickerBank.load) -> bool:
    """HITL finetune in the folder `out`, going on from its last saved state, up to a checkpoint in OUT/checkpoint.

    Whether the run came to its end: False where a signal stopped it. Of a begun run's settings only the budget may
    change; SettingsError otherwise, and CheckpointError where `initial` cannot be loaded.
    """
    bank = cache(bank)
    initial = load_checkpoint(Path(settings.initial))
    clips = settings.data.source(initial.architecture, _edges(initial), bank)
    recipe = HitlFinetuning(settings, initial, clips)
    ending = dataclasses.replace(initial.description, architecture=recipe.network.architecture)
    return _run(recipe, settings, out, ending=ending, parent=initial, command="finetune", bank=bank)


def distil(settings: DistilSettings, out: Path, *, bank: Bank = StickerBank.load) -> bool:
    """Distil in the folder `out`, as `finetune` goes."""
    bank = cache(bank)
    teacher = load_checkpoint(Path(settings.teacher))
    initial = None if settings.initial is None else load_checkpoint(Path(settings.initial))
    clips = settings.data.source(teacher.architecture, _edges(teacher), bank)
    recipe = Distillation(settings, teacher, initial, clips)
    steps = settings.steps if settings.goal == "steps" else None
    ending = dataclasses.replace(
        teacher.description,
        architecture=recipe.network.architecture,
        distilled=Distilled(settings.text_scale, settings.image_scale, steps),
        sampler=_distilled_sampler(teacher.sampler, settings),
    )
    return _run(recipe, settings, out, ending=ending, parent=teacher, command="distil", bank=bank)


def prefer(settings: PreferSettings, out: Path, *, bank: Bank = StickerBank.load) -> bool:
    """Learn preferences in the folder `out`, as `finetune` goes."""
    initial = load_checkpoint(Path(settings.initial))
    a = initial.architecture
    pairs = settings.data.source(frames=a.frames, size=a.size, edges=_edges(initial))
    recipe = Preferring(settings, initial, pairs)
    return _run(recipe, settings, out, ending=initial.description, parent=initial, command="prefer", bank=cache(bank))


def _distilled_sampler(of_teacher: SamplerSettings, settings: DistilSettings) -> SamplerSettings:
    guided = dataclasses.replace(
        of_teacher, text_scale=settings.default_text_scale, image_scale=settings.default_image_scale, rescale=0.0
    )
    return dataclasses.replace(guided, steps=settings.steps, solver="ddim") if settings.goal == "steps" else guided


def _edges(checkpoint: Checkpoint) -> Tensor:
    return torch.tensor(checkpoint.description.bucket_edges)


def _run(
    recipe: HitlFinetuning | Distillation | Preferring,
    settings: FinetuneSettings | DistilSettings | PreferSettings,
    out: Path,
    *,
    ending: Description,
    parent: Checkpoint,
    command: str,
    bank: Bank,
) -> bool:
    torch.set_num_threads(settings.threads)
    torch.set_flush_denormal(True)
    folder = RunFolder(out)

    def draw_sheet(network: nn.Module, seen: int) -> None:
        draw_held_out(
            cast(AnimationNetwork, network),
            out / "sheets" / f"{seen:07d}.png",
            schedule=ending.schedule,
            settings=dataclasses.replace(ending.sampler, dtype=native_dtype("bfloat16", str(recipe.precision.device))),
            bank=bank(),
            pose=parent.pose,
            distilled=ending.distilled,
        )

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
            sheet_minutes=settings.sheet_minutes,
            draw_sheet=draw_sheet,
        )
        loop.run()
    if loop.progress < 1:
        return False
    if not processes.is_main:
        return True
    description = dataclasses.replace(
        ending,
        name=out.name,
        provenance=Provenance(
            parent=parent.description.name,
            data={"stickers": settings.data.said(), "clips": loop.clips},
            recipe={
                "command": command,
                # What the sticker shows is the parent's to say.
                "settings": {**dataclasses.asdict(settings), "pose": parent.pose},
                "steps": loop.step,
                "minutes": round(loop.seconds / 60, 1),
            },
            commit=source_commit(),
        ),
    )
    network = cast(AnimationNetwork, loop.averaged.network)
    save_checkpoint(out / CHECKPOINT, network=network, description=description, card=_card(description, network))
    return True


def _card(description: Description, network: AnimationNetwork) -> str:
    """README.md of the checkpoint folder."""
    p, a, d = description.provenance, description.architecture, description.distilled
    parameters = sum(parameter.numel() for parameter in network.parameters())
    if d is None:
        sampled = "Sampled with guidance, up to three passes a step."
    else:
        steps = "Any number of steps" if d.steps is None else f"{d.steps} steps of ddim, no other number"
        sampled = (
            f"Guidance-distilled: one pass a step at text scales 1…{d.text_scale:g}, image scales "
            f"1…{d.image_scale:g}. {steps}."
        )
    return f"""# {description.name}

A diffusion model that animates stickers: {a.frames} looping frames of premultiplied RGBA at {a.size}×{a.size},
rendered at any size by its warp head. {parameters:,} parameters, fp16.

- Made by `python -m sticker_diffusion.training {p.recipe["command"]}` from `{p.parent}`: {p.recipe["steps"]:,} steps
  over {p.data["clips"]:,} clips in {p.recipe["minutes"]} minutes; the averaged weights. The whole configuration is in
  checkpoint.json.
- Data: {p.data["stickers"]}.
- {sampled}
- Default sampler: {json.dumps(dataclasses.asdict(description.sampler))}.
- Limits: those of `{p.parent}`, and of the clips it learnt from.
"""
