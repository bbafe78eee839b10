"""Train the probe on procedural clips, measure it on stickers held out, and write it beside this module.

`python -m sticker_diffusion.metrics.train_probe` takes at most twelve minutes on one CPU thread; with `--go-on` it
starts from the probe that is there.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from rich.progress import Progress
from torch import Tensor

from sticker_diffusion.metrics.probe import (
    CLASSES,
    DESCRIPTION,
    SIZE,
    WEIGHTS,
    Probe,
    ProbeDescription,
    TrainedProbe,
    read_probe,
    save_probe,
)
from sticker_diffusion.metrics.probe_clips import ProbeClips, worn
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.stickers.emoji import Split, StickerBank

_WARM_UP = 0.04
_HELD_OUT_SEED = 7


@dataclass(frozen=True)
class ProbeTraining:
    """How the probe is trained: until so many clips or minutes, whichever comes first; clips a step; the peak of the
    learning rate, which goes down by a cosine of the budget's used share."""

    clips: int = 60_000
    minutes: float = 12.0
    batch: int = 16
    lr: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0


def train(network: Probe, bank: StickerBank, settings: ProbeTraining) -> int:
    """Teach the network on worn clips of the bank's train stickers; returns how many it saw."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    # Drawn at the side at which the network looks, from sprites as small: nothing is computed that it averages away.
    small = StickerBank(F.avg_pool2d(bank.pixels.float(), 2).round().byte(), bank.characters)
    clips = _clips(small, "train", settings.seed, size=SIZE // 2)
    chance = torch.Generator().manual_seed(settings.seed)
    begun = time.monotonic()
    seen = 0
    recent: list[float] = []
    with Progress(disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Training the probe", total=1.0)
        while (done := max(seen / settings.clips, (time.monotonic() - begun) / (60 * settings.minutes))) < 1:
            progress.update(task, completed=done)
            for group in optimiser.param_groups:
                group["lr"] = settings.lr * _share_of_lr(done)
            drawn, classes = clips.batch(settings.batch)
            loss = F.cross_entropy(network(worn(drawn, chance)), classes)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            seen += settings.batch
            recent.append(loss.item())
            if len(recent) == 50:
                print(f"{seen:>7,} clips, loss {sum(recent) / len(recent):.3f}", flush=True)
                recent = []
    network.eval()
    return seen


def _share_of_lr(done: float) -> float:
    return min(1.0, (done + 1e-3) / _WARM_UP) * (1 + math.cos(math.pi * min(done, 1.0))) / 2


def _clips(bank: StickerBank, split: Split, seed: int, *, size: int) -> ProbeClips:
    edges = torch.arange(15.0)  # nobody looks at these clips' buckets
    return ProbeClips(ClipGenerator(bank, size=size, seed=seed, split=split, edges=edges), seed=seed)


@torch.no_grad()
def held_out_accuracy(network: Probe, bank: StickerBank, *, clips: int, batch: int = 64) -> dict[str, Any]:
    """How often the classes of clips of held-out stickers were named, as drawn and worn, and what was confused."""
    source = _clips(bank, "heldout", _HELD_OUT_SEED, size=SIZE)
    chance = torch.Generator().manual_seed(_HELD_OUT_SEED)
    truth: list[Tensor] = []
    seen: dict[str, list[Tensor]] = {"as drawn": [], "worn": []}
    for start in range(0, clips, batch):
        drawn, classes = source.batch(min(batch, clips - start))
        truth.append(classes)
        seen["as drawn"].append(network(drawn).argmax(1))
        seen["worn"].append(network(worn(drawn, chance)).argmax(1))
    wanted = torch.cat(truth)
    measured: dict[str, Any] = {"clips": len(wanted)}
    for kind, found in seen.items():
        named = torch.cat(found)
        right = named == wanted
        wrong = Counter(
            f"{CLASSES[a]}→{CLASSES[b]}" for a, b in zip(wanted[~right].tolist(), named[~right].tolist(), strict=True)
        )
        measured[kind] = {
            "accuracy": round(float(right.float().mean()), 4),
            "by_class": {
                name: round(float(right[wanted == i].float().mean()), 4)
                for i, name in enumerate(CLASSES)
                if bool((wanted == i).any())
            },
            "confused": dict(wrong.most_common(12)),
        }
    return measured


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sticker_diffusion.metrics.train_probe",
        description="Train the probe that names a clip's verb, and measure it on held-out stickers.",
    )
    of = ProbeTraining
    parser.add_argument("--clips", type=int, default=of.clips, help="most clips to train on (default %(default)s)")
    parser.add_argument("--minutes", type=float, default=of.minutes, help="most minutes (default %(default)s)")
    parser.add_argument("--lr", type=float, default=of.lr, help="peak of the learning rate (default %(default)s)")
    parser.add_argument("--seed", type=int, default=of.seed, help="another one shows other clips")
    parser.add_argument("--go-on", action="store_true", help="start from the probe in the folder")
    parser.add_argument("--held-out-clips", type=int, default=3200, help="clips to measure on (default %(default)s)")
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent, help="folder to write (default: the package's)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    weights, described = options.out / WEIGHTS.name, options.out / DESCRIPTION.name
    settings = ProbeTraining(clips=options.clips, minutes=options.minutes, lr=options.lr, seed=options.seed)
    torch.manual_seed(settings.seed)
    before = read_probe(weights=weights, description=described) if options.go_on else None
    network = Probe() if before is None else before.network
    bank = StickerBank.load()
    started = time.process_time()
    clips = train(network, bank, settings)
    run = {**asdict(settings), "clips": clips, "cpu_minutes": round((time.process_time() - started) / 60, 1)}
    # Measured with the weights that are shipped: they are rounded to fp16.
    network.load_state_dict({name: tensor.half().float() for name, tensor in network.state_dict().items()})
    held_out = held_out_accuracy(network, bank, clips=options.held_out_clips)
    description = ProbeDescription(
        classes=CLASSES,
        bucket_edges=tuple(round(edge, 4) for edge in ClipGenerator(bank, size=SIZE).edges.tolist()),
        held_out=held_out,
        training=(*(() if before is None else before.description.training), run),
    )
    options.out.mkdir(parents=True, exist_ok=True)
    save_probe(TrainedProbe(network, description), weights=weights, description=described)
    for kind in ("as drawn", "worn"):
        found = held_out[kind]
        print(f"{kind}: {100 * found['accuracy']:.1f} % of {held_out['clips']} clips; confused: {found['confused']}")


if __name__ == "__main__":
    main()
