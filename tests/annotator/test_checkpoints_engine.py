"""Public pipelines, registered as checkpoints."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotator.checkpoints.models import Checkpoint, Engine
from annotator.generation.sampler_settings import merged
from inference_worker.folders import folder_sha256
from tests.annotator.test_checkpoints import write_checkpoint

pytestmark = pytest.mark.django_db


def write_engine(folder: Path, **changes: Any) -> Path:
    """The description of a pipeline on the hub, unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    description = {
        "format_version": 1,
        "name": "wan",
        "engine": "diffusers",
        "adapter": "wan",
        "source": "owner/wan",
        "revision": "0" * 40,
        "parameters": 16_000_000_000,
        "defaults": {"steps": 50, "text_scale": 5.0},
        **changes,
    }
    (folder / "engine.json").write_text(json.dumps(description))
    return folder


def register(folder: Path) -> str:
    printed = StringIO()
    call_command("register_checkpoint", str(folder), stdout=printed)
    return printed.getvalue()


def test_a_pipeline_on_the_hub_is_registered_without_its_weights(tmp_path: Path) -> None:
    folder = write_engine(tmp_path / "wan")
    (folder / "README.md").write_text("# wan\n")
    assert register(folder).startswith("Registered teacher wan, 16,000,000,000 parameters")
    checkpoint = Checkpoint.objects.get()
    assert (checkpoint.engine, checkpoint.sha256, checkpoint.card) == (
        Engine.DIFFUSERS,
        folder_sha256(folder),
        "# wan\n",
    )
    settings = merged(given={"steps": 30}, defaults=checkpoint.default_settings)
    assert (settings["steps"], settings["text_scale"]) == (30, 5.0)


def test_another_revision_is_another_checkpoint(tmp_path: Path) -> None:
    register(write_engine(tmp_path / "one"))
    register(write_engine(tmp_path / "other", name="wan 2", revision="1" * 40))
    assert Checkpoint.objects.count() == 2


def test_a_pipeline_in_the_folder_is_part_of_its_identity(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "wan")
    (folder / "checkpoint.json").unlink()
    before = folder_sha256(write_engine(folder, source="."))
    register(folder)
    assert Checkpoint.objects.get().sha256 == before
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert folder_sha256(folder) != before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"engine": "sora"}, "says engine 'sora': 'diffusers' is expected"),
        ({"parameters": "many"}, "needs 'parameters' as a JSON whole number"),
        ({"parameters": -1}, "says -1 parameters"),
        ({"defaults": [8]}, "needs 'defaults' as a JSON object"),
        ({"source": "."}, "no .safetensors file is there"),
    ],
)
def test_a_description_that_is_wrong_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        register(write_engine(tmp_path / "wan", **changes))
    assert Checkpoint.objects.count() == 0


def test_a_folder_says_one_thing(tmp_path: Path) -> None:
    folder = write_engine(write_checkpoint(tmp_path / "both"))
    with pytest.raises(CommandError, match=r"has both checkpoint\.json and engine\.json"):
        register(folder)
