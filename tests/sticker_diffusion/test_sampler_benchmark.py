"""The sampler's benchmark on tiny networks: its last line, who is compared with whom, and the real scale's own code."""

import json
from pathlib import Path
from typing import cast

import pytest
import torch

from benchmarks import sampler
from benchmarks.diffusers_loop import LoopSettings
from benchmarks.real_scale import Rival, Scale, count_operations, measure_real_scale, random_animator
from benchmarks.sampler import Plan
from benchmarks.sampler_parts import OWN
from benchmarks.shipped import Shipped, speedups
from benchmarks.timing import Clock, Turns, take_turns
from sticker_diffusion.animator import Animator, SamplerSettings
from sticker_diffusion.checkpoint import Description, Provenance, save_checkpoint
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.schedule import ScheduleSettings

ONCE = Turns(rounds=1, most=1, seconds=0)
TINY_SCALE = Scale(
    unet={
        "sample_size": 4,
        "block_out_channels": [8, 16],
        "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        "layers_per_block": 1,
        "cross_attention_dim": 8,
        "attention_head_dim": 2,
        "norm_num_groups": 4,
    },
    autoencoder={
        "block_out_channels": [8, 8],
        "down_block_types": ["DownEncoderBlock2D"] * 2,
        "up_block_types": ["UpDecoderBlock2D"] * 2,
        "latent_channels": 4,
        "norm_num_groups": 4,
    },
    rival=LoopSettings(channels=4, text_width=8, multiples=(1, 2), layers=1, head_width=4, groups=4),
    rival_widths=(8, 12),
    frames=4,
    size=16,
    steps=2,
    text_length=3,
)


def save(folder: Path, architecture: Architecture, command: str) -> Path:
    description = Description(
        format_version=1,
        name=folder.name,
        architecture=architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(i) for i in range(15)),
        sampler=SamplerSettings(steps=2 if command == "pretrain" else 1, dtype="float32", size=32),
        provenance=Provenance(recipe={"command": command}),
    )
    save_checkpoint(folder, network=AnimationNetwork(architecture), description=description, card="# Tiny\n")
    return folder


def test_the_last_line_has_every_figure_and_null_with_a_reason_for_what_was_not_run(
    tmp_path: Path,
    tiny_architecture: Architecture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = [
        save(tmp_path / "teacher", tiny_architecture, "pretrain"),
        save(tmp_path / "quick", tiny_architecture, "distil-steps"),
    ]
    plan = Plan(ONCE, 1, ("2 passes", "float16", "CUDA graphs"), (2,), ONCE, ONCE, count=False)
    monkeypatch.setattr(sampler, "WHOLE", plan)
    monkeypatch.delenv("SMALL", raising=False)
    assert sampler.main([*map(str, folders), "--device", "cpu"]) == 0
    measured = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert measured["bench"] == "sampler"
    assert measured["small"] is False
    assert measured["device"].startswith("cpu")
    assert measured["headline_checkpoint"] in measured["checkpoints"]
    assert measured["headline_p50_s"] == min(one["p50_s"] for one in measured["checkpoints"].values())
    assert measured["headline_processor_s"] > 0
    assert measured["speedup_vs_diffusers_loop"] > 0
    assert measured["diffusers_loop_scale"] == "demo"
    assert measured["real_scale_s"] is None
    assert "needs a CUDA device" in measured["real_scale"]["reason"]
    assert all(seconds >= 0 for seconds in measured["parts_s"].values())
    assert [(row["row"], row["passes"], row["batch"]) for row in measured["rows"]] == [
        (OWN, 1, 1),
        ("2 passes", 2, 1),
        ("float16", 1, 1),
        ("2 clips", 1, 2),
    ]
    assert [row["row"] for row in measured["rows"] if "psnr_db" in row] == ["float16", "2 clips"]


@pytest.mark.parametrize(
    ("fastest", "teacher", "undistilled"), [("distilled", 3.0, 2.0), ("student", 1.5, None), ("teacher", None, None)]
)
def test_the_fastest_is_compared_with_the_cheapest_of_those_it_should_beat(
    fastest: str, teacher: float | None, undistilled: float | None
) -> None:
    nobody = cast(Animator, None)
    shipped = {
        "teacher": Shipped("teacher", nobody, teacher=True, distilled=False),
        "large teacher": Shipped("large teacher", nobody, teacher=True, distilled=False),
        "student": Shipped("student", nobody, teacher=False, distilled=False),
        "distilled": Shipped("distilled", nobody, teacher=False, distilled=True),
    }
    taken = {"teacher": [3.0, 6.0], "large teacher": [9.0, 18.0], "student": [2.0, 4.0], "distilled": [1.0, 2.0]}
    assert speedups(shipped[fastest], list(shipped.values()), taken) == {
        "speedup_vs_teacher": teacher,
        "speedup_vs_cheapest_undistilled": undistilled,
    }


def test_the_real_scale_s_code_animates_counts_and_meets_its_rival() -> None:
    cpu = torch.device("cpu")
    figures = measure_real_scale(TINY_SCALE, cpu, "bfloat16", turns=ONCE, progress=lambda: None)
    assert set(figures["seconds"]) == {"plain", "diffusers loop"}
    assert figures["best"] == "plain"
    assert figures["speedup_vs_diffusers_loop"] > 0
    assert figures["times_floor"] > 1
    ours = random_animator(TINY_SCALE, cpu, "float32")
    sticker = torch.zeros(4, 16, 16)
    for frames in (
        ours.animate([sticker], [""], ours.default_settings, [0]),
        Rival(TINY_SCALE, ours, torch.float32).animate(sticker),
    ):
        assert frames.shape == (1, 4, 16, 16, 4)
        assert frames.dtype == torch.uint8


def test_operations_grow_with_the_steps_but_those_of_the_autoencoder_do_not() -> None:
    once, twice = (count_operations(Scale(**{**vars(TINY_SCALE), "steps": steps})) for steps in (1, 2))
    assert twice["unet"] == 2 * once["unet"] > 0
    assert twice["autoencoder"] == once["autoencoder"] > 0


def test_rivals_take_turns_and_each_round_turns_their_order_round() -> None:
    ran: list[str] = []
    turns = Turns(rounds=2, most=9, seconds=0)
    runs = {name: lambda name=name: ran.append(name) for name in ("a", "b")}
    taken = take_turns(runs, turns, Clock(torch.device("cpu")), lambda: None)
    assert ran == ["a", "b", "b", "a"]
    assert [len(seconds) for seconds in taken.values()] == [2, 2]


def test_no_checkpoint_is_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler, "ROOT", tmp_path)
    assert sampler.main([]) == 1
    assert "No checkpoint to time" in capsys.readouterr().err
