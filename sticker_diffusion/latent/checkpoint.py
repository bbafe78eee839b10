"""A latent checkpoint's folder: checkpoint.json, the network's and the autoencoder's safetensors, text encoders whole.

    checkpoint.json  README.md  model.safetensors  autoencoder.safetensors  text/clip/…  text/t5/…

It needs nothing beside it, so that its sha256 says all that a clip depends on.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from accelerate import init_empty_weights

from sticker_diffusion.autoencoder import AlphaAutoencoder
from sticker_diffusion.checkpoint import DESCRIPTION, WEIGHTS, Provenance, read_description_of, write_checkpoint
from sticker_diffusion.latent.architecture import LatentArchitecture
from sticker_diffusion.latent.network import LatentNetwork
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.text import TextStates
from sticker_diffusion.text.pretrained import TEXT_ENCODERS, PretrainedTextEncoder
from sticker_diffusion.weights import CheckpointError, load_strictly, read_tensors

AUTOENCODER = "autoencoder.safetensors"
TEXT = "text"


@dataclass(frozen=True)
class LatentDescription:
    """checkpoint.json of a latent model. `bucket_edges` are the 15 inner edges of the motion score."""

    format_version: int
    kind: Literal["latent"]
    name: str
    architecture: LatentArchitecture
    schedule: ScheduleSettings
    bucket_edges: tuple[float, ...]
    sampler: SamplerSettings
    provenance: Provenance

    def __post_init__(self) -> None:
        if self.schedule.prediction_type != "v_prediction":
            raise ValueError("a latent network predicts v: schedule.prediction_type must be 'v_prediction'")


@dataclass(frozen=True)
class LatentModel:
    """All parts, fp32 on the CPU in evaluation mode when loaded; text encoders in the order of the architecture."""

    network: LatentNetwork
    autoencoder: AlphaAutoencoder
    text_encoders: tuple[PretrainedTextEncoder, ...]

    def text(self, captions: Sequence[str]) -> TextStates:
        return self.network.joined([encoder(captions) for encoder in self.text_encoders])

    def to(self, device: torch.device, dtype: torch.dtype) -> "LatentModel":
        """Moves the parts themselves; a text encoder that float16 does not fit stays in float32."""
        self.network.to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload] # not in stubs
        self.autoencoder.to(device, dtype)
        for encoder in self.text_encoders:
            too_small = dtype == torch.float16 and not encoder.fits_float16
            encoder.to(device, torch.float32 if too_small else dtype)
        return self


@dataclass(frozen=True)
class LatentCheckpoint:
    folder: Path
    description: LatentDescription
    model: LatentModel

    @property
    def architecture(self) -> LatentArchitecture:
        return self.description.architecture

    @property
    def sampler(self) -> SamplerSettings:
        return self.description.sampler

    @property
    def schedule(self) -> ScheduleSettings:
        return self.description.schedule


def save_latent_checkpoint(
    folder: Path, *, model: LatentModel, description: LatentDescription, card: str, text_of: Path | None = None
) -> None:
    """Write the folder: text encoders as they are, or copied from the checkpoint folder `text_of`; then the network and
    the autoencoder in fp16; the description last."""
    if text_of is None:
        for source, encoder in zip(description.architecture.text, model.text_encoders, strict=True):
            encoder.save(folder / TEXT / source.model)
    else:
        shutil.copytree(text_of / TEXT, folder / TEXT, dirs_exist_ok=True)
    weights = {WEIGHTS: model.network.state_dict(), AUTOENCODER: model.autoencoder.state_dict()}
    write_checkpoint(folder, weights=weights, description=description, card=card)


def load_latent_checkpoint(folder: Path) -> LatentCheckpoint:
    """The checkpoint in `folder`. Raises CheckpointError for a missing, truncated or foreign file, or any key amiss."""
    description = read_description_of(LatentDescription, folder)
    a = description.architecture
    with init_empty_weights():  # without it, a billion random numbers are drawn to be replaced
        network, autoencoder = LatentNetwork(a), AlphaAutoencoder(a.autoencoder)
    for module, name in ((network, WEIGHTS), (autoencoder, AUTOENCODER)):
        tensors = read_tensors(folder / name, belongs_to=f"a latent checkpoint has {WEIGHTS} and {AUTOENCODER}")
        load_strictly(module, tensors, file=folder / name, described_by=DESCRIPTION, assign=True)
    encoders = []
    for source in a.text:
        encoder = TEXT_ENCODERS[source.model].load(folder / TEXT / source.model).float()
        if encoder.width != source.width:
            raise CheckpointError(
                f"{folder / TEXT / source.model}: its states are {encoder.width} wide, "
                f"expected {source.width} by {DESCRIPTION}"
            )
        encoders.append(encoder)
    return LatentCheckpoint(folder, description, LatentModel(network.eval(), autoencoder.eval(), tuple(encoders)))
