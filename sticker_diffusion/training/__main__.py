"""python -m sticker_diffusion.training: pretrain, learn from a release and from preferences, distil."""

import argparse
import os
import signal
import sys
from pathlib import Path
from threading import Thread

from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.training.config import DistilSettings, FinetuneSettings, PreferSettings
from sticker_diffusion.training.pretrain_runs import pretrain_to_checkpoint, read_pretrain_settings
from sticker_diffusion.training.run_settings import read_run_settings
from sticker_diffusion.training.student_runs import distil, finetune, prefer

STOPPED = 3
"""Exit status of a run that a signal stopped: started again, it goes on."""
EPILOG = """\
Started again with the same --out, a run goes on where it was saved, also after kill -9. It leaves log.jsonl (a line
every 25 steps), sheets/ (held-out stickers as they are learnt) and, at its end, checkpoint/. Status 3: it was stopped.
The settings are the dataclasses in sticker_diffusion/training/config.py; an unknown key lists the known ones."""


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m sticker_diffusion.training", description="Make a student from a checkpoint."
    )
    commands = root.add_subparsers(dest="command", required=True)
    for name, about in (
        ("finetune", "learn from the clips of a release, with stage-1 clips as replay"),
        ("pretrain", "go on learning from procedural clips"),
        ("prefer", "learn from pairs of a release's clips, one shared and one not (Diffusion-DPO)"),
        ("distil", "make one pass of three (goal: guidance), or one step of two (goal: steps)"),
    ):
        command = commands.add_parser(
            name, help=about, description=about, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_argument("--config", type=Path, required=True, help="YAML file of the run's settings")
        command.add_argument("--out", type=Path, required=True, help="folder of the run; its name is the checkpoint's")
        command.add_argument("--clips", type=int, help="budget in clips, instead of the configured one")
        command.add_argument("--minutes", type=float, help="budget in minutes, instead of the configured one")
        if name != "pretrain":
            command.add_argument("--release", type=Path, help="folder of a release, instead of the configured one")
        command.add_argument(
            "--with-parent",
            action="store_true",
            help="save and stop when standard input closes, as whoever started it dies",
        )
        if name == "distil":
            command.add_argument("--teacher", type=Path, help="checkpoint folder, instead of the configured one")
            command.add_argument("--steps", type=int, help="steps of the student, instead of the configured ones")
        else:
            command.add_argument("--initial", type=Path, help="checkpoint folder, instead of the configured one")
    return root


def stop_with_parent() -> None:
    def wait() -> None:
        # Not by sys.stdin: a thread that waits in it makes the interpreter's end fail.
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait, daemon=True).start()


def path_given(options: argparse.Namespace, name: str) -> str | None:
    path = getattr(options, name, None)
    return None if path is None else str(path)


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.with_parent:
        stop_with_parent()
    budget = {"clips": options.clips, "minutes": options.minutes}
    data = {"release": path_given(options, "release")}
    try:
        match options.command:
            case "pretrain":
                initial = path_given(options, "initial")
                done = pretrain_to_checkpoint(
                    read_pretrain_settings(options.config, **budget, initial=initial), options.out
                )
            case "distil":
                given = {**budget, "teacher": path_given(options, "teacher"), "steps": options.steps, "data": data}
                done = distil(read_run_settings(DistilSettings, options.config, **given), options.out)
            case command:
                given = {**budget, "initial": path_given(options, "initial"), "data": data}
                if command == "finetune":
                    done = finetune(read_run_settings(FinetuneSettings, options.config, **given), options.out)
                else:
                    done = prefer(read_run_settings(PreferSettings, options.config, **given), options.out)
    except (CheckpointError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0 if done else STOPPED


if __name__ == "__main__":
    sys.exit(main())
