"""Folders as the public models have them, with tiny random weights: Stable Diffusion's and FLAN-T5's."""

import json
import string
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5Tokenizer

from tests.sticker_diffusion.public_unets import TINY

WIDTH = 24
"""Of the text states that TINY["like SD 1.5"] attends to."""


def save_clip(folder: Path, tokenizer_folder: Path, width: int = WIDTH) -> None:
    letters = [*string.ascii_lowercase, *(f"{letter}</w>" for letter in string.ascii_lowercase)]
    words = [*letters, "<|startoftext|>", "<|endoftext|>"]
    tokenizer_folder.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = tokenizer_folder / "vocab.json", tokenizer_folder / "merges.txt"
    vocabulary.write_text(json.dumps({word: index for index, word in enumerate(words)}))
    merges.write_text("#version: 0.2\n")
    CLIPTokenizer(str(vocabulary), str(merges)).save_pretrained(tokenizer_folder)
    torch.manual_seed(1)
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=12,
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
        pad_token_id=len(words) - 1,
    )
    CLIPTextModel(config).save_pretrained(folder)


def save_t5(folder: Path, width: int = 16) -> None:
    pieces = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", -10.0),
        ("▁", -3.0),
        *((c, -3.0) for c in string.ascii_lowercase),
    ]
    tokenizer = T5Tokenizer(vocab=pieces)
    torch.manual_seed(2)
    config = T5Config(vocab_size=len(tokenizer), d_model=width, d_kv=4, d_ff=32, num_layers=1, num_heads=2)
    T5EncoderModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def tiny_autoencoder(seed: int = 3) -> AutoencoderKL:
    """Latents of 4 channels at half the size."""
    torch.manual_seed(seed)
    return AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=16,
    )


def stable_diffusion_folder(folder: Path, unet: dict[str, Any] = TINY["like SD 1.5"]) -> Path:
    torch.manual_seed(4)
    UNet2DConditionModel.from_config(unet).save_pretrained(folder / "unet")
    tiny_autoencoder().save_pretrained(folder / "vae")
    save_clip(folder / "text_encoder", folder / "tokenizer", unet["cross_attention_dim"])
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({"prediction_type": "epsilon"}))
    return folder
