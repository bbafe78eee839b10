"""The denoiser in latents: a text-to-image UNet with temporal layers, whose output is the velocity of all frames."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from sticker_diffusion.conditioning import Conditions, MotionConditioning
from sticker_diffusion.latent.architecture import LatentArchitecture
from sticker_diffusion.pretrained_unet import new_video_unet
from sticker_diffusion.stickers.score import FRAME_RATE
from sticker_diffusion.text import TextStates
from sticker_diffusion.text.pretrained import TEXT_ENCODERS


class LatentNetwork(nn.Module):
    """v = alpha eps − sigma x0 (Salimans & Ho 2022, arXiv 2202.00512) of a noisy clip, given any of the conditions.

    The sticker's latent stands beside every noisy frame, along the channels, as in InstructPix2Pix (Brooks et al. 2022,
    arXiv 2211.09800); which frame it is, how much motion and how fast enter beside the timestep.
    """

    def __init__(self, architecture: LatentArchitecture) -> None:
        super().__init__()
        a = self.architecture = architecture
        self.motion = MotionConditioning(
            frames=a.frames, harmonics=a.harmonics, bucket_width=a.bucket_width, manner_width=0
        )
        width = a.unet.get("cross_attention_dim", 1280)
        self.projections = nn.ModuleDict(
            {source.model: nn.Linear(source.width, width) for source in a.text if source.width != width}
        )
        self.masked = any(TEXT_ENCODERS[source.model].pads for source in a.text)
        self.unet = new_video_unet(
            a.unet,
            frames=a.frames,
            sticker_channels=a.latent_shape[1],
            condition_width=self.motion.width + 1,  # whether a frame rate is given
        )

    def joined(self, said: Sequence[TextStates]) -> TextStates:
        """What the encoders of `architecture.text` said of B captions, in one: tokens one after another, projected to
        the width that the UNet attends to; pooled is the first one's."""
        dtype = self.unet.dtype
        states = [
            self.projections[source.model](text.states.to(dtype))
            if source.model in self.projections
            else text.states.to(dtype)
            for source, text in zip(self.architecture.text, said, strict=True)
        ]
        return TextStates(torch.cat(states, dim=1), torch.cat([text.mask for text in said], dim=1), said[0].pooled)

    def forward(self, x_t: Tensor, t: Tensor, c: Conditions, guidance: Tensor | None = None) -> Tensor:
        """v (B, F, c, h, w) in fp32 from noisy latents x_t (B, F, c, h, w), timesteps t (B,) and conditions.

        c.sticker (B, c, h, w) is the sticker's latent, c.text what `joined` gives; a condition is dropped by has_image
        0, the text '', bucket 0, frame_rate 0. guidance (B, 2) is s_T and s_I of a distilled network, or None.
        """
        frames, dtype = self.architecture.frames, self.unet.dtype
        sticker = (c.sticker * c.has_image[:, None, None, None])[:, None].expand_as(x_t)
        sample = torch.cat([x_t, sticker], dim=2).flatten(0, 1).to(dtype)  # b f c h w -> (b f) (2c) h w
        given = c.frame_rate > 0
        rated = replace(c, frame_rate=torch.where(given, c.frame_rate, FRAME_RATE))
        motion = torch.cat([self.motion(rated, guidance), given.repeat_interleave(frames)[:, None]], dim=1)
        (v,) = self.unet(
            sample.contiguous(memory_format=torch.channels_last),
            t.repeat_interleave(frames),
            encoder_hidden_states=c.text.states.to(dtype),
            encoder_attention_mask=c.text.mask if self.masked else None,
            timestep_cond=motion.to(dtype),
            return_dict=False,
        )
        velocity: Tensor = v.float().unflatten(0, (-1, frames))  # (b f) c h w -> b f c h w
        return velocity
