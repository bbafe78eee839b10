"""Folders of the real pipelines with random weights, as small as their classes allow, tokenizers included."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from diffusers import (
    AutoencoderKLCogVideoX,
    AutoencoderKLLTXVideo,
    AutoencoderKLTemporalDecoder,
    AutoencoderKLWan,
    CogVideoXDDIMScheduler,
    CogVideoXImageToVideoPipeline,
    CogVideoXTransformer3DModel,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LTXImageToVideoPipeline,
    LTXVideoTransformer3DModel,
    StableVideoDiffusionPipeline,
    UNetSpatioTemporalConditionModel,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanTransformer3DModel,
)
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
    UMT5Config,
    UMT5EncoderModel,
)

WIDTH = 16
SENTENCES = ["a dog jumping", "a happy cat is waving", "hearts and tears", "the frog spins"] * 5

# The smallest canvas and frame count of each, and what makes its folder.
OPTIONS: dict[str, dict[str, Any]] = {
    "svd": {"width": 64, "height": 64, "frames": 6, "decode_chunk_size": 2},
    "cogvideox": {"width": 48, "height": 32, "frames": 9},
    "wan": {"width": 48, "height": 32, "frames": 9},
    "ltx": {"width": 64, "height": 32, "frames": 9},
}


def save_pipeline(adapter: str, folder: Path) -> Path:
    """The pipeline's folder, as a hub repository has it: safetensors, configurations, spiece.model."""
    torch.manual_seed(0)
    PIPELINES[adapter]().save_pretrained(folder)
    for tokenizer in folder.glob("tokenizer"):
        # What is published holds the sentencepiece model and no tokenizer.json.
        (tokenizer / "tokenizer.json").unlink()
        (tokenizer / "spiece.model").write_bytes(spiece_model())
    return folder


def save_engine(adapter: str, folder: Path, **changes: Any) -> Path:
    """The same with its engine.json."""
    save_pipeline(adapter, folder)
    return write_engine(folder, adapter=adapter, options=OPTIONS[adapter], **changes)


def write_engine(folder: Path, **changes: Any) -> Path:
    description = {
        "format_version": 1,
        "name": f"tiny {changes.get('adapter')}",
        "engine": "diffusers",
        "source": ".",
        "parameters": 1,
        "defaults": {"steps": 2, "text_scale": 2.0, "image_scale": 2.0, "size": 64, "dtype": "float32"},
        **changes,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "engine.json").write_text(json.dumps(description))
    return folder


def spiece_model() -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_writer=model,
        model_type="unigram",
        vocab_size=60,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    return model.getvalue()


def t5(length: int) -> dict[str, Any]:
    config = T5Config(vocab_size=128, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return {"text_encoder": T5EncoderModel(config), "tokenizer": T5Tokenizer(extra_ids=0, model_max_length=length)}


def vision() -> CLIPVisionConfig:
    return CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=16,
        projection_dim=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )


def svd() -> Any:
    # The pipeline resizes what CLIP sees to 224 pixels.
    config = vision()
    config.image_size, config.patch_size = 224, 112
    return StableVideoDiffusionPipeline(
        unet=UNetSpatioTemporalConditionModel(
            sample_size=8,
            in_channels=8,
            out_channels=4,
            block_out_channels=(32, 32),
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            cross_attention_dim=16,
            num_attention_heads=2,
            transformer_layers_per_block=1,
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=24,
            num_frames=6,
        ),
        vae=AutoencoderKLTemporalDecoder(
            down_block_types=("DownEncoderBlock2D",) * 4, block_out_channels=(32,) * 4, latent_channels=4
        ),
        image_encoder=CLIPVisionModelWithProjection(config),
        feature_extractor=CLIPImageProcessor(size=224, crop_size=224),
        scheduler=EulerDiscreteScheduler(
            prediction_type="v_prediction", timestep_type="continuous", sigma_max=700.0, sigma_min=0.002
        ),
    )


def cogvideox() -> Any:
    return CogVideoXImageToVideoPipeline(
        **t5(16),
        transformer=CogVideoXTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=16,
            in_channels=8,
            out_channels=4,
            time_embed_dim=8,
            text_embed_dim=WIDTH,
            num_layers=1,
            sample_width=6,
            sample_height=4,
            sample_frames=9,
            max_text_seq_length=226,
            use_rotary_positional_embeddings=True,
            use_learned_positional_embeddings=True,
        ),
        vae=AutoencoderKLCogVideoX(
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            block_out_channels=(8,) * 4,
            latent_channels=4,
            layers_per_block=1,
            norm_num_groups=2,
        ),
        scheduler=CogVideoXDDIMScheduler(),
    )


def wan() -> Any:
    config = UMT5Config(vocab_size=128, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return WanImageToVideoPipeline(
        tokenizer=T5Tokenizer(extra_ids=0, model_max_length=64),
        text_encoder=UMT5EncoderModel(config),
        image_encoder=CLIPVisionModel(vision()),
        image_processor=CLIPImageProcessor(size=32, crop_size=32),
        transformer=WanTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=36,
            out_channels=16,
            text_dim=WIDTH,
            freq_dim=32,
            ffn_dim=32,
            num_layers=1,
            image_dim=16,
            rope_max_seq_len=32,
        ),
        vae=AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
        ),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
    )


def ltx() -> Any:
    """With a decoder that is told a timestep, as from 0.9.1 on."""
    return LTXImageToVideoPipeline(
        **t5(128),
        transformer=LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=2,
            attention_head_dim=8,
            cross_attention_dim=16,
            num_layers=1,
            caption_channels=WIDTH,
        ),
        vae=AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8),
            layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1),
            spatio_temporal_scaling=(True, True, True, False),
            decoder_spatio_temporal_scaling=(True, True, True),
            decoder_inject_noise=(False, False, False, False),
            upsample_residual=(False, False, False),
            upsample_factor=(1, 1, 1),
            timestep_conditioning=True,
            patch_size=4,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    )


PIPELINES: dict[str, Callable[[], Any]] = {"svd": svd, "cogvideox": cogvideox, "wan": wan, "ltx": ltx}
