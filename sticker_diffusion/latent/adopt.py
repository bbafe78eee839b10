"""Make a new latent checkpoint from a Stable-Diffusion folder: it draws every frame as that model would."""

from pathlib import Path
from typing import Any

import torch

from sticker_diffusion.autoencoder import load_image_autoencoder
from sticker_diffusion.checkpoint import FORMAT_VERSION, Provenance
from sticker_diffusion.diffusers_folder import CONFIG, read_config, read_json
from sticker_diffusion.latent.architecture import LatentArchitecture, TextSource
from sticker_diffusion.latent.checkpoint import LatentDescription, LatentModel, save_latent_checkpoint
from sticker_diffusion.latent.network import LatentNetwork
from sticker_diffusion.pretrained_unet import check_unet_config, take_image_weights
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.text.pretrained import ClipText, PretrainedTextEncoder, T5Text
from sticker_diffusion.weights import CheckpointError

SCHEDULER = Path("scheduler") / "scheduler_config.json"


def adopt(
    folder: Path,
    out: Path,
    *,
    name: str,
    bucket_edges: tuple[float, ...],
    t5: Path | None = None,
    frames: int = 8,
    size: int = 512,
) -> LatentDescription:
    """Write the checkpoint folder `out` from `folder` (unet, vae, text_encoder, tokenizer, scheduler).

    With `t5`, a transformers folder of FLAN-T5, its tokens follow CLIP's, through a new projection. The temporal layers
    are drawn from seed 0. Raises CheckpointError for whatever is missing or of another kind.
    """
    unet_config = read_config(folder / "unet")
    check_unet_config(unet_config, where=str(folder / "unet" / CONFIG))
    encoders: list[PretrainedTextEncoder] = [ClipText.load(folder / "text_encoder", folder / "tokenizer")]
    sources = [TextSource("clip", encoders[0].width)]
    if t5 is not None:
        encoders.append(T5Text.load(t5))
        sources.append(TextSource("t5", encoders[1].width))
    autoencoder = load_image_autoencoder(folder / "vae")
    try:
        architecture = LatentArchitecture(
            unet=unet_config, autoencoder=autoencoder.config, text=tuple(sources), frames=frames, size=size
        )
    except ValueError as error:
        raise CheckpointError(f"{folder}: {error}") from error
    schedule, predicted = _schedule(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = LatentNetwork(architecture)
    take_image_weights(network.unet, folder / "unet")
    description = LatentDescription(
        format_version=FORMAT_VERSION,
        kind="latent",
        name=name,
        architecture=architecture,
        schedule=schedule,
        bucket_edges=bucket_edges,
        sampler=SamplerSettings(
            steps=25, text_scale=7.5, image_scale=1.5, rescale=0.7, frames=frames, size=size, dtype="bfloat16"
        ),
        provenance=Provenance(
            parent=folder.name, recipe={"command": "adopt", "image_model_predicts": predicted, "trained": False}
        ),
    )
    model = LatentModel(network, autoencoder, tuple(encoders))
    save_latent_checkpoint(out, model=model, description=description, card=_card(description, model))
    return description


def _schedule(folder: Path) -> tuple[ScheduleSettings, str]:
    """The image model's betas, to be rescaled to zero terminal SNR, and what it predicts."""
    config: dict[str, Any] = read_json(folder / SCHEDULER)
    betas = config.get("beta_schedule", "scaled_linear")
    if betas != "scaled_linear":
        raise CheckpointError(f"{folder / SCHEDULER}: beta_schedule is {betas!r}, expected 'scaled_linear'")
    usual = ScheduleSettings(prediction_type="v_prediction")
    schedule = ScheduleSettings(
        timesteps=config.get("num_train_timesteps", usual.timesteps),
        beta_start=config.get("beta_start", usual.beta_start),
        beta_end=config.get("beta_end", usual.beta_end),
        prediction_type="v_prediction",
    )
    return schedule, str(config.get("prediction_type", "epsilon"))


def _card(description: LatentDescription, model: LatentModel) -> str:
    a, recipe = description.architecture, description.provenance.recipe
    parameters = sum(p.numel() for p in model.network.parameters())
    temporal = sum(p.numel() for name, p in model.network.named_parameters() if ".temporal." in name)
    texts = ", ".join(f"{source.model} ({source.width} wide)" for source in a.text)
    return f"""# {description.name}

A latent diffusion model of {a.frames} looping frames of {a.size}×{a.size} premultiplied RGBA: the UNet of
`{description.provenance.parent}` with temporal layers. {parameters:,} parameters, {temporal:,} of them temporal, fp16.

- **Not trained yet**: each frame is what the text-to-image model draws by itself; the sticker, the bucket and the frame
  rate change nothing, and alpha is the mean of R, G and B.
- Predicts v on a zero-terminal-SNR schedule. The text-to-image model predicts {recipe["image_model_predicts"]}.
- Text: {texts}. The licences of the adopted weights apply.
"""
