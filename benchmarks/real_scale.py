"""The real scale: 8 frames of 512 × 512 from a UNet of Stable Diffusion 1.5's size, with random weights, which suffice
for time. A sticker tensor goes in, RGBA frames come out, the autoencoder's passes included; text states are given.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.diffusers_loop import DiffusersLoop, LoopSettings, nearest_unet
from benchmarks.timing import Clock, Turns, ratio, take_turns
from sticker_diffusion.animator import straight_bytes
from sticker_diffusion.autoencoder import AlphaAutoencoder
from sticker_diffusion.compiled import compiled
from sticker_diffusion.pretrained_unet import new_video_unet
from sticker_diffusion.sampler import clip_noise, sample
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings

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
MATRIX = 8192


@dataclass(frozen=True)
class Scale:
    """How large: `condition_width` numbers a frame for phase, bucket, rate and guidance; `text_length` tokens."""

    unet: dict[str, Any] = field(default_factory=lambda: UNET)
    autoencoder: dict[str, Any] = field(default_factory=lambda: AUTOENCODER)
    rival: LoopSettings = RIVAL
    rival_widths: tuple[int, ...] = (256, 288, 320)
    frames: int = 8
    size: int = 512
    steps: int = 8
    text_length: int = 77
    condition_width: int = 64


class RealScale:
    """A latent video model of `scale` on `device`, all of it in `dtype`, the solver in fp32."""

    def __init__(self, scale: Scale, device: torch.device, dtype: torch.dtype) -> None:
        self.scale, self.device, self.dtype = scale, device, dtype
        self.schedule = ScheduleSettings(prediction_type="v_prediction")
        with device:
            self.autoencoder = AlphaAutoencoder(scale.autoencoder).to(dtype).eval()
            self.unet: nn.Module = new_video_unet(
                scale.unet,
                frames=scale.frames,
                sticker_channels=self.autoencoder.latent_channels,
                condition_width=scale.condition_width,
            ).to(dtype)
        self.unet.eval()
        self.parameters = sum(parameter.numel() for parameter in self.unet.parameters())
        self.unet.to(memory_format=torch.channels_last)
        self.autoencoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def inputs(self) -> tuple[Tensor, Tensor]:
        """(a sticker (1, 4, size, size) in [−1, 1], text states (1, L, D))."""
        s, generator = self.scale, torch.Generator().manual_seed(0)
        sticker = torch.rand(1, 4, s.size, s.size, generator=generator) * 2 - 1
        text = torch.randn(1, s.text_length, s.unet["cross_attention_dim"], generator=generator)
        return sticker.to(self.device), text.to(self.device)

    def unet_pass(self, x_t: Tensor, t: Tensor, sticker: Tensor, text: Tensor) -> Tensor:
        """v (B, F, c, h, w) of x_t; sticker (B, c, h, w) latents; text (B, L, D), projected once a clip."""
        frames = self.scale.frames
        given = sticker[:, None].expand_as(x_t)
        folded = torch.cat([x_t, given], dim=2).flatten(0, 1).to(self.dtype)  # b f 2c h w -> (b f) 2c h w
        (v,) = self.unet(
            folded.contiguous(memory_format=torch.channels_last),
            t.repeat_interleave(frames),
            encoder_hidden_states=text.to(self.dtype),
            timestep_cond=folded.new_zeros(len(folded), self.scale.condition_width),
            return_dict=False,
        )
        return cast(Tensor, v.unflatten(0, (-1, frames)).float())

    @torch.no_grad()
    def animate(self, sticker: Tensor, text: Tensor) -> Tensor:
        """uint8 RGBA (B, F, size, size, 4)."""
        s, noise_schedule = self.scale, NoiseSchedule(self.schedule)
        condition = self.autoencoder.encode(sticker.to(self.dtype)).float()

        def x0(x_t: Tensor, t: Tensor) -> Tensor:
            torch.compiler.cudagraph_mark_step_begin()
            return noise_schedule.to_x0(self.unet_pass(x_t, t, condition, text), x_t, t)

        shape = (s.frames, *condition.shape[1:])
        noise = clip_noise(list(range(len(sticker))), shape).to(self.device)
        latents = sample(noise=noise, steps=s.steps, schedule=self.schedule, denoise=x0, finish=x0)
        return self.decoded(latents)

    @torch.no_grad()
    def animate_with(self, loop: DiffusersLoop, sticker: Tensor, text: Tensor) -> Tensor:
        """The same with the rival's UNet, and this autoencoder."""
        condition = self.autoencoder.encode(sticker.to(self.dtype))
        latents = loop.latents(
            condition, text, frames=self.scale.frames, steps=self.scale.steps, schedule=self.schedule
        )
        return self.decoded(latents.transpose(1, 2))  # b c f h w -> b f c h w

    def decoded(self, latents: Tensor) -> Tensor:
        rgba = self.autoencoder.decode(latents.flatten(0, 1).to(self.dtype))  # (b f) c h w
        return straight_bytes(rgba.unflatten(0, (-1, self.scale.frames)))

    def floating_point_operations(self) -> dict[str, float]:
        """Of one clip of one pass a step, counted in matrix products and convolutions: UNet, autoencoder, both."""
        s = self.scale
        sticker, text = self.inputs()
        with torch.no_grad(), FlopCounterMode(display=False) as encoding:
            condition = self.autoencoder.encode(sticker.to(self.dtype))
        with torch.no_grad(), FlopCounterMode(display=False) as one_pass:
            x_t = condition[:, None].expand(-1, s.frames, -1, -1, -1)
            self.unet_pass(x_t, torch.zeros(1, dtype=torch.long, device=self.device), condition, text)
        with torch.no_grad(), FlopCounterMode(display=False) as decoding:
            self.autoencoder.decode(x_t.flatten(0, 1))
        unet = s.steps * one_pass.get_total_flops()
        autoencoder = encoding.get_total_flops() + decoding.get_total_flops()
        return {"unet": unet, "autoencoder": autoencoder, "all": unet + autoencoder}


def count_operations(scale: Scale) -> dict[str, float]:
    """Counted on the meta device: nothing is allocated or computed."""
    return RealScale(scale, torch.device("meta"), torch.bfloat16).floating_point_operations()


def matrix_rate(device: torch.device, dtype: torch.dtype, clock: Clock, size: int = MATRIX) -> float:
    """Operations a second of a product of two random square matrices: the best of five tens of products."""
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    a @ b
    best = float("inf")
    for _ in range(5):
        begun = clock.now()
        for _ in range(10):
            a @ b
        best = min(best, clock.now() - begun)
    return 10 * 2 * size**3 / best


def measure_real_scale(ours: RealScale, turns: Turns, progress: Callable[[], object]) -> dict[str, Any]:
    """Seconds of one clip, on CUDA also compiled, without and with CUDA graphs, against the plain diffusers loop, all
    taking turns; and the floor that the operations and the measured matrix rate set."""
    clock, dtype, scale = Clock(ours.device), ours.dtype, ours.scale
    rival = DiffusersLoop(
        nearest_unet(scale.rival, parameters=ours.parameters, widths=scale.rival_widths), ours.device, dtype
    )
    sticker, text = ours.inputs()
    rate = matrix_rate(clock.device, dtype, clock, MATRIX if clock.device.type == "cuda" else 256)
    operations = count_operations(scale)
    unet, decoder = ours.unet, ours.autoencoder.kl.decoder

    def animate(*, fuse: bool, cuda_graphs: bool) -> Callable[[], Tensor]:
        ways = [compiled(module, fuse=fuse, cuda_graphs=cuda_graphs) for module in (unet, decoder)]

        def run() -> Tensor:
            ours.unet, ours.autoencoder.kl.decoder = ways
            return ours.animate(sticker, text)

        return run

    def animate_with_rival() -> Tensor:
        ours.autoencoder.kl.decoder = decoder
        return ours.animate_with(rival, sticker, text)

    rivals = {"plain": animate(fuse=False, cuda_graphs=False), "diffusers loop": animate_with_rival}
    if clock.device.type == "cuda":
        rivals["compiled"] = animate(fuse=True, cuda_graphs=False)
        rivals["compiled, CUDA graphs"] = animate(fuse=True, cuda_graphs=True)
    for run in rivals.values():
        for _ in range(2):
            run()
            progress()
    taken = take_turns(rivals, turns, clock, progress)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    best = min((name for name in medians if name != "diffusers loop"), key=lambda name: medians[name])
    floor = operations["all"] / rate
    return {
        "seconds": {name: round(seconds, 4) for name, seconds in medians.items()},
        "best": best,
        "rounds": len(taken[best]),
        "dtype": str(dtype).removeprefix("torch."),
        "parameters": ours.parameters,
        "loop_parameters": rival.parameters,
        "speedup_vs_diffusers_loop": round(ratio(taken["diffusers loop"], taken[best]), 3),
        "tflop": {name: round(count / 1e12, 2) for name, count in operations.items()},
        "matrix_tflops": round(rate / 1e12, 1),
        "floor_s": round(floor, 4),
        "times_floor": round(medians[best] / floor, 2),
        "peak_mb": torch.cuda.max_memory_allocated(clock.device) >> 20 if clock.device.type == "cuda" else None,
    }
