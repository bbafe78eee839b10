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
    second = generator(seed=4)
    second.load_state_dict(state)
    resumed = second.batch(3)
    assert resumed.captions == expected.captions
    assert torch.equal(resumed.frames, expected.frames)
    assert torch.equal(resumed.flow, expected.flow)


def test_a_clip_is_the_same_in_any_order_and_company() -> None:
    plain = generator(seed=4).batch(6)
    shuffled = ClipGenerator(held_out_bank(), size=32, seed=4, split="heldout", edges=EDGES, order=[5, 0, 3])
    batch = shuffled.batch(4)
    assert batch.captions == [plain.captions[i] for i in (5, 0, 3, 5)]
    assert torch.allclose(batch.frames, plain.frames[[5, 0, 3, 5]], atol=1e-6)


def test_other_seeds_give_other_clips_and_every_verb_has_its_turn() -> None:
    first, second = (generator(seed=seed).batch(len(VERBS)) for seed in (0, 1))
    assert first.verbs == second.verbs == list(VERBS)
    assert not bool((first.score == second.score).any())


def test_a_normalised_frame_rate_makes_clips_equally_fast() -> None:
    clips = ClipGenerator(
        held_out_bank(), size=32, split="heldout", edges=torch.linspace(1, 3, 15), frame_sampling="normalised"
    ).batch(38)
    assert bool(((clips.frame_rate >= 4) & (clips.frame_rate <= 16)).all())
    free = (clips.frame_rate > 4) & (clips.frame_rate < 16)
    assert int(free.sum()) > 5
    assert torch.allclose((clips.score * clips.frame_rate)[free], torch.tensor(16.0), rtol=1e-4)


def test_shown_at_the_height_of_the_action_the_sticker_is_still_the_first_frame() -> None:
    at_rest, at_height = (
        ClipGenerator(held_out_bank(), size=32, split="heldout", edges=EDGES, pose=pose).batch(8)
        for pose in ("rest", "height")
    )
    assert torch.allclose(at_rest.sticker, at_height.sticker, atol=1e-5)
    assert at_rest.captions == at_height.captions
    assert torch.allclose(at_height.flow[:, 0], torch.zeros(()), atol=1e-5)
    assert not torch.allclose(at_rest.flow, at_height.flow, atol=0.05)


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
