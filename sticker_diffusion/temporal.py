"""Temporal layers over circular time; zero-initialised at their last layer, so that a new model is its image model.

Frames are folded into the batch: a feature map is (b f) c h w. Both layers commute with a roll of the frames, so a loop
has no first frame for them; which frame the sticker is enters as a condition (see conditioning.py).
"""

from typing import cast

import torch
import torch.nn.functional as F
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel, Transformer2DModelOutput
from torch import Tensor, nn


class TemporalConv(nn.Module):
    """x + conv(silu(conv(silu(norm(x))))): three circular taps over the frames, then a zeroed point-wise layer."""

    def __init__(self, channels: int, *, frames: int, groups: int) -> None:
        super().__init__()
        self.frames = frames
        self.norm = nn.GroupNorm(groups, channels)
        self.taps = nn.Conv2d(3 * channels, channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        _zero(self.out)

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.norm(x)).unflatten(0, (-1, self.frames))  # (b f) c h w -> b f c h w
        neighbours = torch.cat([h.roll(1, dims=1), h, h.roll(-1, dims=1)], dim=2)  # b f (3 c) h w
        mixed: Tensor = self.out(F.silu(self.taps(neighbours.flatten(0, 1))))
        return x + mixed


class TemporalAttention(nn.Module):
    """Self-attention over the frames at each place; a learnt bias per head and circular distance (j − i) mod F."""

    def __init__(self, channels: int, *, frames: int, heads: int) -> None:
        super().__init__()
        self.frames = frames
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels, bias=False)
        self.distance_bias = nn.Parameter(torch.zeros(heads, frames))
        self.out = nn.Linear(channels, channels)
        _zero(self.out)
        i = torch.arange(frames)
        self.register_buffer("distance", (i[None, :] - i[:, None]) % frames, persistent=False)
        self.distance: Tensor

    def forward(self, x: Tensor) -> Tensor:
        bf, channels, height, width = x.shape
        places = height * width
        # (b f) c h w -> b f (h w) c -> (b (h w)) f c
        h = x.unflatten(0, (-1, self.frames)).flatten(3).permute(0, 3, 1, 2).flatten(0, 1)
        q, k, v = (
            self.qkv(self.norm(h)).view(-1, self.frames, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        )  # each (b (h w)) heads f d
        bias = self.distance_bias[:, self.distance].to(q.dtype)  # heads f f
        scores = (q * (channels // self.heads) ** -0.5) @ k.transpose(-1, -2) + bias
        h = (scores.softmax(-1).to(v.dtype) @ v).transpose(1, 2).flatten(2)  # (b (h w)) f c
        mixed: Tensor = self.out(h).view(bf // self.frames, places, self.frames, channels)
        return x + mixed.permute(0, 2, 3, 1).reshape(bf, channels, height, width)  # b (h w) f c -> (b f) c h w


class TemporalResnetBlock2D(ResnetBlock2D):  # type: ignore[misc] # diffusers has no types
    temporal: TemporalConv

    def forward(self, input_tensor: Tensor, temb: Tensor, *args: object, **kwargs: object) -> Tensor:
        mixed: Tensor = self.temporal(super().forward(input_tensor, temb, *args, **kwargs))
        return mixed


class TemporalTransformer2DModel(Transformer2DModel):  # type: ignore[misc]
    temporal: TemporalAttention

    def forward(self, *args: object, **kwargs: object) -> tuple[Tensor] | Transformer2DModelOutput:
        return_dict = kwargs.pop("return_dict", True)
        (spatial,) = super().forward(*args, return_dict=False, **kwargs)
        sample = self.temporal(spatial)
        return Transformer2DModelOutput(sample=sample) if return_dict else (sample,)


def _zero(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def add_temporal_layers(unet: nn.Module, *, frames: int, groups: int) -> None:
    """Swap the classes of `unet`'s resnets and spatial transformers in place and give each its `.temporal` layer.

    Attention over time has as many heads as the spatial attention before it. The class is changed rather than a hook
    added: a deep copy (EMA) of a hooked module would keep calling the original.
    """
    for module in list(unet.modules()):
        if type(module) is ResnetBlock2D:
            module.__class__ = TemporalResnetBlock2D
            module.temporal = TemporalConv(cast(int, module.out_channels), frames=frames, groups=groups)
        elif type(module) is Transformer2DModel:
            module.__class__ = TemporalTransformer2DModel
            module.temporal = TemporalAttention(
                cast(int, module.in_channels), frames=frames, heads=cast(int, module.num_attention_heads)
            )
