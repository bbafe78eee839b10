"""The whole denoiser at demo scale: text encoder, spatiotemporal UNet, warp head."""

from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sticker_diffusion.conditioning import Conditions, MotionConditioning, frame_phases
from sticker_diffusion.heads import HeadSettings, Layers, WarpHead, coordinates
from sticker_diffusion.particles import ParticleHead, Particles, ParticleSettings
from sticker_diffusion.stickers.pose import Box
from sticker_diffusion.text import TextEncoder, TextSettings
from sticker_diffusion.unet import UNetSettings, build_video_unet

CHANNELS = 4  # premultiplied RGBA
USUAL_HALF_SIDE = 0.62


@dataclass(frozen=True)
class Architecture:
    """Clips of `frames` frames of `size` × `size` premultiplied RGBA, folded by pixel-unshuffle with factor `patch`.

    With `particles`, what shows beside a given sticker comes from the atlas and nothing is painted over it; the painted
    layer is then left for clips without a sticker. With `manner_width` 0 the manner of a motion is not told.
    """

    frames: int = 8
    size: int = 64
    patch: int = 4
    harmonics: int = 4
    bucket_width: int = 32
    manner_width: int = 0
    unet: UNetSettings = field(default_factory=UNetSettings)
    text: TextSettings = field(default_factory=TextSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    particles: ParticleSettings | None = None

    def __post_init__(self) -> None:
        step = self.patch * 2 ** (len(self.unet.widths) - 1)
        if self.size % step:
            raise ValueError(f"size {self.size} must be a multiple of {step} (patch × downsampling)")


@dataclass(frozen=True)
class Prediction:
    """x0 (B, F, C, S, S) premultiplied in [−1, 1], and what it was made of: layers, N = (b f), and particles."""

    x0: Tensor
    layers: Layers
    particles: Particles | None = None

    def body(self, sticker: Tensor, size: int) -> Tensor:
        """(B, F, C, size, size) premultiplied in [0, 1], without particles, from `sticker` (B, C, s, s), any s."""
        frames = self.x0.shape[1]
        made = self.layers.render(sticker.repeat_interleave(frames, dim=0), size)
        return made.view(-1, frames, *made.shape[1:])


def sticker_box(sticker: Tensor, has_image: Tensor) -> Box:
    """Boxes of B stickers (B, C, S, S) in [−1, 1]; the whole canvas where the sticker is dropped."""
    return Box.of((sticker[:, -1].float() + 1) / 2 * has_image.float()[:, None, None])


def sticker_coordinates(sticker: Tensor, has_image: Tensor, size: int) -> Tensor:
    """(B, 2, size, size): x and y of each place, from the middle of the sticker's box in units of its half sides.

    Motions turn about a sticker's foot and hearts rise from its shoulders, wherever it stands and however large it is.
    Scaled so that a sticker of the usual size sees canvas coordinates; without a sticker the box is the canvas.
    """
    box = sticker_box(sticker, has_image)
    middle = torch.stack([box.x, box.y], dim=1)[:, :, None, None]
    half = torch.stack([box.half_width, box.half_height], dim=1)[:, :, None, None]
    place = coordinates(size, sticker.device).permute(2, 0, 1)
    return USUAL_HALF_SIDE * (place - middle) / half


class AnimationNetwork(nn.Module):
    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        a = self.architecture = architecture
        self.text = TextEncoder(a.text)
        self.motion = MotionConditioning(
            frames=a.frames, harmonics=a.harmonics, bucket_width=a.bucket_width, manner_width=a.manner_width
        )
        condition_width = self.motion.width
        self.head = WarpHead(a.head, channels=CHANNELS, patch=a.patch, condition_width=condition_width + a.text.width)
        self.unet = build_video_unet(
            a.unet,
            frames=a.frames,
            # noisy frame and sticker, folded; has-image flag; x and y on the sticker
            in_channels=2 * CHANNELS * a.patch**2 + 3,
            out_channels=self.head.in_channels,
            text_width=a.text.width,
            condition_width=condition_width,
        )
        self.particles = (
            None
            if a.particles is None
            else ParticleHead(a.particles, text_width=a.text.width, phase_width=2 * a.harmonics)
        )
        with torch.no_grad():
            self.unet.conv_out.weight.mul_(0.1)

    def forward(self, x_t: Tensor, t: Tensor, c: Conditions, guidance: Tensor | None = None) -> Prediction:
        """x_t (B, F, C, S, S) noisy clips, t (B,) timesteps, guidance (B, 2) or None."""
        frames, patch = self.architecture.frames, self.architecture.patch
        sticker = (c.sticker * c.has_image[:, None, None, None])[:, None].expand_as(x_t)
        folded = F.pixel_unshuffle(torch.cat([x_t, sticker], dim=2).flatten(0, 1), patch)  # (b f) (2c p p) h w
        _, _, height, width = folded.shape
        flag = c.has_image.to(folded.dtype).repeat_interleave(frames)[:, None, None, None].expand(-1, 1, height, width)
        place = sticker_coordinates(c.sticker, c.has_image, height).repeat_interleave(frames, dim=0)
        sample = torch.cat([folded, flag, place], dim=1)
        motion = self.motion(c, guidance)
        condition = torch.cat([motion, c.text.pooled.to(motion.dtype).repeat_interleave(frames, dim=0)], dim=1)
        (features,) = self.unet(
            sample,
            t.repeat_interleave(frames),
            encoder_hidden_states=c.text.states,
            encoder_attention_mask=c.text.mask,
            timestep_cond=motion,
            class_labels=condition,
            return_dict=False,
        )
        with torch.autocast(features.device.type, enabled=False):
            box = sticker_box(c.sticker, c.has_image)
            middle = torch.stack([box.x, box.y], dim=1).repeat_interleave(frames, dim=0)
            layers = self.head(features, condition, middle)
            # That the conditioned frame is the sticker is given, and nothing to be learnt.
            conditioned = torch.arange(frames, device=features.device) == c.conditioned_frame
            layers = layers.standing((c.has_image[:, None].bool() & conditioned).flatten())
            # A dropped sticker is a transparent one for the warp: the painted layer then carries the whole clip.
            source = (c.sticker.float() + 1) / 2 * c.has_image.float()[:, None, None, None]
            particles = None
            if self.particles is not None:
                given = c.has_image.float().repeat_interleave(frames)[:, None, None, None]
                layers = replace(layers, mask=torch.maximum(layers.mask, given))
                phases = frame_phases(frames, self.architecture.harmonics, c.conditioned_frame).to(features.device)
                particles = self.particles.particles(c.text.pooled, phases, c.manner, box).absent(c.conditioned_frame)
            prediction = Prediction(x_t, layers, particles)
            made = prediction.body(source, self.architecture.size)
            x0 = (made if particles is None else particles.over(made)) * 2 - 1
        return replace(prediction, x0=x0)
