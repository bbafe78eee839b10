import json
import shutil
import struct
from io import StringIO
from pathlib import Path
from typing import Any

import fsspec
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.accounts.models import User
from annotator.checkpoints.models import Checkpoint, CheckpointRole
from annotator.checkpoints.registration import parents_first
from inference_worker.folders import folder_sha256
from tests.annotator.conftest import SignedIn

CHECKPOINTS = "/api/v1/checkpoints/"


def write_checkpoint(folder: Path, *, name: str = "demo", seed: int = 0, **provenance: Any) -> Path:
    """A folder as the model side saves it, with 2×3 + 4 numbers of weights."""
    folder.mkdir(parents=True)
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]},
        "b": {"dtype": "F16", "shape": [4], "data_offsets": [12, 20]},
    }
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes([seed] * 20))
    description = {"name": name, "sampler": {"steps": 8}, "provenance": {"parent": None, **provenance}}
    (folder / "checkpoint.json").write_text(json.dumps(description))
    (folder / "README.md").write_text(f"# {name}\n")
    return folder


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    return write_checkpoint(tmp_path / "weights" / "demo", metrics={"verb_recognised": 0.97})


def register(place: Path | str, **options: str) -> str:
    printed = StringIO()
    call_command("register_checkpoint", str(place), stdout=printed, **options)
    return printed.getvalue()


def test_a_folder_is_registered_with_what_it_says_of_itself(folder: Path) -> None:
    said = register(folder)
    checkpoint = Checkpoint.objects.get()
    assert said.startswith("Registered teacher demo, 10 parameters, sha256 ")
    assert (checkpoint.uri, checkpoint.sha256) == (folder.as_uri(), folder_sha256(folder))
    assert (checkpoint.role, checkpoint.engine, checkpoint.parameters) == ("teacher", "sticker_diffusion", 10)
    assert (checkpoint.default_settings, checkpoint.metrics) == ({"steps": 8}, {"verb_recognised": 0.97})
    assert (checkpoint.card, checkpoint.parent) == ("# demo\n", None)


def test_registering_again_changes_only_what_is_given(folder: Path) -> None:
    register(folder)
    assert register(folder).startswith("Known already: teacher demo")
    moved = folder.rename(folder.with_name("moved"))
    assert register(moved, role="student", name="small").startswith("Known already: student small")
    checkpoint = Checkpoint.objects.get()
    assert (checkpoint.uri, checkpoint.role, checkpoint.name) == (moved.as_uri(), CheckpointRole.STUDENT, "small")


def test_a_shipped_folder_survives_a_moved_checkout(tmp_path: Path, db: None, settings: Settings) -> None:
    settings.BASE_DIR = tmp_path / "checkout"
    shipped = write_checkpoint(settings.BASE_DIR / "checkpoints" / "demo")
    register(shipped)
    assert Checkpoint.objects.get().uri == "checkpoints/demo"
    settings.BASE_DIR = (tmp_path / "checkout").rename(tmp_path / "elsewhere")
    assert register(settings.BASE_DIR / "checkpoints" / "demo").startswith("Known already")


def test_a_remote_folder_is_fetched_and_checked(folder: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.put(str(folder), "/bucket/demo", recursive=True)
    register("memory://bucket/demo")
    checkpoint = Checkpoint.objects.get()
    assert (checkpoint.uri, checkpoint.sha256) == ("memory://bucket/demo", folder_sha256(folder))
    with pytest.raises(CommandError, match="memory://bucket/gone"):
        register("memory://bucket/gone")


def test_the_parent_is_found_by_its_hash_or_name(folder: Path, tmp_path: Path) -> None:
    register(folder)
    teacher = Checkpoint.objects.get()
    register(write_checkpoint(tmp_path / "s1", name="s1", seed=1, parent=teacher.sha256), role="student")
    register(write_checkpoint(tmp_path / "s2", name="s2", seed=2, parent="demo"), role="student")
    register(write_checkpoint(tmp_path / "s3", name="s3", seed=3, parent="elsewhere"), role="student")
    parents = Checkpoint.objects.filter(role="student").order_by("id").values_list("parent", flat=True)
    assert list(parents) == [teacher.pk, teacher.pk, None]


def test_a_taken_name_needs_another(folder: Path, tmp_path: Path) -> None:
    register(folder)
    other = write_checkpoint(tmp_path / "other", seed=1)
    with pytest.raises(CommandError, match="other weights is named 'demo': choose another name with --name"):
        register(other)
    assert register(other, name="demo-2").startswith("Registered teacher demo-2")


def truncate(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-5])


def cut_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 10_000) + b"{}")


def describe_badly(folder: Path) -> None:
    (folder / "checkpoint.json").write_text('{"name": "demo", "sampler": [], "provenance": {}}')


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        pytest.param(truncate, r"model\.safetensors has \d+ bytes, but its header describes \d+", id="truncated"),
        pytest.param(cut_header, r"model\.safetensors is truncated", id="header"),
        pytest.param(lambda folder: (folder / "model.safetensors").write_bytes(b""), "0 bytes", id="empty"),
        pytest.param(lambda folder: (folder / "model.safetensors").unlink(), "weights are missing", id="no-weights"),
        pytest.param(lambda folder: (folder / "checkpoint.json").unlink(), "has no checkpoint.json", id="no-json"),
        pytest.param(lambda folder: (folder / "checkpoint.json").write_text("{"), "is not JSON", id="bad-json"),
        pytest.param(describe_badly, "checkpoint.json needs 'sampler' as a JSON object", id="bad-sampler"),
        pytest.param(shutil.rmtree, "is not a folder", id="gone"),
    ],
)
def test_a_folder_that_cannot_be_loaded_is_refused_in_one_sentence(folder: Path, harm: Any, sentence: str) -> None:
    harm(folder)
    with pytest.raises(CommandError, match=sentence) as told:
        register(folder)
    assert "\n" not in str(told.value)
    assert Checkpoint.objects.count() == 0


def test_researchers_see_checkpoints(researcher: User, folder: Path, signed_in: SignedIn) -> None:
    register(folder)
    browser = signed_in(researcher)
    (listed,) = browser.get(CHECKPOINTS).json()["results"]
    assert (listed["name"], listed["parameters"], listed["parent"]) == ("demo", 10, None)
    shown = browser.get(f"{CHECKPOINTS}{listed['id']}/").json()
    assert (shown["card"], shown["metrics"]) == ("# demo\n", {"verb_recognised": 0.97})
    assert browser.get(f"{CHECKPOINTS}77/").status_code == 404


def test_annotators_and_strangers_do_not(annotator: User, folder: Path, signed_in: SignedIn, client: Client) -> None:
    register(folder)
    for address in (CHECKPOINTS, f"{CHECKPOINTS}{Checkpoint.objects.get().pk}/"):
        assert signed_in(annotator).get(address).status_code == 403
        assert client.get(address).status_code == 401


def test_the_list_costs_the_same_however_long(
    researcher: User,
    folder: Path,
    tmp_path: Path,
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    register(folder)
    for number in range(1, 8):
        register(write_checkpoint(tmp_path / str(number), name=f"child {number}", seed=number, parent="demo"))
    browser = signed_in(researcher)
    with django_assert_num_queries(2):  # the session's user, the list
        results = browser.get(CHECKPOINTS).json()["results"]
    assert [checkpoint["parent"] for checkpoint in results] == ["demo"] * 7 + [None]


def test_parents_are_registered_before_their_children_whatever_their_names(tmp_path: Path) -> None:
    child = write_checkpoint(tmp_path / "a", name="a", parent="b")
    parent = write_checkpoint(tmp_path / "b", name="b", parent="c")
    oldest = write_checkpoint(tmp_path / "c", name="c", parent="elsewhere")
    broken = tmp_path / "d"
    broken.mkdir()
    ordered = parents_first([child, parent, oldest, broken])
    assert sorted(ordered) == [child, parent, oldest, broken]
    assert ordered.index(oldest) < ordered.index(parent) < ordered.index(child)


def test_checkpoints_that_name_each_other_as_parents_keep_their_order(tmp_path: Path) -> None:
    folders = [write_checkpoint(tmp_path / name, name=name, parent=of) for name, of in (("a", "b"), ("b", "a"))]
    assert parents_first(folders) == folders
