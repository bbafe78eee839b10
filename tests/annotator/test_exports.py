import csv
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Verdict
from annotator.generation.models import TaskKind
from annotator.releases import labels
from tests.annotator.conftest import SignedIn
from tests.annotator.judged import Judging, a_checkpoint

EXPORT = "/api/v1/labels/export/"
COLUMNS = [
    *("verdict_id", "batch", "prompt_set", "prompt_external_id", "split", "caption", "sticker", "task_id"),
    *("clip_key", "animation", "checkpoint", "checkpoint_sha256", "role", "seed", "sampler_settings"),
    *("slot", "slots_shown", "shareable", "reasons", "none_shareable", "annotator", "revision", "counted"),
    *("elapsed_ms", "device", "comment", "leased_at", "submitted_at"),
]


@pytest.fixture
def judging(researcher: User) -> Judging:
    """Two checkpoints, three tasks; one annotation revised, one surplus, one of none, and comments of every kind."""
    made = Judging(researcher, [a_checkpoint("teacher"), a_checkpoint("student")], name="=1+1, the batch")
    teacher, student = made.checkpoints
    first, second = (create_person(username=name, role=Role.ANNOTATOR) for name in ("first", "second"))
    task = made.task(made.prompt('a "quoted", dog\N{SNOWMAN}'))
    made.judge(task, first, shareable={teacher}, comment="superseded")
    made.judge(
        task, first, shareable={student}, reasons=["seam_pops", "edges"], comment='=HYPERLINK("http://evil.example")'
    )
    made.judge(task, second, shareable=set(), counted=False, comment="two\nlines, and a comma")
    made.judge(made.task(made.prompt("@dog")), first, shareable={teacher, student}, comment="-3")
    made.judge(made.task(kind=TaskKind.PRACTICE), first, shareable={teacher})
    return made


def current() -> QuerySet[Verdict]:
    return (
        Verdict.objects.filter(revision__current=True, candidate__task__kind=TaskKind.ORDINARY)
        .select_related(
            "candidate__clip__checkpoint",
            "candidate__task__batch",
            "candidate__task__prompt__prompt_set",
            "revision__annotation__assignment__user",
        )
        .order_by("id")
    )


def row_of(verdict: Verdict) -> dict[str, Any]:
    """What the database says of a verdict, walked object by object."""
    revision, clip, task = verdict.revision, verdict.candidate.clip, verdict.candidate.task
    assignment = revision.annotation.assignment
    return {
        "verdict_id": verdict.pk,
        "batch": task.batch.name,
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
        "annotator": labels.pseudonym(assignment.user.pk),
        "revision": revision.number,
        "counted": revision.annotation.counted,
        "elapsed_ms": revision.elapsed_ms,
        "device": revision.device,
        "comment": revision.comment,
        "leased_at": assignment.leased_at.isoformat(),
        "submitted_at": revision.created_at.isoformat(),
    }


def downloaded(client: Client, **query: object) -> bytes:
    answer = client.get(EXPORT, query)
    assert answer.status_code == 200
    assert answer.streaming
    return b"".join(answer)  # type: ignore[arg-type]


def test_json_lines_equal_the_database(researcher: User, judging: Judging, signed_in: SignedIn) -> None:
    lines = downloaded(signed_in(researcher)).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert rows == [row_of(verdict) for verdict in current()]
    assert len(rows) == 6
    assert list(rows[0]) == COLUMNS
    assert [row["reasons"] for row in rows if row["reasons"]] == [["seam_pops", "edges"]]


def test_csv_equals_the_database_but_for_the_guard(researcher: User, judging: Judging, signed_in: SignedIn) -> None:
    text = downloaded(signed_in(researcher), format="csv").decode()
    rows = list(csv.DictReader(StringIO(text, newline=""), strict=True))
    assert list(rows[0]) == COLUMNS

    def as_csv(value: object) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, dict | list):
            return json.dumps(value, sort_keys=True)
        guarded = isinstance(value, str) and re.match(r"[=+\-@\t\r]", value)
        return f"'{value}" if guarded else str(value)

    expected = [{name: as_csv(value) for name, value in row_of(verdict).items()} for verdict in current()]
    assert rows == expected
    assert rows[0]["batch"] == "'=1+1, the batch"


def test_no_cell_is_a_formula(researcher: User, judging: Judging, signed_in: SignedIn) -> None:
    text = downloaded(signed_in(researcher), format="csv").decode()
    cells = [cell for row in csv.reader(StringIO(text, newline="")) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_one_batch_alone(researcher: User, judging: Judging, signed_in: SignedIn) -> None:
    other = Judging(researcher, judging.checkpoints, name="other")
    other.judge(other.task(), researcher, shareable=set())
    rows = [json.loads(line) for line in downloaded(signed_in(researcher), batch=other.batch.pk).splitlines()]
    assert {row["batch"] for row in rows} == {"other"}
    assert len(rows) == 2


def test_a_download_is_named_and_never_cached(researcher: User, judging: Judging, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).get(EXPORT, {"format": "csv"})
    assert re.fullmatch(r'attachment; filename="stickerloop-labels-\d{8}-\d{6}\.csv"', answer["Content-Disposition"])
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/csv; charset=utf-8", "no-store")


def test_without_labels_there_is_a_header(researcher: User, signed_in: SignedIn) -> None:
    assert downloaded(signed_in(researcher), format="csv").decode() == ",".join(COLUMNS) + "\r\n"
    assert downloaded(signed_in(researcher)) == b""


def test_an_unknown_format_is_told(researcher: User, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).get(EXPORT, {"format": "xlsx"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["format"])


def test_the_pseudonym_hides_the_person_and_holds(researcher: User, judging: Judging, settings: Settings) -> None:
    names = {row["annotator"] for row in labels.label_rows()}
    assert len(names) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in names)
    assert names == {row["annotator"] for row in labels.label_rows()}
    settings.SECRET_KEY = "another installation"
    assert not names & {row["annotator"] for row in labels.label_rows()}


def test_any_number_of_rows_is_one_query(
    judging: Judging, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "ROWS_AT_ONCE", 2)
    with django_assert_num_queries(1):
        assert len(list(labels.label_rows())) == 6


@pytest.mark.django_db(transaction=True)
def test_an_export_is_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that comes in between is either there with its old verdicts or with its new ones, never with both."""
    monkeypatch.setattr(labels, "ROWS_AT_ONCE", 1)
    researcher = create_person(username="rosa", role=Role.RESEARCHER)
    judging = Judging(researcher, [a_checkpoint("teacher"), a_checkpoint("student")])
    teacher, student = judging.checkpoints
    tasks = [judging.task() for _ in range(3)]
    for task in tasks:
        judging.judge(task, researcher, shareable={teacher})
    rows = labels.label_rows()
    first = next(rows)

    def revise() -> None:
        for task in tasks:
            judging.judge(task, researcher, shareable={student})
        connection.close()

    with ThreadPoolExecutor(1) as somebody:
        somebody.submit(revise).result()
    exported = [first, *rows]
    assert Verdict.objects.filter(revision__current=True, revision__number=2).count() == 6
    assert len(exported) == 6
    assert {row["revision"] for row in exported} == {1}


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_command_writes_what_the_page_downloads(
    researcher: User, judging: Judging, signed_in: SignedIn, tmp_path: Path, form: str
) -> None:
    file = tmp_path / f"labels.{form}"
    call_command("export_labels", format=form, output=file)
    assert file.read_bytes() == downloaded(signed_in(researcher), format=form)
    assert list(tmp_path.iterdir()) == [file]


def test_the_command_writes_to_standard_output(judging: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(printed, encoding="utf-8"))
    call_command("export_labels", batch=judging.batch.pk)
    assert len(printed.getvalue().splitlines()) == 6


def test_the_command_names_what_is_wrong(judging: Judging, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no batch 77\."):
        call_command("export_labels", batch=77)
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        call_command("export_labels", output=tmp_path / "nowhere" / "labels.csv")


def test_annotators_and_strangers_export_nothing(annotator: User, signed_in: SignedIn, client: Client) -> None:
    assert signed_in(annotator).get(EXPORT).status_code == 403
    assert client.get(EXPORT, {"format": "csv"}).status_code == 401
