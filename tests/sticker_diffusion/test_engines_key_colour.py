import pytest
import torch

from sticker_diffusion.engines.canvas import compose, square
from sticker_diffusion.engines.key_colour import CANDIDATES, choose_key, palette_of


def coloured(*colours: tuple[float, float, float]) -> torch.Tensor:
    """An opaque sticker (4, 32, 32) in stripes."""
    sticker = torch.ones(4, 32, 32)
    for index, colour in enumerate(colours):
        rows = slice(index * 32 // len(colours), (index + 1) * 32 // len(colours))
        sticker[:3, rows] = torch.tensor(colour)[:, None, None]
    return sticker


def test_the_key_is_the_candidate_farthest_from_its_nearest_colour() -> None:
    palette = palette_of(coloured((0, 1, 0), (1, 1, 1), (0, 0, 0), (1, 0, 0)))
    key = choose_key(palette)
    nearest = {name: float((torch.tensor(rgb) - palette).norm(dim=1).min()) for name, rgb in CANDIDATES.items()}
    assert key.name == max(nearest, key=lambda name: nearest[name])
    assert key.distance == pytest.approx(max(nearest.values()), abs=1e-3)
    assert nearest["green"] == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(("own", "avoided"), [((0, 1, 0), "green"), ((0, 0, 1), "blue"), ((1, 0, 1), "magenta")])
def test_a_stickers_own_colour_is_never_its_key(own: tuple[float, float, float], avoided: str) -> None:
    assert choose_key(palette_of(coloured(own))).name != avoided


def test_a_palette_is_of_what_is_seen_commonest_first() -> None:
    sticker = coloured((1, 0, 0), (1, 0, 0), (0, 0, 1))
    sticker[:, :, :8] = 0
    palette = palette_of(sticker)
    assert torch.allclose(palette, torch.tensor([[1.0, 0, 0], [0, 0, 1]]), atol=1e-4)


def test_colours_are_those_under_the_alpha() -> None:
    assert torch.allclose(palette_of(coloured((1, 0.5, 0)) * 0.4), torch.tensor([[1.0, 0.5, 0]]), atol=1e-4)


def test_an_empty_sticker_is_refused() -> None:
    with pytest.raises(ValueError, match="fully transparent"):
        palette_of(torch.zeros(4, 8, 8))


def test_the_sticker_stands_in_the_middle_of_the_key_colour() -> None:
    sticker = coloured((1, 0, 0))
    sticker[:, :, :16] *= 0.5
    image = compose(sticker, (0.0, 1.0, 0.0), width=48, height=32)
    assert (image.size, image.getpixel((0, 0)), image.getpixel((47, 31))) == ((48, 32), (0, 255, 0), (0, 255, 0))
    assert (image.getpixel((30, 10)), image.getpixel((10, 10))) == ((255, 0, 0), (128, 128, 0))
    assert square(torch.zeros(2, 3, 32, 48)).shape == (2, 3, 32, 32)
