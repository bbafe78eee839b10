"""What the command line does for training: start or resume a run, and export a run's averaged weights."""

import dataclasses
import json
from pathlib import Path

import torch
from torch import nn

from sticker_diffusion.checkpoint import FORMAT_VERSION, Description, Provenance, save_checkpoint
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.motions import CAMERA_VERBS, VERBS
from sticker_diffusion.training.averaging import AveragedNetwork
from sticker_diffusion.training.clip_source import DATA
from sticker_diffusion.training.config import PretrainSettings
from sticker_diffusion.training.held_out_sheet import draw_held_out
from sticker_diffusion.training.loop import Budget, TrainingLoop
from sticker_diffusion.training.pretrain import Pretraining
from sticker_diffusion.training.processes import joined
from sticker_diffusion.training.run_folder import RunFolder, source_commit
from sticker_diffusion.training.run_settings import keep_run_settings

SETTINGS = "settings.json"


def pretrain(settings: PretrainSettings, out: Path, *, bank: StickerBank | None = None) -> bool:
    """Train in the folder `out`, going on from its last saved state; whether the run came to its end.

    Of a begun run's settings only the budget may change; SettingsError otherwise.
    """
    torch.set_num_threads(settings.threads)
    torch.set_flush_denormal(True)
    folder = RunFolder(out)
    bank = bank or StickerBank.load()
    clips = _clips(settings, bank)
    recipe = Pretraining(settings, clips)

    def draw_sheet(network: nn.Module, seen: int) -> None:
        assert isinstance(network, AnimationNetwork)
        draw_held_out(
            network,
            out / "sheets" / f"{seen:07d}.png",
            schedule=settings.schedule,
            settings=SamplerSettings(
                frames=settings.architecture.frames, dtype=native_dtype("bfloat16", str(recipe.precision.device))
            ),
            bank=bank,
            pose=settings.pose,
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
        if loop.step == 0:
            recipe.rehearse()
            loop.averaged = AveragedNetwork(recipe.network, settings.optimiser.ema)
        loop.run()
    return loop.progress >= 1


def _clips(settings: PretrainSettings, bank: StickerBank) -> ClipGenerator:
    return ClipGenerator(
        bank,
        frames=settings.architecture.frames,
        size=settings.architecture.size,
        seed=settings.data_seed,
        mirror_probability=settings.mirror_probability,
        verbs=VERBS if settings.domain == "keyframes" else CAMERA_VERBS,
        pose=settings.pose,
        frame_sampling=settings.frame_sampling,
        order=None if settings.curriculum is None else settings.curriculum.order(settings.seed),
    )


def export(run: Path, out: Path, *, name: str, bank: StickerBank) -> None:
    """Write the averaged weights of a run over `bank` as a checkpoint folder."""
    settings = read_settings(PretrainSettings, json.loads((run / SETTINGS).read_text()), where=str(run / SETTINGS))
    state = RunFolder(run).load_state()
    if state is None:
        raise SettingsError(f"{run}: nothing saved yet; the first state comes after {settings.save_minutes} minutes")
    network = AnimationNetwork(settings.architecture)
    network.load_state_dict(state["averaged"])
    clips = _clips(settings, bank)
    description = Description(
        format_version=FORMAT_VERSION,
        name=name,
        architecture=settings.architecture,
        schedule=settings.schedule,
        bucket_edges=tuple(clips.edges.tolist()),
        sampler=SamplerSettings(frames=settings.architecture.frames),
        provenance=Provenance(
            parent=Path(settings.initial).name if settings.initial else None,
            data={"stickers": DATA[settings.domain], "split": "train", "clips": state["clips"]},
            recipe={
                "command": "pretrain",
                "settings": dataclasses.asdict(settings),
                "steps": state["step"],
                "minutes": round(state["seconds"] / 60, 1),
            },
            commit=source_commit(),
        ),
    )
    save_checkpoint(out, network=network, description=description, card=model_card(description, network))


def model_card(description: Description, network: AnimationNetwork) -> str:
    """README.md of a checkpoint folder: what it is, how it was made, how to use it, what it cannot do."""
    parameters = sum(p.numel() for p in network.parameters())
    p, a = description.provenance, description.architecture
    parent = f", from the weights of `{p.parent}`" if p.parent else ""
    return f"""# {description.name}

A diffusion model that animates stickers: {a.frames} looping frames of premultiplied RGBA at {a.size}×{a.size},
rendered at any size by its warp head. {parameters:,} parameters, fp16.

- Made by: {p.recipe["steps"]:,} steps over {p.data["clips"]:,} clips in {p.recipe["minutes"]} minutes on
  {p.recipe["settings"]["threads"]} CPU thread(s){parent}; the averaged weights. The whole configuration is in
  checkpoint.json.
- Data: {p.data["stickers"]}; a twentieth of the stickers, fixed by hash, is held out.
- Predicts {description.schedule.prediction_type} on a zero-terminal-SNR schedule; trailing timesteps.
- Default sampler: {json.dumps(dataclasses.asdict(description.sampler))}.
- Use: `python -m sticker_diffusion animate sticker.png "a dog jumping" -o dog.webp`.
- Limits: knows the motions of its procedural data and captions in English; a caption without one gets a gentle float.
  The sticker is moved and bent, never redrawn: no mouth opens. The seed chooses manner and direction.
"""
