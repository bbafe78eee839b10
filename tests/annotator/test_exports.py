"""Exports: each layout read back by what its readers use, and every value equal to the database."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pandas
import pyarrow.parquet
import pytest
import webdataset
from django.core.management import CommandError, call_command
from PIL import Image
from pytest_django import Settings

from annotator.accounts.models import User
from annotator.annotation.models import Verdict
from annotator.generation.models import Clip
from annotator.media import store
from annotator.releases import selecting
from annotator.releases.layouts import LAYOUTS, verdicts
from annotator.releases.models import ClipFiles, Layout
from annotator.releases.releases import withdraw_release
from annotator.releases.rule import Rule
from inference_worker.blobs import BlobStore
from sticker_diffusion.training.release_clips import read_release
from tests.annotator.judged import Judging
from tests.annotator.released import BOTH, a_judging, current, exported, frozen

pytestmark = pytest.mark.usefixtures("blobs")


@pytest.fixture
def judging(researcher: User, blobs: BlobStore) -> Judging:
    return a_judging(researcher)


@pytest.fixture(autouse=True)
def own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def shares_of(verdict: Verdict) -> tuple[int, int]:
    counted = Verdict.objects.filter(
        candidate=verdict.candidate_id, revision__current=True, revision__annotation__counted=True
    )
    return counted.filter(shareable=True).count(), counted.count()


def row_of(verdict: Verdict) -> dict[str, Any]:
    """What the database says of a verdict, walked object by object."""
    revision, clip, task = verdict.revision, verdict.candidate.clip, verdict.candidate.task
    assignment = revision.annotation.assignment
    shares, annotations = shares_of(verdict)
    return {
        "batch": task.batch.name,
        "batch_id": task.batch.pk,
        "prompt_set": task.prompt.prompt_set.name,
        "prompt_external_id": task.prompt.external_id,
        "split": task.prompt.split,
        "caption": task.prompt.caption,
        "sticker": task.prompt.sticker,
        "task_id": task.pk,
        "clip_key": clip.key,
        "animation": clip.animation,
        "checkpoint": clip.checkpoint.name,
        "checkpoint_sha256": clip.checkpoint.sha256,
        "role": clip.checkpoint.role,
        "seed": clip.seed,
        "sampler_settings": clip.settings,
        "slot": verdict.slot,
        "slots_shown": len(assignment.slots),
        "shareable": verdict.shareable,
        "reasons": verdict.reasons,
        "none_shareable": revision.none_shareable,
        "annotator": selecting.pseudonym(assignment.user.pk),
        "submission": str(revision.submission),
        "revision": revision.number,
        "counted": revision.annotation.counted,
        "elapsed_ms": revision.elapsed_ms,
        "device": revision.device,
        "comment": revision.comment,
        "leased_at": assignment.leased_at.isoformat(),
        "submitted_at": revision.created_at.isoformat(),
        "clip_shares": shares,
        "clip_annotations": annotations,
        "clip_label": shares >= 1,
    }


def test_json_lines_equal_the_database(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.VERDICTS_JSONL)
    rows = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text().splitlines()]
    assert rows == [row_of(verdict) for verdict in current()]
    assert len(rows) == 12
    assert [row["reasons"] for row in rows if row["reasons"]] == [["seam_pops", "edges"]]
    read = datasets.load_dataset("json", data_files=str(folder / "verdicts.jsonl"), split="train")
    assert read["clip_key"] == [row["clip_key"] for row in rows]


def test_parquet_equals_the_database_as_pandas_and_arrow_read_it(judging: Judging, tmp_path: Path) -> None:
    file = exported(tmp_path, Layout.VERDICTS_PARQUET) / "verdicts.parquet"
    expected = [row_of(verdict) for verdict in current()]
    rows = pyarrow.parquet.read_table(file).to_pylist()
    for row in rows:
        row["sampler_settings"] = json.loads(row["sampler_settings"])
        row["leased_at"], row["submitted_at"] = row["leased_at"].isoformat(), row["submitted_at"].isoformat()
    assert rows == expected
    frame = pandas.read_parquet(file)
    assert frame.groupby("checkpoint")["shareable"].mean().to_dict() == {
        name: sum(row["shareable"] for row in mine) / len(mine)
        for name in ("teacher", "student")
        if (mine := [row for row in expected if row["checkpoint"] == name])
    }


def test_csv_equals_the_database_but_for_the_guard(judging: Judging, tmp_path: Path) -> None:
    text = (exported(tmp_path, Layout.VERDICTS_CSV) / "verdicts.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    def as_csv(value: object) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, dict | list):
            return json.dumps(value, sort_keys=True)
        guarded = isinstance(value, str) and re.match(r"[=+\-@\t\r]", value)
        return f"'{value}" if guarded else str(value)

    assert rows == [{name: as_csv(value) for name, value in row_of(verdict).items()} for verdict in current()]
    assert rows[0]["batch"] == "'=1+1, the batch"
    frame = pandas.read_csv(io.StringIO(text))
    assert frame["shareable"].sum() == current().filter(shareable=True).count()


def test_no_cell_is_a_formula(judging: Judging, tmp_path: Path) -> None:
    text = (exported(tmp_path, Layout.VERDICTS_CSV) / "verdicts.csv").read_text()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_surplus_is_there_only_where_it_is_asked_for_and_never_in_a_sum(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.VERDICTS_JSONL, rule=Rule(splits=BOTH, with_surplus=True))
    rows = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text().splitlines()]
    assert rows == [row_of(verdict) for verdict in current(counted=False)]
    assert Counter(row["counted"] for row in rows) == {True: 12, False: 2}


def test_a_release_exports_what_it_froze_whatever_came_later(
    researcher: User, admin: User, judging: Judging, tmp_path: Path
) -> None:
    release = frozen("spring", researcher)
    expected = [row_of(verdict) for verdict in current()]
    for task in judging.batch.tasks.all():
        judging.judge(task, researcher, shareable=set())
    withdraw_release(release, reason="a test", by=admin)
    release.refresh_from_db()
    folder = exported(tmp_path, Layout.VERDICTS_JSONL, release=release)
    assert [json.loads(line) for line in (folder / "verdicts.jsonl").read_text().splitlines()] == expected


def test_kwise_is_hpdv2s_layout_and_none_shareable_is_all_zeros(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.KWISE, clips=ClipFiles.WEBP)
    files = {"train": str(folder / "train.json"), "test": str(folder / "test.json")}
    read = datasets.load_dataset("json", data_files=files)
    assert {split: len(rows) for split, rows in read.items()} == {"train": 3, "test": 1}
    by_task: dict[int, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for verdict in current():
        by_task[verdict.candidate.task_id][verdict.candidate.clip.key].append(verdict.shareable)
    for row in [*read["train"], *read["test"]]:
        keys = [Path(path).stem for path in row["file_path"]]
        votes = by_task[row["task_id"]]
        assert row["shares"] == [sum(votes[key]) for key in keys]
        assert row["human_preference"] == [int(any(votes[key])) for key in keys]
        assert len(row["raw_annotations"]) == row["annotations"] == len(votes[keys[0]])
        for path, key in zip(row["file_path"], keys, strict=True):
            assert (folder / path).read_bytes() == file_of(key, "animation")
    none = next(row for row in read["train"] if row["prompt"] == "a cat spinning")
    assert none["human_preference"] == [0, 0]
    assert [said["human_preference"] for said in none["raw_annotations"]] == [[0, 0], [0, 0]]


def file_of(key: str, what: str) -> bytes:
    name: str = getattr(Clip.objects.get(key=key), what)
    return store.get(name)


def test_pairs_are_one_persons_choices_within_one_task(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.PAIRS, clips=ClipFiles.WEBP)
    read = datasets.load_dataset("parquet", data_files=str(folder / "pairs.parquet"), split="train")
    expected = set()
    by_revision: dict[Any, list[Verdict]] = defaultdict(list)
    for verdict in current():
        by_revision[verdict.revision_id].append(verdict)
    for verdicts_of_one in by_revision.values():
        for won in verdicts_of_one:
            for lost in verdicts_of_one:
                if won.shareable and not lost.shareable:
                    expected.add((str(won.revision.submission), won.candidate.clip.key, lost.candidate.clip.key))
    seen = set()
    for row in read:
        uids = [row["image_0_uid"], row["image_1_uid"]]
        assert sorted([row["label_0"], row["label_1"]]) == [0.0, 1.0]
        best = uids[0] if row["label_0"] else uids[1]
        assert row["best_image_uid"] == best
        seen.add((row["ranking_id"], best, next(uid for uid in uids if uid != best)))
        clips = Clip.objects.in_bulk(uids, field_name="key")
        assert {clip.caption for clip in clips.values()} == {row["caption"]}
        assert row["jpg_0"] == file_of(uids[0], "animation")
        assert Image.open(io.BytesIO(row["jpg_1"])).size == (48, 48)
    assert seen == expected
    assert len(read) == 3


def test_unpaired_has_every_label_and_only_the_shareable_where_asked(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.UNPAIRED, rule=Rule(splits=BOTH, least_annotations=2, least_shares=2))
    read = datasets.load_dataset("json", data_files=str(folder / "unpaired.jsonl"), split="train")
    student = judging.checkpoints[1].name
    assert Counter(zip(read["model"], read["label"], strict=True)) == {
        (student, True): 1, (student, False): 1, ("teacher", False): 2,
    }  # fmt: skip
    assert all(set(row) >= {"prompt", "completion", "label"} for row in read)
    (tmp_path / "chosen").mkdir()
    chosen = exported(tmp_path / "chosen", Layout.UNPAIRED, only_shareable=True)
    lines = [json.loads(line) for line in (chosen / "unpaired.jsonl").read_text().splitlines()]
    assert {line["label"] for line in lines} == {True}
    assert len(lines) == 4


def labels_by_key() -> dict[str, bool]:
    found: dict[str, bool] = {}
    for verdict in current():
        found[verdict.candidate.clip.key] = found.get(verdict.candidate.clip.key, False) or verdict.shareable
    return found


def test_an_image_folder_is_read_by_datasets(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.FOLDER, clips=ClipFiles.WEBP)
    read = datasets.load_dataset("imagefolder", data_dir=str(folder), split="train")
    assert {row["clip_key"]: row["label"] for row in read} == labels_by_key()
    for row in read:
        clip = Clip.objects.get(key=row["clip_key"])
        assert (row["text"], row["seed"], row["checkpoint"]) == (clip.caption, clip.seed, clip.checkpoint.name)
        assert row["image"].size == (48, 48)


def test_png_frames_are_a_row_each(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.FOLDER, clips=ClipFiles.FRAMES)
    read = datasets.load_dataset("imagefolder", data_dir=str(folder), split="train")
    assert Counter(read["frame"]) == {0: 8, 1: 8, 2: 8}
    row = read[1]
    master = Image.open(io.BytesIO(file_of(row["clip_key"], "master")))
    master.seek(row["frame"])
    assert row["image"].convert("RGBA").tobytes() == master.convert("RGBA").tobytes()


def test_a_video_folder_is_read_by_datasets(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.FOLDER, clips=ClipFiles.MP4, only_shareable=True)
    read = datasets.load_dataset("videofolder", data_dir=str(folder), split="train")
    read = read.cast_column("video", datasets.Video(decode=False))
    assert set(read["clip_key"]) == {key for key, label in labels_by_key().items() if label}
    assert all(Path(row["video"]["path"]).read_bytes()[4:8] == b"ftyp" for row in read)


def test_lossless_masters_are_read_by_our_own_finetuning(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.FOLDER, clips=ClipFiles.MASTER)
    clips = {each.file.stem: each for each in read_release(folder)}
    assert clips.keys() == labels_by_key().keys()
    for verdict in current():
        read = clips[verdict.candidate.clip.key]
        assert (read.shareable, read.shown) == shares_of(verdict)
        assert read.sticker.exists()


def test_webdataset_shards_are_read_by_webdataset(
    judging: Judging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.releases.layouts.webdataset.CLIPS_A_SHARD", 3)
    folder = exported(tmp_path, Layout.WEBDATASET, clips=ClipFiles.WEBP)
    shards = sorted(str(shard) for shard in (folder / "shards").iterdir())
    assert [Path(shard).name for shard in shards] == [f"clips-{number:06}.tar" for number in range(3)]
    labels = labels_by_key()
    seen = set()
    for sample in webdataset.WebDataset(shards, shardshuffle=False):
        clip = Clip.objects.get(key=sample["__key__"])
        about = json.loads(sample["json"])
        assert sample["txt"].decode() == clip.caption
        assert sample["cls"] == str(int(labels[clip.key])).encode()
        assert about["checkpoint"] == clip.checkpoint.name
        assert sample["webp"] == file_of(clip.key, "animation")
        assert Image.open(io.BytesIO(sample["sticker.png"])).size == (48, 48)
        seen.add(clip.key)
    assert seen == labels.keys()


def test_every_zip_says_what_it_is_and_sums_up(researcher: User, judging: Judging, tmp_path: Path) -> None:
    release = frozen("spring & all", researcher)
    for layout in Layout:
        folder = exported(tmp_path, layout, release=release, clips=LAYOUTS[layout].clip_kinds[-1])
        card = (folder / "README.md").read_text()
        assert "# spring & all" in card
        assert release.sha256 in card
        assert "CC-BY-4.0" in card
        assert all(f"| `{column}` |" in card for column in LAYOUTS[layout].columns)
        sums = dict(reversed(line.split("  ", 1)) for line in (folder / "SHA256SUMS").read_text().splitlines())
        there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        assert sums.keys() == there - {"SHA256SUMS"}
        for name, digest in sums.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_card_tells_datasets_how_to_read_the_folder(judging: Judging, tmp_path: Path) -> None:
    folder = exported(tmp_path, Layout.VERDICTS_PARQUET)
    assert len(datasets.load_dataset(str(folder), split="train")) == 12
    folder = exported(tmp_path, Layout.KWISE)
    assert {split: len(rows) for split, rows in datasets.load_dataset(str(folder)).items()} == {"train": 3, "test": 1}


def test_an_export_of_a_release_is_the_same_bytes_each_time(researcher: User, judging: Judging, tmp_path: Path) -> None:
    release = frozen("spring", researcher)
    zips = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        exported(tmp_path / name, Layout.FOLDER, release=release, clips=ClipFiles.MASTER)
        zips.append((tmp_path / name / f"{Layout.FOLDER}.zip").read_bytes())
    assert zips[0] == zips[1]


def test_pages_cut_nothing(judging: Judging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (exported(tmp_path, Layout.VERDICTS_JSONL) / "verdicts.jsonl").read_bytes()
    monkeypatch.setattr(selecting, "REVISIONS_AT_ONCE", 1)
    monkeypatch.setattr(verdicts, "TASKS_AT_ONCE", 1)
    (tmp_path / "small").mkdir()
    assert (exported(tmp_path / "small", Layout.VERDICTS_JSONL) / "verdicts.jsonl").read_bytes() == whole


def test_an_export_is_one_moment(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that comes while the pages are read is not in it, and what it supersedes still is."""
    monkeypatch.setattr(selecting, "REVISIONS_AT_ONCE", 1)
    pins = selecting.pin(Rule(splits=BOTH))
    before = [task.stored() for task in selecting.judged_tasks(pins)]
    tasks: Iterator[Any] = selecting.judged_tasks(pins)
    first = next(tasks)
    for task in judging.batch.tasks.filter(kind="ordinary"):
        judging.judge(task, User.objects.get(username="second"), shareable=set())
    assert [first.stored(), *(task.stored() for task in tasks)] == before


def test_the_pseudonym_hides_the_person_and_holds(researcher: User, judging: Judging, settings: Settings) -> None:
    people = {user.pk for user in User.objects.all()}
    names = {selecting.pseudonym(pk) for pk in people}
    assert len(names) == len(people)
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in names)
    assert names == {selecting.pseudonym(pk) for pk in people}
    settings.SECRET_KEY = "another installation"
    assert not names & {selecting.pseudonym(pk) for pk in people}


def test_the_command_writes_a_zip_whole_or_not_at_all(
    researcher: User, judging: Judging, blobs: BlobStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.zip"
    call_command("export_labels", file, layout="verdicts-csv", batch=[judging.batch.pk])
    assert "12 rows in" in capsys.readouterr().out
    assert zipfile.ZipFile(file).namelist() == ["verdicts.csv", "README.md", "SHA256SUMS"]
    frozen("spring", researcher)
    call_command("export_labels", file, layout="folder", clips="webp", release="spring")
    clip = Clip.objects.order_by("id")[0]
    blobs.delete(clip.animation)
    for options, sentence in [
        ({"layout": "folder", "clips": "webp"}, f"the blob {clip.animation} is not in"),
        ({"layout": "folder"}, "this layout takes one of webp, mp4, frames, master"),
        ({"batch": [77]}, r"There is no batch 77\."),
        ({"release": "autumn"}, r"no frozen release 'autumn'; there are: spring\."),
    ]:
        with pytest.raises(CommandError, match=sentence):
            call_command("export_labels", tmp_path / "more.zip", **options)
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        call_command("export_labels", tmp_path / "nowhere" / "labels.zip")
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["labels.zip"]
