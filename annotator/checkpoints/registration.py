"""Checkpoints enter here, checked file by file, as far as that can be done without torch."""

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from annotator.checkpoints.folders import local_folder, uri_of
from annotator.checkpoints.models import Checkpoint, CheckpointRole, Engine
from inference_worker.folders import FolderError, check_checkpoint, folder_sha256


class RegistrationError(Exception):
    """Why a folder is not a checkpoint that can be registered."""


@dataclass(frozen=True)
class Description:
    """What a folder says about itself. `parent` is the name or the sha256 of another checkpoint."""

    sha256: str
    name: str
    parameters: int
    sampler: dict[str, Any]
    metrics: dict[str, Any]
    parent: str | None
    card: str


def count_parameters(weights: Path) -> int:
    """How many numbers a safetensors file holds, from its header."""
    with weights.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def describe(folder: Path) -> Description:
    """Raises RegistrationError or FolderError, which name the file and what was expected of it."""
    check_checkpoint(folder)
    file = folder / "checkpoint.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RegistrationError(f"{file} is not JSON: {error}") from None
    expected: dict[str, type] = {"name": str, "sampler": dict, "provenance": dict}
    for key, kind in expected.items():
        if not isinstance(data, dict) or not isinstance(data.get(key), kind):
            raise RegistrationError(f"{file} needs {key!r} as a JSON {'text' if kind is str else 'object'}")
    provenance = data["provenance"]
    card = folder / "README.md"
    return Description(
        sha256=folder_sha256(folder),
        name=data["name"],
        parameters=sum(count_parameters(weights) for weights in sorted(folder.rglob("*.safetensors"))),
        sampler=data["sampler"],
        metrics=provenance.get("metrics") or {},
        parent=provenance.get("parent"),
        card=card.read_text(encoding="utf-8") if card.exists() else "",
    )


def register_checkpoint(
    *, place: str, role: CheckpointRole | None = None, name: str | None = None
) -> tuple[Checkpoint, bool]:
    """The checkpoint in the folder or at the URI `place`, and whether it is new here; a teacher, unless `role` says.

    The same files again are the same checkpoint: only its place is brought up to date, and its role and name if given.
    """
    uri = uri_of(place)
    try:
        with local_folder(uri) as folder:
            found = describe(folder)
    except FolderError as error:
        raise RegistrationError(str(error)) from None
    given = {key: value for key, value in {"role": role, "name": name}.items() if value}
    try:
        with transaction.atomic():
            return Checkpoint.objects.update_or_create(
                sha256=found.sha256,
                defaults={"uri": uri, **given},
                create_defaults={
                    "uri": uri,
                    "name": name or found.name,
                    "role": role or CheckpointRole.TEACHER,
                    "engine": Engine.STICKER_DIFFUSION,
                    "parameters": found.parameters,
                    "default_settings": found.sampler,
                    "metrics": found.metrics,
                    "parent": parent_of(found),
                    "card": found.card,
                },
            )
    except IntegrityError:
        taken = name or found.name
        raise RegistrationError(
            f"A checkpoint with other weights is named {taken!r}: choose another name with --name."
        ) from None


def parent_of(found: Description) -> Checkpoint | None:
    """The registered checkpoint that this one came from; None also when it was never registered here."""
    if found.parent is None:
        return None
    by_hash = Checkpoint.objects.filter(sha256=found.parent).first()
    return by_hash or Checkpoint.objects.filter(name=found.parent).first()
