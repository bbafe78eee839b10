import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import HfApi

from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.engines import describe
from sticker_diffusion.engines.__main__ import main
from sticker_diffusion.engines.description import read_description
from sticker_diffusion.engines.registry import ADAPTERS
from sticker_diffusion.engines.wan import Wan
from tests.sticker_diffusion.tiny_pipelines import write_engine

COMMIT = "0123456789abcdef" * 2 + "01234567"


def write_weights(file: Path, *shapes: list[int]) -> None:
    """A safetensors file of float32 zeros."""
    header, end = {}, 0
    for index, shape in enumerate(shapes):
        size = 4 * shape[0] * shape[1]
        header[f"t{index}"] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A Wan folder, as far as describing it goes: 10 + 6 numbers, and files that are none of its parts'."""
    folder = tmp_path / "wan"
    write_weights(folder / "transformer" / "diffusion_pytorch_model-00001-of-00001.safetensors", [2, 5])
    write_weights(folder / "transformer" / "diffusion_pytorch_model.fp16.safetensors", [1, 5])
    write_weights(folder / "vae" / "diffusion_pytorch_model.safetensors", [2, 3])
    write_weights(folder / "whole.safetensors", [100, 100])
    index = {"_class_name": "WanImageToVideoPipeline", "transformer": ["diffusers", "T"], "vae": ["diffusers", "V"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def test_a_folder_gets_its_description(pipeline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["wan", str(pipeline), "--name", "wan-small", "--option", "frames=33", "--option", "prompt=a {caption}"])
        == 0
    )
    description, adapter = read_description(pipeline)
    assert (description.name, description.source, description.parameters) == ("wan-small", ".", 16)
    assert (description.defaults.steps, description.defaults.text_scale) == (50, 5.0)
    assert adapter == Wan(frames=33, prompt="a {caption}")
    assert "It reads the caption." in (pipeline / "README.md").read_text()
    assert "engine.json" in capsys.readouterr().out


def test_a_variant_counts_where_a_part_has_it(pipeline: Path) -> None:
    assert main(["wan", str(pipeline), "--variant", "fp16"]) == 0
    assert read_description(pipeline)[0].parameters == 5 + 6


def test_a_pipeline_may_lie_inside_its_checkpoint(pipeline: Path) -> None:
    assert main(["wan", str(pipeline), "-o", str(pipeline.parent)]) == 0
    description, _ = read_description(pipeline.parent)
    assert description.place(pipeline.parent) == str(pipeline)


def test_a_hub_id_is_pinned_to_its_commit(pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [path.relative_to(pipeline).as_posix() for path in pipeline.rglob("*.safetensors")]
    asked: list[str] = []

    def model_info(_: HfApi, source: str, *, revision: str) -> Any:
        asked.append(f"{source}@{revision}")
        return SimpleNamespace(sha=COMMIT, siblings=[SimpleNamespace(rfilename=name) for name in names])

    def metadata(_: HfApi, __: str, name: str, *, revision: str) -> Any:
        asked.append(f"{name}@{revision}")
        return SimpleNamespace(parameter_count={"F32": 1000})

    index = json.loads((pipeline / "model_index.json").read_text())
    monkeypatch.setattr(HfApi, "model_info", model_info)
    monkeypatch.setattr(HfApi, "parse_safetensors_file_metadata", metadata)
    monkeypatch.setattr(describe.diffusers.DiffusionPipeline, "load_config", lambda *_, **__: index)
    out = tmp_path / "teacher"
    assert main(["wan", "owner/wan", "-o", str(out), "--revision", "v1"]) == 0
    description, _ = read_description(out)
    assert (description.source, description.revision, description.parameters) == ("owner/wan", COMMIT, 2000)
    assert asked[0] == "owner/wan@v1"
    assert {entry.partition("@")[2] for entry in asked[1:]} == {COMMIT}
    assert COMMIT in (out / "README.md").read_text()


def test_a_hub_that_does_not_answer_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*_: Any, **__: Any) -> Any:
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr(HfApi, "model_info", unreachable)
    assert main(["wan", "owner/wan", "-o", str(tmp_path / "teacher")]) == 2
    assert "owner/wan at main cannot be read from the hub: Name or service not known" in capsys.readouterr().err
    assert not (tmp_path / "teacher").exists()


def no_index(folder: Path) -> list[str]:
    (folder / "model_index.json").unlink()
    return ["wan", str(folder)]


def no_weights(folder: Path) -> list[str]:
    for file in folder.glob("*/*.safetensors"):
        file.unlink()
    return ["wan", str(folder)]


def cut_weights(folder: Path) -> list[str]:
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-3])
    return ["wan", str(folder)]


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (no_index, "model_index.json"),
        (no_weights, "no safetensors in its parts' folders"),
        (cut_weights, "expected a whole safetensors file"),
        (lambda folder: ["ltx", str(folder)], "names WanImageToVideoPipeline; the adapter ltx needs"),
        (lambda folder: ["wan", str(folder), "--option", "width=100"], "width must be a multiple of 16"),
        (lambda folder: ["wan", str(folder), "--option", "frames=32"], r"frames must be 4·k \+ 1"),
        (lambda folder: ["wan", str(folder), "--option", "fps=3"], "unknown key fps; known keys are width"),
        (lambda folder: ["wan", str(folder), "--option", "prompt=x"], "prompt must contain {caption}"),
        (lambda folder: ["wan", str(folder), "-o", str(folder / "out")], "is not inside"),
        (lambda _: ["wan", "owner/wan"], "say with -o where"),
    ],
)
def test_what_cannot_be_described_is_said(
    pipeline: Path, harm: Callable[[Path], list[str]], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(harm(pipeline)) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert re.search(sentence, said)
    assert not (pipeline / "engine.json").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"adapter": "sora"}, f"unknown adapter 'sora'; the known ones are {', '.join(ADAPTERS)}"),
        ({"source": "owner/wan"}, "must be a commit"),
        ({"source": "/srv/wan"}, "must be a hub id"),
        ({"source": "./../wan"}, r"without '\.\.'"),
        ({"format_version": 2}, "format_version must be 1"),
        ({"bucket_edges": [1.0, 2.0]}, "bucket_edges must be 15 rising numbers"),
        ({"defaults": {"step": 8}}, "unknown key step; known keys are steps"),
        ({"defaults": {"steps": 0}}, "steps must be 1"),
        ({"options": {"widht": 8}}, "options: unknown key widht"),
        ({"wights": 1}, "unknown key wights"),
    ],
)
def test_a_description_that_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    folder = write_engine(tmp_path, **{"adapter": "wan", **changes})
    with pytest.raises(CheckpointError, match=sentence) as told:
        read_description(folder)
    assert str(folder / "engine.json") in str(told.value)


def test_a_description_that_is_missing_or_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"engine\.json: missing"):
        read_description(tmp_path)
    (tmp_path / "engine.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"engine\.json: expected JSON"):
        read_description(tmp_path)
