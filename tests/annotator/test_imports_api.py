"""An import over HTTP: taken in, read in the background, looked through row by row, and confirmed or given up."""

import json
import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator import jobs
from annotator.accounts.models import User
from annotator.jobs import GivenUpError
from annotator.prompts import background
from annotator.prompts.background import read_next_import
from annotator.prompts.models import CheckedRow, Import, ImportProblem, ImportState, Prompt, PromptSet
from inference_worker.blobs import BlobStore
from tests.annotator.conftest import SignedIn
from tests.annotator.stickers import drawn, encoded

Json = dict[str, Any]


def zipped(files: dict[str, bytes | str]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def table(rows: int, *, bad: dict[int, str] = {}) -> bytes:  # noqa: B006 - only read
    """A zip of one sticker and a CSV of `rows` rows about it; `bad` has other lines by the number of their row."""
    lines = [bad.get(row, f"a dog jumping {row} times,dog.png,d{row},") for row in range(2, rows + 2)]
    return zipped({"dog.png": encoded(), "prompts.csv": "\n".join(["caption,sticker,external_id,split", *lines])})


@pytest.fixture
def rosa(researcher: User, signed_in: SignedIn, blobs: BlobStore) -> Client:
    return signed_in(researcher)


def begin(client: Client, data: bytes, *, name: str = "spring.zip", status: int = 201, **form: str) -> Json:
    file = SimpleUploadedFile(name, data)
    response = client.post("/api/v1/imports/", {"file": file, "set_name": "Spring", **form})
    assert response.status_code == status, response.content
    answer: Json = response.json()
    return answer


def seen(client: Client, one: Json) -> Json:
    answer: Json = client.get(f"/api/v1/imports/{one['id']}/").json()
    return answer


def confirm(client: Client, one: Json, *, status: int = 200, **form: bool) -> Json:
    path = f"/api/v1/imports/{one['id']}/confirm/"
    response = client.post(path, json.dumps(form), content_type="application/json")
    assert response.status_code == status, response.content
    answer: Json = response.json()
    return answer


def test_three_bad_rows_of_a_thousand_are_told_before_anything_is_stored(rosa: Client) -> None:
    bad = {17: ",dog.png,d17,", 500: "a fox,fox.png,d500,", 900: "a dog,dog.png,d2,sometimes"}
    one = begin(rosa, table(1000, bad=bad), licence="CC0")
    assert (one["state"], one["rows"], Prompt.objects.count()) == ("uploaded", None, 0)
    assert read_next_import()
    found = seen(rosa, one)
    assert {name: found[name] for name in ("state", "rows", "rows_read", "good_rows", "bad_rows", "rows_there")} == {
        "state": "checked", "rows": 1000, "rows_read": 1000, "good_rows": 997, "bad_rows": 3, "rows_there": 0,
    }  # fmt: skip
    problems = rosa.get(f"/api/v1/imports/{one['id']}/problems/").json()
    assert problems["results"] == [
        {
            "place": "row 17",
            "column": "caption",
            "sentence": "The caption is empty: say what the sticker shall do",
        },
        {"place": "row 500", "column": "sticker", "sentence": "There is no file 'fox.png' in the zip"},
        {
            "place": "row 900",
            "column": "split",
            "sentence": "'sometimes' is no split: hitl or heldout is expected",
        },
    ]
    assert (PromptSet.objects.count(), Prompt.objects.count()) == (0, 0)

    refused = confirm(rosa, one, status=400)
    assert "3 rows are bad" in refused["fields"]["good_rows_only"][0]
    done = confirm(rosa, one, good_rows_only=True)
    made = PromptSet.objects.get()
    assert (done["state"], done["prompt_set"], made.licence, made.prompts.count()) == ("done", made.pk, "CC0", 997)
    assert not CheckedRow.objects.exists()
    assert "done" in confirm(rosa, one, status=409)["error"]


def test_what_the_set_has_is_counted_and_what_goes_against_it_is_a_bad_row(rosa: Client) -> None:
    one = begin(rosa, table(2))
    read_next_import()
    confirm(rosa, one)
    again = begin(rosa, table(4, bad={3: "another caption,dog.png,d3,"}))
    read_next_import()
    found = seen(rosa, again)
    assert (found["good_rows"], found["rows_there"], found["bad_rows"]) == (2, 1, 1)
    assert "'d3' is in the set with another caption" in ImportProblem.objects.get().sentence
    confirm(rosa, again, good_rows_only=True)
    assert list(Prompt.objects.order_by("id").values_list("external_id", flat=True)) == ["d2", "d3", "d4", "d5"]


def test_a_set_that_changed_since_the_check_gets_each_prompt_once_or_nothing(rosa: Client) -> None:
    first, second, third = (begin(rosa, data) for data in (table(2), table(3), table(3, bad={3: "a cat,dog.png,d3,"})))
    while read_next_import():
        pass
    confirm(rosa, first)
    confirm(rosa, second)
    assert Prompt.objects.count() == 3
    refused = confirm(rosa, third, status=400)
    assert "Since the check, the set got another prompt 'd3'" in refused["fields"]["external_id"][0]
    assert Prompt.objects.count() == 3


def test_images_alone_are_named_by_their_files_and_photos_are_a_choice(rosa: Client) -> None:
    data = zipped({"a-happy_dog.png": encoded(), "photos/a cat.jpg": encoded(drawn("RGB"), "JPEG")})
    one, other = begin(rosa, data), begin(rosa, data, accept_photos="true", set_name="Photos", heldout_share="1")
    while read_next_import():
        pass
    assert (seen(rosa, one)["good_rows"], seen(rosa, one)["captions_from_names"]) == (1, True)
    assert "or accept photos" in ImportProblem.objects.get().sentence
    confirm(rosa, other)
    assert set(Prompt.objects.values_list("caption", "split")) == {("a happy dog", "heldout"), ("a cat", "heldout")}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"no zip at all", "spring.zip is no zip", id="no-zip"),
        pytest.param(zipped({"notes.txt": "hello"}), "has no image", id="nothing"),
        pytest.param(zipped({"a.csv": "x", "b.csv": "y"}), "keep the one with captions", id="two-tables"),
        pytest.param(zipped({"a.csv": "caption,image\na,b"}), "row 1: the header is caption, image", id="header"),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_refused_in_words(rosa: Client, data: bytes, sentence: str) -> None:
    one = begin(rosa, data)
    read_next_import()
    found = seen(rosa, one)
    assert found["state"] == "refused"
    assert sentence in found["error"]
    assert "refused" in confirm(rosa, one, status=409)["error"]


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        pytest.param({"name": "prompts.csv"}, "file", "prompts.csv is no zip: put the images into one", id="csv"),
        pytest.param({"set_name": " "}, "set_name", "blank", id="name"),
        pytest.param({"heldout_share": "1.5"}, "heldout_share", "less than or equal to 1", id="share"),
    ],
)
def test_a_form_that_says_something_else_is_refused_at_once(
    rosa: Client, form: dict[str, str], field: str, sentence: str
) -> None:
    refused = begin(rosa, table(1), status=400, **form)
    assert sentence in refused["fields"][field][0]
    assert not Import.objects.exists()


def test_a_cancelled_one_stops_being_read_and_leaves_nothing(rosa: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    one = begin(rosa, table(50))
    monkeypatch.setattr(jobs, "TELL_EVERY_SECONDS", 0)

    def cancelled_in_the_midst() -> bool:
        if Import.objects.get().rows_read == 10:
            assert rosa.post(f"/api/v1/imports/{one['id']}/cancel/").json()["state"] == "cancelled"
        return False

    read_next_import(cancelled_in_the_midst)
    assert (seen(rosa, one)["state"], seen(rosa, one)["rows_read"]) == ("cancelled", 10)
    assert (CheckedRow.objects.count(), Prompt.objects.count()) == (0, 0)
    assert "cancelled already" in rosa.post(f"/api/v1/imports/{one['id']}/cancel/").json()["error"]


def test_a_process_that_ends_hands_it_back_and_another_reads_it_from_its_start(rosa: Client) -> None:
    begin(rosa, table(50))
    read_next_import(lambda: True)
    assert Import.objects.values_list("state", "attempt").get() == ("uploaded", 0)
    assert read_next_import()
    assert Import.objects.values_list("state", "good_rows", "attempt").get() == ("checked", 50, 1)


def test_a_silent_one_is_taken_over_and_its_first_reader_changes_nothing(
    rosa: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(rosa, table(3))
    slow = background.claim_import()
    assert slow is not None
    assert background.claim_import() is None, "it is held"
    Import.objects.update(lease_until=timezone.now())
    assert read_next_import()
    with pytest.raises(GivenUpError):
        background.read(slow)
    background.keep(slow, reading=background.Reading())
    assert Import.objects.values_list("state", "good_rows", "attempt").get() == ("checked", 3, 2)
    assert CheckedRow.objects.count() == 3


def test_one_that_never_ends_is_refused_after_three_tries(rosa: Client) -> None:
    begin(rosa, table(3))
    for _ in range(3):
        assert background.claim_import() is not None
        Import.objects.update(lease_until=timezone.now())
    read_next_import()
    assert Import.objects.values_list("state", flat=True).get() == ImportState.REFUSED


def test_a_page_that_asks_again_is_told_only_what_is_new(rosa: Client) -> None:
    one = begin(rosa, table(3))
    first = rosa.get(f"/api/v1/imports/{one['id']}/")
    again = rosa.get(f"/api/v1/imports/{one['id']}/", headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_lists_cost_the_same_however_long(rosa: Client) -> None:
    for _ in range(3):
        begin(rosa, table(4, bad=dict.fromkeys(range(2, 5), ",dog.png,x,")))
    while read_next_import():
        pass
    for path in ("/api/v1/imports/", f"/api/v1/imports/{Import.objects.first().pk}/problems/"):  # type: ignore[union-attr]
        with CaptureQueriesContext(connection) as queries:
            assert len(rosa.get(path).json()["results"]) == 3
        assert len(queries) <= 3, [each["sql"] for each in queries.captured_queries]


def test_it_is_for_researchers(annotator: User, signed_in: SignedIn) -> None:
    anna = signed_in(annotator)
    assert anna.get("/api/v1/imports/").status_code == 403
    assert begin(anna, table(1), status=403)
    assert begin(Client(), table(1), status=401)
