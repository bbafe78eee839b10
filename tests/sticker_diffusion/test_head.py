"""The warp head: affine motions, soft masks, and the same motion at every size."""

import math

import pytest
import torch

from sticker_diffusion.heads import HeadSettings, Layers, WarpHead, coordinates


def layers(affine: torch.Tensor, *, size: int = 32, mask: float = 1.0, residual: float = 0.0) -> Layers:
    return Layers(
        affine=affine[None, None],
        parts=torch.ones(1, 1, 8, 8),
        residual=torch.full((1, 2, 8, 8), residual),
        mask=torch.full((1, 1, size, size), mask),
        painted=torch.zeros(1, 4, size, size),
    )


def disc(size: int, x: float, y: float) -> torch.Tensor:
    """(1, 4, size, size): a soft opaque white disc around (x, y)."""
    place = coordinates(size) - torch.tensor([x, y])
    alpha = torch.sigmoid((0.2 - place.norm(dim=-1)) * 40)
    return alpha.expand(1, 4, size, size)


def test_the_identity_gives_back_the_sticker() -> None:
    sticker = torch.rand(1, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(layers(torch.eye(2, 3)).render(sticker, 32), sticker, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [32, 64, 160])
def test_a_backward_rotation_turns_the_full_size_sticker(size: int) -> None:
    c, s = math.cos(math.pi / 2), math.sin(math.pi / 2)
    # Output (x, y) is read at (x cos + y sin, −x sin + y cos): a disc at the right moves to the bottom (y is down).
    turned = layers(torch.tensor([[c, s, 0], [-s, c, 0]])).render(disc(size, 0.5, 0.0), size)
    torch.testing.assert_close(turned, disc(size, 0.0, 0.5), atol=1e-3, rtol=0)


def test_the_flow_is_source_minus_output_and_the_residual_adds_to_it() -> None:
    affine = torch.tensor([[0.5, 0.0, 0.1], [0.0, 1.0, -0.2]])
    flow = layers(affine, residual=0.05).flow(16)
    place = coordinates(16)
    expected = torch.stack([place[..., 0] * -0.5 + 0.1, torch.full((16, 16), -0.2)]) + 0.05
    torch.testing.assert_close(flow[0], expected, atol=1e-5, rtol=0)


def test_parts_share_the_frame_between_their_motions() -> None:
    left = torch.zeros(1, 2, 8, 8)
    left[:, 0, :, :4] = 1
    left[:, 1, :, 4:] = 1
    both = Layers(
        affine=torch.tensor([[[[1.0, 0, 0.3], [0, 1, 0]], [[1.0, 0, 0], [0, 1, -0.4]]]]),
        parts=left,
        residual=torch.zeros(1, 2, 8, 8),
        mask=torch.ones(1, 1, 8, 8),
        painted=torch.zeros(1, 4, 8, 8),
    ).flow(8)
    torch.testing.assert_close(both[0, :, 0, 0], torch.tensor([0.3, 0.0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(both[0, :, 0, 7], torch.tensor([0.0, -0.4]), atol=1e-6, rtol=0)


def test_the_mask_chooses_between_the_moved_sticker_and_the_paint() -> None:
    hidden = layers(torch.eye(2, 3), mask=0.0)
    painted = torch.rand(1, 4, 32, 32, generator=torch.Generator().manual_seed(1))
    hidden = Layers(hidden.affine, hidden.parts, hidden.residual, hidden.mask, painted)
    torch.testing.assert_close(hidden.render(torch.ones(1, 4, 32, 32), 32), painted)


def test_outputs_are_premultiplied_whatever_the_features_and_a_new_head_stands_still() -> None:
    head = WarpHead(HeadSettings(features=8, hidden=16), channels=4, patch=4, condition_width=6)
    g = torch.Generator().manual_seed(2)
    x = 20 * torch.randn(3, head.in_channels, 4, 4, generator=g)
    made = head(x, torch.randn(3, 6, generator=g), torch.zeros(3, 2))
    torch.testing.assert_close(made.affine, torch.eye(2, 3).expand(3, 3, 2, 3))
    torch.testing.assert_close(made.parts.sum(1), torch.ones(3, 8, 8))
    assert made.painted.min() >= 0
    assert (made.painted[:, :3] <= made.painted[:, 3:]).all()
    assert made.painted.max() <= 1
    assert made.mask.shape == (3, 1, 16, 16)


def test_parts_that_have_nothing_to_add_move_rigidly_with_the_first() -> None:
    head = WarpHead(HeadSettings(features=8, hidden=16), channels=4, patch=4, condition_width=6)
    turned = torch.tensor([-1.0, -1.0, 0.2, 1.0, -1.0, 0.0])  # a quarter turn and a shift, as a change of the identity
    with torch.no_grad():
        head.motion[-1].bias[:6] = turned
    g = torch.Generator().manual_seed(4)
    made = head(torch.randn(1, head.in_channels, 4, 4, generator=g), torch.randn(1, 6, generator=g), torch.zeros(1, 2))
    torch.testing.assert_close(made.affine, (torch.eye(2, 3) + turned.view(2, 3)).expand(1, 3, 2, 3))
    rigid = layers(torch.eye(2, 3) + turned.view(2, 3)).flow(32)
    still = Layers(made.affine, made.parts, torch.zeros_like(made.residual), made.mask, made.painted)
    torch.testing.assert_close(still.flow(32), rigid, atol=1e-5, rtol=0)


def test_a_rigid_part_turns_about_the_stickers_middle_and_keeps_its_shape_whatever_the_features() -> None:
    head = WarpHead(HeadSettings(features=8, hidden=16, rigid=True), channels=4, patch=4, condition_width=6)
    still = head(torch.zeros(1, head.in_channels, 4, 4), torch.zeros(1, 6), torch.tensor([[0.3, -0.2]]))
    torch.testing.assert_close(still.affine, torch.eye(2, 3).expand(1, 3, 2, 3))
    g = torch.Generator().manual_seed(6)
    with torch.no_grad():
        # Cosine and sine are as they come; scale, lean and shift stay nothing.
        head.motion[-1].weight[:2].normal_(generator=g)
    middle = torch.tensor([[0.3, -0.2]])
    made = head(3 * torch.randn(1, head.in_channels, 4, 4, generator=g), torch.randn(1, 6, generator=g), middle)
    turn = made.affine[0, 0, :, :2]
    torch.testing.assert_close(turn @ turn.T, torch.eye(2))
    assert (turn - torch.eye(2)).abs().max() > 0.05
    torch.testing.assert_close(turn @ middle[0] + made.affine[0, 0, :, 2], middle[0])


def test_smoothing_takes_the_tears_out_of_a_flow_and_leaves_a_steady_one_alone() -> None:
    g = torch.Generator().manual_seed(5)
    x, told = torch.randn(2, 4 * 16 + 16 + 12 + 8 + 8 + 3, 8, 8, generator=g), torch.randn(2, 6, generator=g)
    middle = torch.zeros(2, 2)
    torch.manual_seed(0)
    rough = WarpHead(HeadSettings(features=8, hidden=16), channels=4, patch=4, condition_width=6)
    smooth = WarpHead(HeadSettings(features=8, hidden=16, smoothing=5), channels=4, patch=4, condition_width=6)
    smooth.load_state_dict(rough.state_dict())

    def tears(head: WarpHead) -> torch.Tensor:
        return head(x, told, middle).residual.diff(dim=-1).abs().mean()

    assert tears(smooth) < 0.3 * tears(rough)
    torch.testing.assert_close(smooth(x, told, middle).parts.sum(1), torch.ones(2, 16, 16))
    steady = torch.ones_like(x)
    torch.testing.assert_close(smooth(steady, told, middle).residual, rough(steady, told, middle).residual)


def test_smoothing_by_an_even_width_is_refused() -> None:
    with pytest.raises(ValueError, match="odd or 0, got 4"):
        HeadSettings(smoothing=4)
