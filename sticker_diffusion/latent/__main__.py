"""python -m sticker_diffusion.latent: the model at the paper's scale."""

import argparse
import sys
from pathlib import Path

from sticker_diffusion.checkpoint import read_description
from sticker_diffusion.latent.adopt import adopt
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.emoji import EmojiFontMissingError
from sticker_diffusion.training.autoencoder import AutoencoderSettings
from sticker_diffusion.training.latent import LatentSettings
from sticker_diffusion.training.latent_runs import train_autoencoder, train_latent
from sticker_diffusion.training.run_settings import read_run_settings
from sticker_diffusion.weights import CheckpointError

EDGES_OF = Path(__file__).parents[2] / "checkpoints" / "demo-teacher"


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m sticker_diffusion.latent", description=__doc__.partition(": ")[2])
    commands = root.add_subparsers(dest="command", required=True)
    adopting = commands.add_parser(
        "adopt",
        help="make a new checkpoint from a Stable-Diffusion folder",
        description="Write a checkpoint folder whose network draws each frame as a public text-to-image model does.",
    )
    adopting.add_argument("folder", type=Path, help="with unet, vae, text_encoder, tokenizer and scheduler")
    adopting.add_argument("-o", "--out", type=Path, required=True, help="checkpoint folder to write")
    adopting.add_argument("--name", help="name of the checkpoint (default: the folder's)")
    adopting.add_argument("--t5", type=Path, help="transformers folder of FLAN-T5, to attend to beside CLIP")
    adopting.add_argument("--frames", type=int, default=8)
    adopting.add_argument("--size", type=int, default=512, help="pixels of the square frames")
    adopting.add_argument(
        "--edges-of",
        type=Path,
        default=EDGES_OF,
        help="checkpoint whose scale of motion is taken (default: the demo's)",
    )
    adopting.set_defaults(run=_adopt)
    for command, what, run in (
        ("train-autoencoder", "finetune a checkpoint's autoencoder for transparency", _train_autoencoder),
        ("train", "train a checkpoint's network to animate", _train),
    ):
        training = commands.add_parser(command, help=f"{what}; started again, it resumes")
        training.add_argument("--config", type=Path, required=True, help="YAML file of the run's settings")
        training.add_argument(
            "--out", type=Path, required=True, help="folder of the run; its end writes checkpoint/ there"
        )
        training.add_argument("--clips", type=int, help="budget in clips, instead of the configured one")
        training.add_argument("--minutes", type=float, help="budget in minutes, instead of the configured one")
        training.set_defaults(run=run)
    return root


def _adopt(options: argparse.Namespace) -> None:
    description = adopt(
        options.folder,
        options.out,
        name=options.name or options.out.name,
        bucket_edges=read_description(options.edges_of).bucket_edges,
        t5=options.t5,
        frames=options.frames,
        size=options.size,
    )
    predicted = description.provenance.recipe["image_model_predicts"]
    print(f"{options.out}: written. It is untrained: each frame is the text-to-image model's own.")
    if predicted != "v_prediction":
        print(f"The text-to-image model predicts {predicted}; training has to teach the network v first.")


def _train_autoencoder(options: argparse.Namespace) -> None:
    settings = read_run_settings(AutoencoderSettings, options.config, clips=options.clips, minutes=options.minutes)
    train_autoencoder(settings, options.out)


def _train(options: argparse.Namespace) -> None:
    settings = read_run_settings(LatentSettings, options.config, clips=options.clips, minutes=options.minutes)
    train_latent(settings, options.out)


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except (CheckpointError, EmojiFontMissingError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
