"""The loop's report: nobody in it is a person, every figure is there, and all models show the same prompts."""

import json
import random
from pathlib import Path

from PIL import Image
from rich.console import Console

from benchmarks.loop import STAGES
from benchmarks.loop_plan import PARTS, SMALL, TEACHERS
from benchmarks.loop_report import TITLES, report, spread, table
from benchmarks.loop_sheets import SHEET
from benchmarks.loop_stages import Kept
from inference_worker.blobs import BlobStore
from inference_worker.encoding import encode
from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.image import straight_bytes
from tests.sticker_diffusion.stickers import HELD_OUT, sticker

PROMPTS = ("heldout-000-spinning", "heldout-001-bouncing", "heldout-002-waving")


def looped(out: Path) -> Kept:
    """What a loop over three prompts leaves: each model's clip of each, all judged by three."""
    store, kept, dice = BlobStore((out / "blobs").as_uri()), Kept(out / "stages"), random.Random(1)
    crab = store.put((HELD_OUT / "1f980.png").read_bytes(), "png")
    clips, verdicts = [], []
    for prompt in PROMPTS:
        frames = straight_bytes(render_clip(sticker("🦀", 96), verb=prompt.split("-")[2])).numpy()
        master = store.put(encode(frames, frame_rate=8).master, "webp")
        for checkpoint in PARTS.values():
            clips.append(
                {"prompt": prompt, "checkpoint": checkpoint, "sticker": crab, "master": master, "sample_seconds": 0.5}
            )
            verdicts += [
                {"prompt_external_id": prompt, "checkpoint": checkpoint, "shareable": dice.random() < 0.5}
                for _ in range(3)
            ]
    results = {
        "look": {"clips": clips},
        "collect": {"verdicts": verdicts, "parameters": dict.fromkeys(PARTS, 1_850_000)},
        "release": {"counts": {"tasks": 6, "clips": 18, "shareable": 7}},
        "choose": {"annotations": 18},
        "judge": {"annotations": 9},
    }
    for stage in STAGES:
        kept.put(stage.name, {**results.get(stage.name, {}), "seconds": 9.0})
    return kept


def test_the_report_says_what_it_is_and_has_every_figure_and_sheet(tmp_path: Path) -> None:
    figures = report(SMALL, out=tmp_path, kept=looped(tmp_path), stages=STAGES)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Nobody in this report is a person" in page
    assert all(title.split(":")[0] in page for title in TITLES.values())
    assert "figures say nothing" in page
    assert json.loads((tmp_path / "figures.json").read_text()) == figures
    assert figures["minutes"] == 1.5
    assert figures["seconds_per_clip"]["student_after"] == 0.5
    assert set(figures["by_family"]) == {"rigid", "squash", "bend"}
    assert figures["passes"]["student_after"] > figures["passes"]["student_distilled"] == SMALL.steps
    with Image.open(tmp_path / f"{SHEET}.webp") as loop, Image.open(tmp_path / f"{SHEET}-stills.webp") as stills:
        assert loop.n_frames == 8  # type: ignore[attr-defined]
        assert stills.width > loop.width / 2


def test_the_table_names_every_part_as_simulated(tmp_path: Path) -> None:
    figures = report(SMALL, out=tmp_path, kept=looped(tmp_path), stages=STAGES)
    console = Console(width=160, record=True)
    console.print(table(figures))
    said = console.export_text()
    assert "simulated annotators" in said
    assert all(name in said for name in (*TEACHERS, "control", "oracle", "student − best teacher"))


def test_the_prompts_of_a_sheet_lie_at_even_distances() -> None:
    assert spread([str(number) for number in range(128)], 16)[:3] == ["0", "8", "16"]
    assert spread(["a", "b"], 16) == ["a", "b"]
