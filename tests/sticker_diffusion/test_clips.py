"""Batches of procedural clips: what the flow says is what the frames do, and a resumed generator goes on exactly."""

import json

import pytest
import torch
import torch.nn.functional as F

from sticker_diffusion.stickers.clips import ClipGenerator, held_out_pairs
from sticker_diffusion.stickers.emoji import StickerBank, split_of
from sticker_diffusion.stickers.motions import VERBS
from tests.sticker_diffusion.stickers import held_out_bank

EDGES = torch.linspace(0.5, 4.5, 15)


def generator(seed: int = 0, size: int = 32) -> ClipGenerator:
    return ClipGenerator(held_out_bank(), size=size, seed=seed, split="heldout", edges=EDGES)


def test_a_batch_has_the_shapes_and_ranges_it_promises() -> None:
    batch = generator().batch(6)
    assert batch.sticker.shape == (6, 4, 32, 32)
    assert batch.frames.shape == (6, 8, 4, 32, 32)
    assert batch.affine.shape == (6, 8, 2, 3)
    assert batch.flow.shape == (6, 8, 2, 32, 32)
    assert batch.flow_weight.shape == (6, 8, 1, 32, 32)
    assert torch.equal(batch.frames[:, 0], batch.sticker)
    assert float(batch.frames.min()) >= -1
    assert float(batch.frames.max()) <= 1 + 1e-5
    assert bool((batch.frames[:, :, :3] <= batch.frames[:, :, 3:] + 1e-5).all())
    assert bool(((batch.flow_weight >= 0) & (batch.flow_weight <= 1 + 1e-5)).all())
    assert batch.bucket.dtype == torch.long
    assert bool(((batch.bucket >= 1) & (batch.bucket <= 16)).all())
    assert torch.allclose(batch.flow[:, 0], torch.zeros(()), atol=1e-5)


def test_warping_the_sticker_by_the_flow_gives_the_frames_where_the_flow_is_known() -> None:
    batch = generator(size=64).batch(24)
    axis = (torch.arange(64) * 2 + 1) / 64 - 1
    here = torch.stack([axis.expand(64, 64), axis[:, None].expand(64, 64)])
    source = (batch.flow + here).permute(0, 1, 3, 4, 2).flatten(0, 1)
    stickers = (batch.sticker + 1).repeat_interleave(8, 0)
    warped = F.grid_sample(stickers, source, align_corners=False).unflatten(0, (24, 8)) - 1  # type: ignore[no-untyped-call]
    wrong = ((warped - batch.frames) * batch.flow_weight).abs().mean()
    still = ((batch.sticker[:, None] - batch.frames) * batch.flow_weight).abs().mean()
    assert float(wrong) < 0.25 * float(still)


def test_the_affine_map_is_the_flow_of_rigid_verbs() -> None:
    clips = generator()
    rigid = {"spinning", "swinging", "jumping", "pulsing", "wiggling"}
    batch = next(found for found in iter(lambda: clips.batch(12), None) if rigid & set(found.verbs))
    chosen = [i for i, verb in enumerate(batch.verbs) if verb in rigid]
    for i in chosen:
        grid = F.affine_grid(batch.affine[i], [8, 4, 32, 32], align_corners=False)
        identity = F.affine_grid(torch.eye(2, 3).expand(8, 2, 3), [8, 4, 32, 32], align_corners=False)
        assert torch.allclose((grid - identity).permute(0, 3, 1, 2), batch.flow[i], atol=1e-4)


def test_a_generator_resumed_from_json_goes_on_exactly() -> None:
    first = generator(seed=4)
    first.batch(3)
    state = json.loads(json.dumps(first.state_dict()))
    expected = first.batch(3)
    second = generator(seed=99)
    second.load_state_dict(state)
    resumed = second.batch(3)
    assert resumed.captions == expected.captions
    assert torch.equal(resumed.frames, expected.frames)
    assert torch.equal(resumed.flow, expected.flow)


def test_other_seeds_give_other_clips_of_the_same_verbs() -> None:
    verbs: dict[str, set[float]] = {}
    for seed in range(3):
        batch = generator(seed=seed).batch(16)
        for verb, score in zip(batch.verbs, batch.score.tolist(), strict=True):
            verbs.setdefault(verb, set()).add(score)
    repeated = [scores for scores in verbs.values() if len(scores) > 1]
    assert len(repeated) > 8


def test_held_out_pairs_are_fixed_balanced_and_held_out() -> None:
    pairs = held_out_pairs(held_out_bank(), 128)
    assert pairs == held_out_pairs(held_out_bank(), 128)
    assert len({(pair.character, pair.verb) for pair in pairs}) == 128
    assert all(split_of(pair.character) == "heldout" for pair in pairs)
    counts = [sum(pair.verb == verb for pair in pairs) for verb in VERBS]
    assert max(counts) - min(counts) <= 2


def test_a_split_without_stickers_is_refused() -> None:
    bank = held_out_bank()
    with pytest.raises(ValueError, match=r"none in the split 'train'"):
        ClipGenerator(StickerBank(bank.pixels[:2], bank.characters[:2]))
