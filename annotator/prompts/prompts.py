"""Prompt sets and their prompts: made one at a time."""

import unicodedata

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError

from annotator.accounts.models import User
from annotator.media import store
from annotator.prompts.images import StickerError, normalise_sticker
from annotator.prompts.models import CAPTION_LENGTH, Prompt, PromptSet, Split

EXTERNAL_ID_LENGTH = 100


def create_prompt_set(*, name: str, by: User, description: str = "", licence: str = "") -> PromptSet:
    return PromptSet.objects.create(name=name, description=description, licence=licence, created_by=by)


def clean_caption(caption: str) -> str:
    """One line of text. Raises ValueError with a sentence."""
    line = " ".join(caption.split())
    if not line:
        raise ValueError("The caption is empty: say what the sticker shall do")
    if len(line) > CAPTION_LENGTH:
        raise ValueError(f"The caption has {len(line):,} characters: at most {CAPTION_LENGTH} are taken")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in line):
        raise ValueError("The caption has a control character: plain text is expected")
    return line


def clean_external_id(external_id: str) -> str:
    cleaned = external_id.strip()
    if not cleaned:
        raise ValueError("The external_id is empty: leave the column out, or give every row one")
    if len(cleaned) > EXTERNAL_ID_LENGTH:
        raise ValueError(f"The external_id has {len(cleaned):,} characters: at most {EXTERNAL_ID_LENGTH} are taken")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in cleaned):
        raise ValueError("The external_id has a control character: plain text is expected")
    return cleaned


def store_sticker(data: bytes, *, accept_opaque: bool = True, accept_jpeg: bool = False) -> str:
    """The blob name of the normalised image. Raises StickerError."""
    return store.put(normalise_sticker(data, accept_opaque=accept_opaque, accept_jpeg=accept_jpeg), "png")


def derived_external_id(*, caption: str, sticker: str) -> str:
    """For prompts that come without one: the same caption on the same sticker is the same prompt."""
    words = "-".join("".join(c if c.isalnum() else " " for c in caption.casefold()).split())
    return f"{words[:60]}-{sticker[:10]}"


def add_prompt(
    *, prompt_set: PromptSet, caption: str, image: bytes, external_id: str = "", split: Split = Split.HITL
) -> Prompt:
    """A new prompt. Raises ValidationError by field."""
    try:
        field = "caption"
        caption = clean_caption(caption)
        field = "external_id"
        external_id = clean_external_id(external_id) if external_id else ""
        field = "sticker"
        sticker = store_sticker(image)
    except (StickerError, ValueError) as error:
        raise ValidationError({field: [f"{error}."]}) from None
    external_id = external_id or derived_external_id(caption=caption, sticker=sticker)
    if prompt_set.prompts.filter(external_id=external_id).exists():
        raise ValidationError({"external_id": [f"The set has a prompt {external_id!r} already."]})
    return prompt_set.prompts.create(external_id=external_id, caption=caption, sticker=sticker, split=split)


def remove_prompt(prompt_id: int) -> None:
    """Takes a prompt out of its set. Raises ValidationError where a batch has it: its labels speak of it."""
    with transaction.atomic():
        prompt = Prompt.objects.select_for_update().get(pk=prompt_id)
        try:
            prompt.delete()
        except ProtectedError:
            raise ValidationError("A batch has this prompt: it stays, as labels may speak of it.") from None
