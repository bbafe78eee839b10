"""What the loop trains with: the shipped recipes word for word, and a control that has not looked at labels."""

import json
import zipfile
from pathlib import Path

from annotator.training.asking import settings_of
from benchmarks.loop_training import CONFIGS, recipe, unfiltered_folder
from sticker_diffusion.settings import read_settings
from sticker_diffusion.training.config import DistilSettings, FinetuneSettings
from sticker_diffusion.training.run_settings import read_run_settings


def asked(config: str, **instead: object) -> dict[str, object]:
    words = recipe(config, **instead)
    assert set(words[::2]) == {"--set"}
    return settings_of(words[1::2])


def test_a_recipe_asked_for_by_words_is_the_shipped_one() -> None:
    given = {**asked("student.yaml"), "initial": "x", "clips": 9600}
    given["data"] = {**given["data"], "release": "y"}  # type: ignore[dict-item]
    shipped = read_run_settings(FinetuneSettings, CONFIGS / "student.yaml", initial="x", data={"release": "y"})
    assert read_settings(FinetuneSettings, given, where="asked") == shipped


def test_what_is_given_instead_replaces_and_what_the_commands_take_is_left_to_them() -> None:
    given = asked("distil_guidance.yaml", threads=2)
    assert given["threads"] == 2
    assert not {"teacher", "goal", "clips"} & set(given)
    read_settings(DistilSettings, {**given, "teacher": "x", "goal": "guidance", "clips": 8}, where="asked")


def packed(file: Path, *, shareable: int) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        lines = [
            json.dumps({"file_name": f"clips/{n}.webp", "shareable": shareable if n < 5 else 0}) for n in range(20)
        ]
        archive.writestr("metadata.jsonl", "\n".join(lines))
    return file


def drawn(folder: Path) -> list[str]:
    lines = (folder / "metadata.jsonl").read_text().splitlines()
    return [json.loads(line)["file_name"] for line in lines]


def test_the_control_has_as_many_clips_whatever_the_labels_say(tmp_path: Path) -> None:
    one = unfiltered_folder(packed(tmp_path / "a.zip", shareable=3), tmp_path / "one", clips=8, seed=1)
    other = unfiltered_folder(packed(tmp_path / "b.zip", shareable=0), tmp_path / "other", clips=8, seed=1)
    assert drawn(one) == drawn(other)
    assert len(set(drawn(one))) == 8
    assert any(int(name[6:-5]) >= 5 for name in drawn(one))


def test_a_control_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "control.part").mkdir()
    (tmp_path / "control.part" / "half").touch()
    folder = unfiltered_folder(packed(tmp_path / "a.zip", shareable=3), tmp_path / "control", clips=8, seed=1)
    assert not (folder / "half").exists()
    assert len(drawn(folder)) == 8
