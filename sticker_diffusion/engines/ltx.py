"""LTX-Video image-to-video (HaCohen et al., 2024, arXiv 2501.00103): the first frame and a caption."""

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import torch
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from sticker_diffusion.engines.adapter import NEVER_HEARD, CaptionedAdapter, Pipeline
from sticker_diffusion.sampler_settings import SamplerSettings


@dataclass(frozen=True, kw_only=True)
class LTXVideo(CaptionedAdapter):
    """The pipeline hears frame_rate and rescale. decode_timestep and decode_noise_scale are for the decoders that are
    told a timestep (0.9.1 and later).
    """

    width: int = 704
    height: int = 512
    frames: int = 97
    frame_rate: int = 25
    decode_timestep: float = 0.05
    decode_noise_scale: float = 0.025

    name: ClassVar[str] = "ltx"
    pipeline: ClassVar[str] = "LTXImageToVideoPipeline"
    folders: ClassVar[tuple[str, ...]] = ("LTXImageToVideoPipeline", "LTXPipeline")
    side_multiple: ClassVar[int] = 32
    frame_multiple: ClassVar[int] = 8
    ignored: ClassVar[tuple[str, ...]] = ("image_scale", *NEVER_HEARD)
    sampler: ClassVar[dict[str, Any]] = {"steps": 40, "text_scale": 3.0, "dtype": "bfloat16"}
    output_type: ClassVar[str] = "latent"

    def arguments(self, caption: str, settings: SamplerSettings) -> dict[str, Any]:
        return {
            **super().arguments(caption, settings),
            "frame_rate": self.frame_rate,
            "guidance_rescale": settings.rescale,
        }

    @torch.no_grad()
    def decode(self, pipeline: Pipeline, frames: Tensor, generator: torch.Generator) -> Tensor:
        """From packed latents (1, tokens, channels). The pipeline's own decoding draws its noise on the GPU, which a
        generator on the CPU cannot do.
        """
        vae = pipeline.vae
        latents = pipeline._unpack_latents(
            frames,
            (self.frames - 1) // pipeline.vae_temporal_compression_ratio + 1,
            self.height // pipeline.vae_spatial_compression_ratio,
            self.width // pipeline.vae_spatial_compression_ratio,
            pipeline.transformer_spatial_patch_size,
            pipeline.transformer_temporal_patch_size,
        )
        latents = pipeline._denormalize_latents(
            latents, vae.latents_mean, vae.latents_std, vae.config.scaling_factor
        ).to(vae.dtype)
        timestep = None
        if vae.config.timestep_conditioning:
            noise = randn_tensor(latents.shape, generator=generator, device=latents.device, dtype=latents.dtype)
            latents = (1 - self.decode_noise_scale) * latents + self.decode_noise_scale * noise
            timestep = torch.tensor([self.decode_timestep], device=latents.device, dtype=latents.dtype)
        video = vae.decode(latents, timestep, return_dict=False)[0]
        return cast(Tensor, pipeline.video_processor.postprocess_video(video, output_type="pt"))
