"""python -m sticker_diffusion: animate a sticker; measure clips; train and export a model."""

import argparse
import dataclasses
import sys
from pathlib import Path

import torch

from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.loading import load_animator
from sticker_diffusion.metrics import measure_command
from sticker_diffusion.metrics.probe import ProbeError
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.image import StickerImageError, read_sticker, write_animated_webp
from sticker_diffusion.training.commands import export, pretrain
from sticker_diffusion.training.config import PretrainSettings
from sticker_diffusion.training.run_settings import read_run_settings

DEFAULT_CHECKPOINT = Path(__file__).parents[1] / "checkpoints" / "demo-teacher"
MAX_CAPTION = 500


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m sticker_diffusion", description="Bring stickers to life.")
    commands = root.add_subparsers(dest="command", required=True)
    animate = commands.add_parser(
        "animate",
        help="animate one sticker",
        description="Write a looping animated WebP with transparency from a sticker image and a caption.",
    )
    animate.add_argument("sticker", type=Path, help="PNG, WebP, GIF, JPEG or AVIF, at most 4096×4096 pixels")
    animate.add_argument("caption", help='what it does, such as "a dog jumping"')
    animate.add_argument("-o", "--out", type=Path, required=True, help="animated WebP to write")
    animate.add_argument("--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, help="default: the demo teacher")
    animate.add_argument("--seed", type=int, default=0)
    animate.add_argument("--steps", type=int, help="solver steps")
    animate.add_argument("--text-scale", type=float, help="guidance by the caption, 1 is none")
    animate.add_argument("--image-scale", type=float, help="guidance by the sticker, 1 is none")
    animate.add_argument("--bucket", type=int, help="size of the motion, 1…16")
    animate.add_argument("--size", type=int, help="pixels of the square frames")
    animate.add_argument("--device", default="cpu")
    animate.set_defaults(run=_animate)
    measure_command.add_parser(commands)
    train = commands.add_parser("train", help="train on procedural clips; started again, it resumes")
    train.add_argument("--config", type=Path, required=True, help="YAML file of the run's settings")
    train.add_argument("--out", type=Path, required=True, help="folder of the run")
    train.add_argument("--clips", type=int, help="budget in clips, instead of the configured one")
    train.add_argument("--minutes", type=float, help="budget in minutes, instead of the configured one")
    train.set_defaults(run=_train)
    exporting = commands.add_parser("export", help="write a run's averaged weights as a checkpoint folder")
    exporting.add_argument("run_folder", type=Path)
    exporting.add_argument("-o", "--out", type=Path, required=True, help="checkpoint folder")
    exporting.add_argument("--name", help="name of the checkpoint (default: the folder's)")
    exporting.set_defaults(run=_export)
    return root


def _animate(options: argparse.Namespace) -> None:
    given = ("steps", "text_scale", "image_scale", "bucket", "size")
    options_given = {name: getattr(options, name) for name in given if getattr(options, name) is not None}
    if not options.caption.strip() or len(options.caption) > MAX_CAPTION:
        raise SettingsError(f"caption: must have 1…{MAX_CAPTION} characters, has {len(options.caption.strip())}")
    if not 0 <= options.seed < 2**63:
        raise SettingsError(f"seed: must be 0…{2**63 - 1}, got {options.seed}")
    if options.out.suffix.lower() != ".webp":
        raise SettingsError(f"{options.out}: the output is an animated WebP; name it something.webp")
    sticker = read_sticker(options.sticker)
    try:
        torch.empty(0, device=options.device)
    except (RuntimeError, AssertionError) as error:  # an unknown name; a device this torch was not built for
        raise SettingsError(f"device: {options.device} cannot be used here; try cpu") from error
    animator = load_animator(options.checkpoint, options.device)
    settings = read_settings(
        type(animator.default_settings),
        {**dataclasses.asdict(animator.default_settings), **options_given},
        where="options",
    )
    settings = dataclasses.replace(settings, dtype=native_dtype(settings.dtype, options.device))
    (clip,) = animator.animate([sticker], [options.caption], settings, [options.seed])
    try:
        write_animated_webp(clip, options.out, frame_rate=settings.frame_rate)
    except OSError as error:
        raise SettingsError(f"{options.out}: cannot be written ({error.strerror or error})") from error


def _train(options: argparse.Namespace) -> None:
    budget = {"clips": options.clips, "minutes": options.minutes}
    pretrain(read_run_settings(PretrainSettings, options.config, **budget), options.out)


def _export(options: argparse.Namespace) -> None:
    export(options.run_folder, options.out, name=options.name or options.out.name, bank=StickerBank.load())


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        status: int | None = options.run(options)
    except (CheckpointError, ProbeError, SettingsError, StickerImageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return status or 0


if __name__ == "__main__":
    sys.exit(main())
