"""What the loop's simulated annotators see is what measuring the clip says."""

from pathlib import Path

import torch

from benchmarks.annotation_people import Line
from benchmarks.judges import SimulatedAnnotator
from benchmarks.loop_eyes import nearest_of_sticker, recorded, with_nearest
from benchmarks.loop_people import SimulatedPerson
from inference_worker.blobs import BlobStore
from inference_worker.encoding import encode
from inference_worker.measuring import clip_metrics
from sticker_diffusion.metrics.clip_metrics import measure
from sticker_diffusion.metrics.probe import shipped_probe
from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.image import read_sticker, straight_bytes
from tests.sticker_diffusion.stickers import HELD_OUT, sticker

CRAB = HELD_OUT / "1f980.png"


def stored(folder: Path, verb: str) -> tuple[str, dict[str, object]]:
    """A procedural clip as a worker leaves it: the store's address, and what the desk tells of it."""
    store = BlobStore(folder.as_uri())
    frames = straight_bytes(render_clip(sticker("🦀", 96), verb=verb)).numpy()
    encoded = encode(frames, frame_rate=8)
    edges = torch.tensor(shipped_probe().description.bucket_edges)
    metrics = clip_metrics(frames, sticker=read_sticker(CRAB), caption=f"a crab {verb}", bucket_edges=edges)
    return store.url, {
        "sheet": f"/media/{verb}.webp",
        "sticker": store.put(CRAB.read_bytes(), "png"),
        "master": store.put(encoded.master, "webp"),
        "metrics": metrics,
    }


def test_the_nearest_motion_is_the_one_that_measuring_names(tmp_path: Path) -> None:
    blobs, clip = stored(tmp_path, "spinning")
    found = nearest_of_sticker(blobs, str(clip["sticker"]), [clip])
    frames = straight_bytes(render_clip(sticker("🦀", 96), verb="spinning")).numpy()
    whole = measure(frames, read_sticker(CRAB), "a crab spinning", nearest=True)
    assert found == {"/media/spinning.webp": whole.nearest_motion} == {"/media/spinning.webp": "spinning"}
    assert with_nearest(recorded([clip]), found)["/media/spinning.webp"] == whole


def test_a_clip_is_judged_by_its_address_and_one_that_cannot_be_measured_is_not_shared(tmp_path: Path) -> None:
    _, good = stored(tmp_path, "spinning")
    eyes = recorded([good, {"sheet": "/media/broken.webp", "metrics": {"error": "fully transparent"}}])
    person = SimulatedPerson(
        line=Line(1, ""), batch="", visit=1, now=float, judging=SimulatedAnnotator("a", 1), eyes=eyes
    )
    slots = [{"slot": 1, "sheet": "/media/broken.webp"}, {"slot": 2, "sheet": "/media/spinning.webp"}]
    assert person.choose({"slots": slots}) == [2]
    assert person.choose({"slots": [{**slot, "slot": 3 - int(str(slot["slot"]))} for slot in slots]}) == [1]
