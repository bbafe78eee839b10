import pytest
import torch

from sticker_diffusion.conditioning import Conditions
from sticker_diffusion.heads import HeadSettings
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.text import TextSettings
from sticker_diffusion.unet import UNetSettings


@pytest.fixture(scope="session")
def tiny_architecture() -> Architecture:
    """The demo architecture in small: the same kinds of layers, 16 × 16 pixels."""
    return Architecture(
        size=16,
        bucket_width=8,
        unet=UNetSettings(widths=(16, 32), heads=2, groups=4),
        text=TextSettings(buckets=256, width=16, layers=1, heads=2),
        head=HeadSettings(features=8, hidden=32),
    )


def randomised(network: AnimationNetwork, seed: int = 3) -> AnimationNetwork:
    """Weights as if trained: the zero-initialised layers, which hide what is behind them, get values."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


@pytest.fixture
def tiny_network(tiny_architecture: Architecture) -> AnimationNetwork:
    torch.manual_seed(0)
    return randomised(AnimationNetwork(tiny_architecture))


def random_clip(architecture: Architecture, count: int, seed: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """(noisy clips (B, F, 4, S, S), stickers (B, 4, S, S))."""
    generator = torch.Generator().manual_seed(seed)
    size = architecture.size
    return (
        torch.randn(count, architecture.frames, 4, size, size, generator=generator),
        torch.rand(count, 4, size, size, generator=generator) * 2 - 1,
    )


def conditions_of(
    network: AnimationNetwork, stickers: torch.Tensor, captions: list[str], **changes: object
) -> Conditions:
    count = len(captions)
    given = {
        "sticker": stickers,
        "has_image": torch.ones(count),
        "text": network.text(captions),
        "bucket": torch.full((count,), 5),
        "frame_rate": torch.full((count,), 8.0),
        "manner": torch.ones(count, dtype=torch.long),
    }
    return Conditions(**{**given, **changes})  # type: ignore[arg-type]
