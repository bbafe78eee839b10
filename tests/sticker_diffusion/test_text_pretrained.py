"""CLIP and FLAN-T5 from their folders give states like our own encoder's."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTokenizer, T5Config, T5ForConditionalGeneration

from sticker_diffusion.text.pretrained import ClipText, T5Text
from sticker_diffusion.weights import CheckpointError
from tests.sticker_diffusion.tiny_folders import WIDTH, save_clip, save_t5


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    save_clip(tmp_path / "text_encoder", tmp_path / "tokenizer")
    return tmp_path


def test_clip_says_what_stable_diffusion_attends_to(clip: Path) -> None:
    text = ClipText.load(clip / "text_encoder", clip / "tokenizer")
    said = text(["a dog jumping", ""])
    assert said.states.shape == (2, 12, WIDTH)
    assert said.mask.all()
    tokens = CLIPTokenizer.from_pretrained(clip / "tokenizer")(
        ["a dog jumping", ""], padding="max_length", max_length=12, truncation=True, return_tensors="pt"
    )
    expected = CLIPTextModel.from_pretrained(clip / "text_encoder").eval()(tokens.input_ids)[0]
    torch.testing.assert_close(said.states, expected)
    assert (said.states[0] - said.states[1]).abs().max() > 1e-3
    assert said.pooled.shape == (2, WIDTH)
    assert text(["jump " * 500]).states.shape == (1, 12, WIDTH)


def test_t5_says_the_same_of_a_caption_alone_and_beside_a_longer_one(tmp_path: Path) -> None:
    save_t5(tmp_path)
    text = T5Text.load(tmp_path)
    alone, together = text(["a dog"]), text(["a dog", "a little brown dog jumps"])
    length = alone.states.shape[1]
    torch.testing.assert_close(together.states[0, :length], alone.states[0])
    torch.testing.assert_close(together.pooled[0], alone.pooled[0])
    assert together.mask[0].tolist() == [True] * length + [False] * (together.states.shape[1] - length)
    assert text(["jump " * 500]).states.shape[1] == T5Text.length
    assert text([""]).states.shape == (1, 1, 16)


def test_a_saved_encoder_is_one_folder_and_says_the_same(clip: Path) -> None:
    text = ClipText.load(clip / "text_encoder", clip / "tokenizer")
    text.save(clip / "saved")
    torch.testing.assert_close(ClipText.load(clip / "saved")(["spin"]).states, text(["spin"]).states)


def test_the_key_names_of_the_public_clip_files_are_read(clip: Path) -> None:
    file = clip / "text_encoder" / "model.safetensors"
    before = ClipText.load(clip / "text_encoder", clip / "tokenizer")(["spin"]).states
    named = {f"text_model.{name}": tensor for name, tensor in load_file(file).items()}
    named["text_model.embeddings.position_ids"] = torch.arange(12)[None]
    save_file(named, file, metadata={"format": "pt"})
    torch.testing.assert_close(ClipText.load(clip / "text_encoder", clip / "tokenizer")(["spin"]).states, before)


def test_weights_in_half_precision_are_read_where_there_are_no_others(clip: Path) -> None:
    folder = clip / "text_encoder"
    whole = ClipText.load(folder, clip / "tokenizer")
    (folder / "model.safetensors").unlink()
    whole.model.half().save_pretrained(folder, variant="fp16")
    assert [file.name for file in folder.glob("*.safetensors")] == ["model.fp16.safetensors"]
    half = ClipText.load(folder, clip / "tokenizer").float()
    torch.testing.assert_close(half(["spin"]).states, whole.float()(["spin"]).states)


def test_the_encoder_is_taken_from_a_whole_t5(tmp_path: Path) -> None:
    save_t5(tmp_path)
    config = T5Config.from_pretrained(tmp_path)
    whole = T5ForConditionalGeneration(config)
    whole.save_pretrained(tmp_path)
    encoder = T5Text.load(tmp_path).model
    torch.testing.assert_close(encoder.shared.weight, whole.shared.weight)


def test_a_folder_that_lacks_weights_tokens_or_a_tensor_is_named(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="expected a transformers folder of a CLIPTextModel"):
        ClipText.load(clip / "nowhere")
    with pytest.raises(CheckpointError, match="tokenizer in"):
        ClipText.load(clip / "text_encoder")
    file = clip / "text_encoder" / "model.safetensors"
    tensors = load_file(file)
    name = next(name for name in tensors if "fc1.weight" in name)
    del tensors[name]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"missing keys in its weights, first .*fc1\.weight"):
        ClipText.load(clip / "text_encoder", clip / "tokenizer")
