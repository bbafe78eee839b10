"""CLIP's text model and FLAN-T5's encoder from their transformers folders, behind the interface of our own encoder.

Both are frozen. '' is the null condition of guidance, as the public text-to-image models were trained.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self

import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, CLIPTextModel, PreTrainedModel, PreTrainedTokenizerBase, T5EncoderModel

from sticker_diffusion.text.states import TextStates
from sticker_diffusion.weights import CheckpointError

TextModel = Literal["clip", "t5"]


class CaptionEncoder(Protocol):
    """B captions to their states."""

    def __call__(self, captions: Sequence[str]) -> TextStates: ...


class PretrainedTextEncoder(nn.Module):
    """A transformers text model with its tokenizer; `width` is D of its states.

    `pads` says whether captions shorter than the longest of a batch hide their padding by the mask; `fits_float16`
    whether its activations stay within float16's range.
    """

    transformer_class: ClassVar[type[PreTrainedModel]]
    pads: ClassVar[bool]
    fits_float16: ClassVar[bool]

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.requires_grad_(False).eval()

    @property
    def width(self) -> int:
        width: int = self.model.config.hidden_size
        return width

    @classmethod
    def load(cls, folder: Path, tokenizer: Path | None = None) -> Self:
        """From a folder with the model and its tokenizer, or the latter's own, in the file's precision; weights in
        half precision (*.fp16.safetensors) where there are no others.

        Raises CheckpointError for a folder that does not hold them whole. Nothing is fetched.
        """
        whole = any((folder / name).is_file() for name in ("model.safetensors", "model.safetensors.index.json"))
        try:
            words = AutoTokenizer.from_pretrained(tokenizer or folder, local_files_only=True)
            loaded: Any = cls.transformer_class.from_pretrained(
                folder,
                local_files_only=True,
                output_loading_info=True,
                dtype="auto",
                use_safetensors=True,
                variant=None if whole else "fp16",
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise CheckpointError(
                f"{folder}: expected a transformers folder of a {cls.transformer_class.__name__} "
                f"with its tokenizer in {tokenizer or folder} ({error})"
            ) from error
        model, found = loaded
        for problem in ("missing_keys", "mismatched_keys"):
            if found[problem]:
                name = sorted(map(str, found[problem]))[0]
                raise CheckpointError(f"{folder}: {problem.replace('_', ' ')} in its weights, first {name}")
        return cls(model, words)

    def save(self, folder: Path) -> None:
        """Model and tokenizer into one folder, in the precision that they have."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


class ClipText(PretrainedTextEncoder):
    """CLIP's text model (Radford et al. 2021, arXiv 2103.00020). As in Stable Diffusion, all of its tokens are
    attended to, the padding included, and captions are cut at its length."""

    transformer_class = CLIPTextModel
    pads = False
    fits_float16 = True

    @torch.no_grad()
    def forward(self, captions: Sequence[str]) -> TextStates:
        tokens = self.tokenizer(
            list(captions),
            padding="max_length",
            max_length=self.model.config.max_position_embeddings,
            truncation=True,
            return_tensors="pt",
        ).input_ids.to(self.model.device)
        said = self.model(tokens)
        return TextStates(said.last_hidden_state, torch.ones_like(tokens, dtype=torch.bool), said.pooler_output)


class T5Text(PretrainedTextEncoder):
    """FLAN-T5's encoder (Chung et al. 2022, arXiv 2210.11416); pooled is the mean over a caption's tokens."""

    transformer_class = T5EncoderModel
    pads = True
    fits_float16 = False  # trained in bfloat16: its larger models give infinities
    length: ClassVar[int] = 128

    @torch.no_grad()
    def forward(self, captions: Sequence[str]) -> TextStates:
        tokens = self.tokenizer(
            list(captions), padding="longest", max_length=self.length, truncation=True, return_tensors="pt"
        ).to(self.model.device)
        states: Tensor = self.model(tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
        weight = tokens.attention_mask[..., None].to(states.dtype)
        return TextStates(states, tokens.attention_mask.bool(), (states * weight).sum(1) / weight.sum(1))


TEXT_ENCODERS: Mapping[TextModel, type[PretrainedTextEncoder]] = {"clip": ClipText, "t5": T5Text}
