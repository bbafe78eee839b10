"""Checkpoints enter here, checked file by file, as far as that can be done without torch."""

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from annotator.audit.recording import record
from annotator.checkpoints.folders import local_folder, uri_of
from annotator.checkpoints.models import Checkpoint, CheckpointRole, Engine
from inference_worker.folders import CHECKPOINT_FILE, ENGINE_FILE, FolderError, check_checkpoint, folder_sha256


class RegistrationError(Exception):
    """Why a folder is not a checkpoint that can be registered."""


@dataclass(frozen=True)
class Description:
    """What a folder says about itself. `parent` is the name or the sha256 of another checkpoint."""

    sha256: str
    engine: Engine
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
    return described_engine(folder) if (folder / ENGINE_FILE).exists() else described_checkpoint(folder)


def described_checkpoint(folder: Path) -> Description:
    """Of a checkpoint of our own."""
    data = read_json(folder / CHECKPOINT_FILE, {"name": str, "sampler": dict, "provenance": dict})
    provenance = data["provenance"]
    return Description(
        sha256=folder_sha256(folder),
        engine=Engine.STICKER_DIFFUSION,
        name=data["name"],
        parameters=sum(count_parameters(weights) for weights in sorted(folder.rglob("*.safetensors"))),
        sampler=data["sampler"],
        metrics=provenance.get("metrics") or {},
        parent=provenance.get("parent"),
        card=card_of(folder),
    )


def described_engine(folder: Path) -> Description:
    """Of a public pipeline. Whether the adapter and its options are right, only a worker knows."""
    file = folder / ENGINE_FILE
    data = read_json(
        file, {"name": str, "engine": str, "adapter": str, "source": str, "parameters": int, "defaults": dict}
    )
    if data["engine"] != Engine.DIFFUSERS:
        raise RegistrationError(f"{file} says engine {data['engine']!r}: {Engine.DIFFUSERS.value!r} is expected")
    if data["parameters"] < 0:
        raise RegistrationError(f"{file} says {data['parameters']} parameters: 0 or more are expected")
    if data["source"].startswith(".") and not any((folder / data["source"]).rglob("*.safetensors")):
        raise RegistrationError(
            f"{file} says that the pipeline is at {data['source']!r}: no .safetensors file is there"
        )
    return Description(
        sha256=folder_sha256(folder),
        engine=Engine.DIFFUSERS,
        name=data["name"],
        parameters=data["parameters"],
        sampler=data["defaults"],
        metrics={},
        parent=None,
        card=card_of(folder),
    )


def card_of(folder: Path) -> str:
    card = folder / "README.md"
    return card.read_text(encoding="utf-8") if card.exists() else ""


def read_json(file: Path, expected: dict[str, type]) -> dict[str, Any]:
    """The object in a file, which has at least the expected keys. Raises RegistrationError."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RegistrationError(f"{file} is not JSON: {error}") from None
    words = {str: "text", int: "whole number", dict: "object"}
    for key, kind in expected.items():
        if not isinstance(data, dict) or type(data.get(key)) is not kind:
            raise RegistrationError(f"{file} needs {key!r} as a JSON {words[kind]}")
    return dict(data)


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
            checkpoint, new = Checkpoint.objects.update_or_create(
                sha256=found.sha256,
                defaults={"uri": uri, **given},
                create_defaults={
                    "uri": uri,
                    "name": name or found.name,
                    "role": role or CheckpointRole.TEACHER,
                    "engine": found.engine,
                    "parameters": found.parameters,
                    "default_settings": found.sampler,
                    "metrics": found.metrics,
                    "parent": parent_of(found),
                    "card": found.card,
                },
            )
            if new:
                record(verb="checkpoint.registered", by=None, subject=checkpoint, after={"sha256": found.sha256})
            return checkpoint, new
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


def parents_first(folders: Sequence[Path]) -> list[Path]:
    """The folders in an order in which each finds its parent registered; one that cannot be read has none.

    As they are given where they name each other in a circle.
    """
    names: dict[str, Path] = {}
    parents: dict[Path, str | None] = {}
    for folder in folders:
        try:
            found = describe(folder)
        except (RegistrationError, FolderError):
            parents[folder] = None
        else:
            names[found.name], parents[folder] = folder, found.parent
    known = {folder: [names[parent]] if parent in names else [] for folder, parent in parents.items()}
    try:
        return list(TopologicalSorter(known).static_order())
    except CycleError:
        return list(folders)
