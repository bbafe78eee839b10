"""Write the engine.json of a public pipeline: one that lies in a folder, or one on the hub."""

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import diffusers
from huggingface_hub import HfApi
from safetensors import SafetensorError, safe_open

from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.engines.adapter import Adapter
from sticker_diffusion.engines.description import FORMAT_VERSION, EngineDescription, write_description
from sticker_diffusion.engines.registry import ADAPTERS
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.settings import SettingsError, read_settings

_CARD = """# {name}

The image-to-video pipeline {source}{revision} ({pipeline} of diffusers, adapter `{adapter}`), as a teacher of stickers.

- {hears}
- Stickers are put on a colour far from their own, generated, cut to a loop and keyed back to transparency; every clip
  says how.
- Its weights have their own licence: read it where they come from.
"""


def describe_engine(
    *,
    adapter: str,
    source: str,
    out: Path | None = None,
    name: str | None = None,
    revision: str = "main",
    variant: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Path:
    """Write engine.json and, if there is none, a README.md; returns their folder.

    `source` is a pipeline's folder, `out` or inside it (by default `out` is that folder itself), or a hub id, whose
    `revision` is resolved to a commit over the network. Raises CheckpointError and SettingsError.
    """
    if adapter not in ADAPTERS:
        raise SettingsError(f"unknown adapter {adapter!r}; the known ones are {', '.join(ADAPTERS)}")
    kind = ADAPTERS[adapter]
    options = dict(options or {})
    read_settings(kind, options, where="options")
    commit: str | None = None
    if Path(source).is_dir():
        folder = (out or Path(source)).resolve()
        inside = Path(source).resolve()
        if not inside.is_relative_to(folder):
            raise SettingsError(
                f"{inside} is not inside {folder}: its files belong to the checkpoint, so that its sha256 covers them"
            )
        relative = inside.relative_to(folder).as_posix()
        place = "." if relative == "." else f"./{relative}"
        parameters = count_local(inside, kind, variant)
    elif out is None:
        raise SettingsError(f"{source} is no folder here; for a hub id say with -o where its engine.json goes")
    else:
        folder, place = out, source
        commit, parameters = resolve_hub(source, kind, revision=revision, variant=variant)
    description = EngineDescription(
        format_version=FORMAT_VERSION,
        name=name or folder.name,
        engine="diffusers",
        adapter=adapter,
        source=place,
        revision=commit,
        variant=variant,
        parameters=parameters,
        options=options,
        defaults=read_settings(SamplerSettings, kind.sampler, where=f"defaults of {adapter}"),
    )
    write_description(folder, description)
    card = folder / "README.md"
    if not card.exists():
        card.write_text(
            _CARD.format(
                name=description.name,
                source=source if commit else "in this folder",
                revision=f" at {commit}" if commit else "",
                pipeline=kind.pipeline,
                adapter=adapter,
                hears="It ignores the caption." if "caption" in kind.ignored else "It reads the caption.",
            ),
            encoding="utf-8",
        )
    return folder


def count_local(folder: Path, kind: type[Adapter], variant: str | None) -> int:
    """Numbers in the weights of a pipeline's folder."""
    index = _index(str(folder), kind)
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors")]

    def count(name: str) -> int:
        try:
            with safe_open(folder / name, framework="pt") as file:
                return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{folder / name}: expected a whole safetensors file ({error})") from error

    return _count(str(folder), index, names, variant, count)


def resolve_hub(source: str, kind: type[Adapter], *, revision: str, variant: str | None) -> tuple[str, int]:
    """The commit of a hub repository's revision, and the numbers in its weights, read from their headers alone."""
    hub = HfApi()
    try:
        info = hub.model_info(source, revision=revision)
        commit = str(info.sha)
        index = _index(source, kind, revision=commit)

        def count(name: str) -> int:
            return sum(hub.parse_safetensors_file_metadata(source, name, revision=commit).parameter_count.values())

        names = [file.rfilename for file in info.siblings or []]
        return commit, _count(source, index, names, variant, count)
    except CheckpointError:
        raise
    except Exception as error:  # of the hub's client, or of whatever HTTP library that is built on
        raise CheckpointError(f"{source} at {revision} cannot be read from the hub: {error}") from error


def _index(place: str, kind: type[Adapter], *, revision: str | None = None) -> dict[str, Any]:
    try:
        index: dict[str, Any] = diffusers.DiffusionPipeline.load_config(place, revision=revision)
    except OSError as error:
        raise CheckpointError(f"{place}: model_index.json cannot be read ({error})") from error
    if index.get("_class_name") not in kind.folders:
        raise CheckpointError(
            f"{place}: model_index.json names {index.get('_class_name')}; the adapter {kind.name} "
            f"needs {' or '.join(kind.folders)}"
        )
    return index


def _count(
    place: str, index: Mapping[str, Any], names: Iterable[str], variant: str | None, count: Callable[[str], int]
) -> int:
    """Over the files that from_pretrained would read: of each part those of the variant, else those of none."""
    parts: dict[str, list[str]] = {}
    for name in sorted(names):
        path = PurePosixPath(name)
        if path.suffix == ".safetensors" and len(path.parts) == 2 and path.parts[0] in index:
            parts.setdefault(path.parts[0], []).append(name)
    chosen = []
    for files in parts.values():
        of_variant = [name for name in files if variant and f".{variant}" in PurePosixPath(name).stem]
        chosen += of_variant or [name for name in files if "." not in PurePosixPath(name).stem]
    if not chosen:
        raise CheckpointError(f"{place}: no safetensors in its parts' folders; weights in other formats are not loaded")
    return sum(count(name) for name in chosen)
