"""The network is told where it is on the sticker, not only on the canvas."""

import torch

from sticker_diffusion.heads import coordinates
from sticker_diffusion.network import USUAL_HALF_SIDE, sticker_coordinates


def square_sticker(left: int, top: int, side: int, canvas: int = 50) -> torch.Tensor:
    sticker = torch.full((1, 4, canvas, canvas), -1.0)
    sticker[:, :, top : top + side, left : left + side] = 1.0
    return sticker


def test_a_centred_sticker_of_the_usual_size_sees_canvas_coordinates() -> None:
    sticker = square_sticker(10, 10, 30)  # half side 0.6
    place = sticker_coordinates(sticker, torch.ones(1), 16)
    torch.testing.assert_close(place[0], coordinates(16).permute(2, 0, 1) * USUAL_HALF_SIDE / 0.6)


def test_coordinates_move_and_shrink_with_the_sticker() -> None:
    place = sticker_coordinates(square_sticker(5, 20, 10), torch.ones(1), 50)[0]
    torch.testing.assert_close(place[:, 20:30, 5:15].amax(dim=(1, 2)), torch.full((2,), 0.9 * USUAL_HALF_SIDE))
    torch.testing.assert_close(place[:, 20:30, 5:15].mean(dim=(1, 2)), torch.zeros(2), atol=1e-6, rtol=0)


def test_a_dropped_sticker_tells_nothing() -> None:
    canvas = USUAL_HALF_SIDE * coordinates(8).permute(2, 0, 1)
    for sticker in (square_sticker(5, 20, 10), square_sticker(10, 10, 30)):
        torch.testing.assert_close(sticker_coordinates(sticker, torch.zeros(1), 8)[0], canvas)
