"""The real scale: 8 frames of 512 × 512 from a UNet of Stable Diffusion 1.5's size, with random weights, which suffice
for time. A sticker tensor goes in, RGBA frames come out, the autoencoder's passes included; what a text encoder would
say, once a clip, is given.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.diffusers_loop import DiffusersLoop, LoopSettings, nearest_unet
from benchmarks.timing import Clock, Turns, ratio, take_turns
from sticker_diffusion.autoencoder import AlphaAutoencoder
from sticker_diffusion.checkpoint import FORMAT_VERSION, Provenance
from sticker_diffusion.conditioning import BUCKETS, Conditions
from sticker_diffusion.latent.animator import LatentAnimator
from sticker_diffusion.latent.architecture import LatentArchitecture, TextSource
from sticker_diffusion.latent.checkpoint import LatentCheckpoint, LatentDescription, LatentModel
from sticker_diffusion.latent.network import LatentNetwork
from sticker_diffusion.sampler_settings import DType, SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers.image import straight_bytes
from sticker_diffusion.text import TextStates
from sticker_diffusion.text.pretrained import PretrainedTextEncoder

# As in Stable Diffusion 1.5's public unet/config.json and vae/config.json; what is not named is diffusers' default.
UNET: dict[str, Any] = {
    "sample_size": 64,
    "block_out_channels": [320, 640, 1280, 1280],
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    "layers_per_block": 2,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "norm_num_groups": 32,
}
AUTOENCODER: dict[str, Any] = {
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "norm_num_groups": 32,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}
RIVAL = LoopSettings(channels=4, text_width=768, multiples=(1, 2, 4, 4), layers=2, head_width=64, groups=32)
MATRIX, MATRIX_ON_CPU = 8192, 256
LOOP = "diffusers loop"


@dataclass(frozen=True)
class Scale:
    """How large: the public models' configs, the rival and its widths to choose from, pixels, and text tokens."""

    unet: dict[str, Any] = field(default_factory=lambda: UNET)
    autoencoder: dict[str, Any] = field(default_factory=lambda: AUTOENCODER)
    rival: LoopSettings = RIVAL
    rival_widths: tuple[int, ...] = (256, 288, 320)
    frames: int = 8
    size: int = 512
    steps: int = 8
    text_length: int = 77

    @property
    def architecture(self) -> LatentArchitecture:
        return LatentArchitecture(
            unet=self.unet,
            autoencoder=self.autoencoder,
            text=(TextSource("clip", self.unet["cross_attention_dim"]),),
            frames=self.frames,
            size=self.size,
        )


class GivenText(nn.Module):
    """In a text encoder's place: the same random states for every caption."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.register_buffer("states", torch.randn(1, length, width))
        self.states: Tensor

    def forward(self, captions: Sequence[str]) -> TextStates:
        states = self.states.expand(len(captions), -1, -1)
        mask = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        return TextStates(states, mask, states[:, 0])


def random_model(scale: Scale, device: torch.device) -> LatentModel:
    a = scale.architecture
    with device:
        text = GivenText(scale.text_length, a.text[0].width)
        return LatentModel(
            LatentNetwork(a).eval(), AlphaAutoencoder(a.autoencoder).eval(), (cast(PretrainedTextEncoder, text),)
        )


def random_animator(scale: Scale, device: torch.device, dtype: DType) -> LatentAnimator:
    """An animator of `scale`, with random weights, that computes in `dtype` at one pass a step."""
    description = LatentDescription(
        format_version=FORMAT_VERSION,
        kind="latent",
        name="random",
        architecture=scale.architecture,
        schedule=ScheduleSettings(prediction_type="v_prediction"),
        bucket_edges=tuple(map(float, range(BUCKETS - 1))),
        sampler=SamplerSettings(steps=scale.steps, frames=scale.frames, size=scale.size, dtype=dtype),
        provenance=Provenance(),
    )
    return LatentAnimator(LatentCheckpoint(Path("random"), description, random_model(scale, device)), device)


@torch.no_grad()
def count_operations(scale: Scale) -> dict[str, float]:
    """Floating-point operations of one clip, one pass a step, in matrix products and convolutions.

    Counted on the meta device: nothing is allocated or computed.
    """
    meta = torch.device("meta")
    model, shape = random_model(scale, meta), scale.architecture.latent_shape
    with meta:
        sticker, latents, rate = torch.empty(1, 4, scale.size, scale.size), torch.empty(1, *shape), torch.ones(1)
        index = torch.zeros(1, dtype=torch.long)
        with FlopCounterMode(display=False) as coding:
            latent = model.autoencoder.encode(sticker)
            model.autoencoder.decode(latents[0])
        conditions = Conditions(latent, rate, model.text([""]), bucket=index, frame_rate=rate, manner=index)
        with FlopCounterMode(display=False) as one_pass:
            model.network(latents, index, conditions)
    unet, autoencoder = scale.steps * one_pass.get_total_flops(), coding.get_total_flops()
    return {"unet": unet, "autoencoder": autoencoder, "all": unet + autoencoder}


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Operations a second of a product of two random square matrices: the best of five tens of products."""
    clock = Clock(device)
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    a @ b
    best = float("inf")
    for _ in range(5):
        begun = clock.now()
        for _ in range(10):
            a @ b
        best = min(best, clock.now() - begun)
    return 10 * 2 * size**3 / best


class Rival:
    """The plain diffusers loop with the same autoencoder."""

    def __init__(self, scale: Scale, ours: LatentAnimator, dtype: torch.dtype) -> None:
        self.scale, self.model, self.dtype = scale, ours.checkpoint.model, dtype
        self.parameters = sum(parameter.numel() for parameter in self.model.network.parameters())
        unet = nearest_unet(scale.rival, parameters=self.parameters, widths=scale.rival_widths)
        self.loop = DiffusersLoop(unet, ours.device, dtype)

    @torch.no_grad()
    def animate(self, sticker: Tensor) -> Tensor:
        """uint8 RGBA (1, F, size, size, 4) of a sticker (4, size, size) in [−1, 1]."""
        s, autoencoder = self.scale, self.model.autoencoder
        condition = autoencoder.encode(sticker[None].to(self.loop.device, self.dtype))
        latents = self.loop.latents(
            condition,
            self.model.text([""]).states,
            frames=s.frames,
            steps=s.steps,
            schedule=ScheduleSettings(prediction_type="v_prediction"),
        )
        rgba = autoencoder.decode(latents[0].transpose(0, 1).to(self.dtype))  # c f h w -> f c h w
        return straight_bytes(rgba[None])


def measure_real_scale(
    scale: Scale, device: torch.device, dtype: DType, *, turns: Turns, progress: Callable[[], object]
) -> dict[str, Any]:
    """Seconds of one clip, on CUDA also compiled, without and with CUDA graphs, against the plain diffusers loop, all
    taking turns; and the floor that the operations and the measured matrix rate set."""
    ours, computed_in = random_animator(scale, device, dtype), getattr(torch, dtype)
    sticker = torch.rand(4, scale.size, scale.size, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def animate(*, fuse: bool, cuda_graphs: bool) -> Tensor:
        settings = replace(ours.default_settings, compile=fuse, cuda_graphs=cuda_graphs)
        return ours.animate([sticker], [""], settings, [0])

    rivals: dict[str, Callable[[], Tensor]] = {"plain": partial(animate, fuse=False, cuda_graphs=False)}
    if device.type == "cuda":
        rivals["compiled"] = partial(animate, fuse=True, cuda_graphs=False)
        rivals["compiled, CUDA graphs"] = partial(animate, fuse=True, cuda_graphs=True)
    for run in rivals.values():
        for _ in range(2):
            run()
            progress()
    rival = Rival(scale, ours, computed_in)  # after the first clip: the autoencoder is on the device now
    rivals[LOOP] = partial(rival.animate, sticker)
    rivals[LOOP]()
    taken = take_turns(rivals, turns, Clock(device), progress)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    best = min((name for name in medians if name != LOOP), key=lambda name: medians[name])
    rate = matrix_rate(device, computed_in, MATRIX if device.type == "cuda" else MATRIX_ON_CPU)
    operations = count_operations(scale)
    floor = operations["all"] / rate
    return {
        "seconds": {name: round(seconds, 4) for name, seconds in medians.items()},
        "best": best,
        "rounds": len(taken[best]),
        "dtype": dtype,
        "parameters": rival.parameters,
        "loop_parameters": rival.loop.parameters,
        "speedup_vs_diffusers_loop": round(ratio(taken[LOOP], taken[best]), 3),
        "tflop": {name: round(count / 1e12, 2) for name, count in operations.items()},
        "matrix_tflops": round(rate / 1e12, 1),
        "floor_s": round(floor, 4),
        "times_floor": round(medians[best] / floor, 2),
        "peak_mb": torch.cuda.max_memory_allocated(device) >> 20 if device.type == "cuda" else None,
    }
