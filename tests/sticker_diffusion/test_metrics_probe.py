"""The probe that names a clip's verb, its training, and its files."""

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from sticker_diffusion.metrics import train_probe
from sticker_diffusion.metrics.probe import (
    BODY_ONLY,
    CLASSES,
    DESCRIPTION,
    WEIGHTS,
    Probe,
    ProbeError,
    coarse_flow,
    moments,
    read_probe,
    shipped_probe,
)
from sticker_diffusion.metrics.probe_clips import ProbeClips, worn
from sticker_diffusion.metrics.relevance import STATIC
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.stickers.motions import VERBS
from tests.sticker_diffusion.stickers import held_out_bank, sticker


def clips_of(count: int, seed: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = ClipGenerator(held_out_bank(), seed=seed, split="heldout", edges=torch.arange(15.0))
    return ProbeClips(generator, seed=seed).batch(count)


def test_the_shipped_probe_names_the_verbs_of_held_out_stickers_also_when_clips_are_worn() -> None:
    clips, wanted = clips_of(60)
    probe = shipped_probe()
    for frames in (clips, worn(clips, torch.Generator().manual_seed(0))):
        right = probe.probabilities(frames).argmax(1) == wanted
        assert float(right.float().mean()) > 0.9
    assert probe.description.held_out["as drawn"]["accuracy"] >= 0.97


def test_the_shipped_probe_is_small_and_knows_every_verb() -> None:
    probe = shipped_probe()
    assert sum(parameter.numel() for parameter in probe.network.parameters()) <= 300_000
    assert WEIGHTS.stat().st_size <= 600_000
    assert probe.description.classes == (*VERBS, STATIC, BODY_ONLY)
    assert len(probe.description.bucket_edges) == 15


def test_where_a_loop_begins_does_not_matter() -> None:
    clips, _ = clips_of(8)
    probe = shipped_probe()
    torch.testing.assert_close(probe.probabilities(clips.roll(3, 1)), probe.probabilities(clips), atol=1e-4, rtol=0)


def test_clips_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"looks at \(B,8,4,64,64\), not at \(1, 6, 4, 64, 64\)"):
        shipped_probe().probabilities(torch.zeros(1, 6, 4, 64, 64))


def test_the_data_has_every_kind_and_stills_do_not_move() -> None:
    clips, classes = clips_of(64)
    assert clips.shape == (64, 8, 4, 64, 64)
    named = [CLASSES[i] for i in classes.tolist()]
    assert (named.count(STATIC), named.count(BODY_ONLY)) == (8, 8)
    still = clips[classes == CLASSES.index(STATIC)]
    assert float((still - still[:, :1]).abs().max()) == 0
    assert len({*named}) == len(CLASSES)


def test_worn_clips_differ_a_little_and_are_the_same_for_the_same_chance() -> None:
    clips, _ = clips_of(16)
    one, again = (worn(clips, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, again)
    assert float(one.abs().max()) <= 1
    nearest = torch.stack([(one - clips.roll(-start, 1)).abs().mean(dim=(1, 2, 3, 4)) for start in range(8)]).amin(0)
    assert 0 < float(nearest.max()) < 0.15


def test_flow_and_moments_follow_a_shift() -> None:
    image = (sticker() + 1) / 2
    moved = torch.stack([image.roll(i, -1) for i in range(3)])[None]
    right, down = coarse_flow(moved)[0, 1, :2, 2:6, 2:6]
    assert 0.2 < float(right.mean()) < 1
    assert abs(float(down.mean())) < 0.1
    middles = moments(moved[0, :, 3])[:, 1]
    assert torch.allclose(middles.diff(), torch.full((2,), 2 / 64), atol=1e-4)


def test_a_probe_learns_and_is_written_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = held_out_bank()
    monkeypatch.setattr(train_probe.StickerBank, "load", lambda: bank)
    monkeypatch.setattr(ClipGenerator, "_estimated_edges", lambda self: torch.arange(15.0))
    monkeypatch.setattr(type(bank), "indices", lambda self, split: list(range(len(self))))
    untrained = Probe().eval()
    train_probe.main(["--clips", "160", "--held-out-clips", "24", "--out", str(tmp_path)])
    probe = read_probe(weights=tmp_path / WEIGHTS.name, description=tmp_path / DESCRIPTION.name)
    clips, classes = clips_of(32)
    with torch.no_grad():
        before = F.cross_entropy(untrained(clips), classes)
        after = F.cross_entropy(probe.network(clips), classes)
    assert after < before - 0.1
    assert probe.description.held_out["clips"] == 24
    train_probe.main(["--clips", "16", "--held-out-clips", "16", "--out", str(tmp_path), "--go-on"])
    gone_on = read_probe(weights=tmp_path / WEIGHTS.name, description=tmp_path / DESCRIPTION.name)
    assert [run["clips"] for run in gone_on.description.training] == [160, 16]
    assert probe.description.bucket_edges == tuple(map(float, range(15)))


@pytest.mark.parametrize("damage", ["no weights", "truncated weights", "other classes", "an unknown key"])
def test_a_damaged_probe_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    weights, description = tmp_path / WEIGHTS.name, tmp_path / DESCRIPTION.name
    described = json.loads(DESCRIPTION.read_text())
    whole = WEIGHTS.read_bytes()
    if damage != "no weights":
        weights.write_bytes(whole[:5000] if damage == "truncated weights" else whole)
    if damage == "other classes":
        described["classes"] = described["classes"][1:]
    if damage == "an unknown key":
        described["colour"] = "blue"
    description.write_text(json.dumps(described))
    with pytest.raises(ProbeError, match=WEIGHTS.name):
        read_probe(weights=weights, description=description)
