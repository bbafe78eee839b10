"""Exports over HTTP: asked for, followed, downloaded in parts, cancelled, taken off the list."""

import hashlib
import io
import zipfile
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.generation.models import Clip
from annotator.jobs import GivenUpError
from annotator.releases.exporting import claim_export, write_held, write_next_export
from annotator.releases.models import Export, ExportState
from annotator.releases.queries import blobs as blob_roots
from inference_worker.blobs import BlobStore
from tests.annotator.conftest import SignedIn
from tests.annotator.judged import Judging
from tests.annotator.released import a_judging, frozen

pytestmark = pytest.mark.usefixtures("blobs")


@pytest.fixture
def judging(researcher: User, blobs: BlobStore) -> Judging:
    return a_judging(researcher)


@pytest.fixture
def rosa(researcher: User, judging: Judging, signed_in: SignedIn) -> Client:
    return signed_in(researcher)


def asked(client: Client, **what: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/exports/", {"layout": "verdicts-csv", **what}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def path_of(export: dict[str, Any]) -> str:
    return f"/api/v1/exports/{export['public_id']}/"


def test_one_is_asked_for_followed_and_downloaded(rosa: Client) -> None:
    export = asked(rosa)
    assert (export["state"], export["sha256"], export["release"]) == ("queued", "", None)
    assert rosa.get(f"{path_of(export)}file/").status_code == 409
    assert write_next_export()
    assert not write_next_export()
    ready = rosa.get(path_of(export)).json()
    assert (ready["state"], ready["rows"], ready["tasks_done"], ready["tasks_to_do"]) == ("ready", 12, 4, 4)
    answer = rosa.get(f"{path_of(export)}file/")
    body = b"".join(answer)  # type: ignore[arg-type]
    assert hashlib.sha256(body).hexdigest() == ready["sha256"]
    assert (len(body), answer["Content-Length"]) == (ready["bytes"], str(ready["bytes"]))
    assert b64decode(answer["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":")).hex() == ready["sha256"]
    assert ready["file_name"] in answer["Content-Disposition"]
    assert "verdicts.csv" in zipfile.ZipFile(io.BytesIO(body)).namelist()


def test_a_download_goes_on_where_it_was_cut(rosa: Client) -> None:
    export = asked(rosa)
    write_next_export()
    path = f"{path_of(export)}file/"
    whole = b"".join(rosa.get(path))  # type: ignore[arg-type]
    tag = rosa.get(path)["ETag"]

    def part(wanted: str, **headers: str) -> tuple[int, str | None, bytes]:
        answer = rosa.get(path, headers={"Range": wanted, **headers})
        content = b"".join(answer) if answer.streaming else answer.content  # type: ignore[arg-type]
        return answer.status_code, answer.headers.get("Content-Range"), content

    n = len(whole)
    assert part("bytes=100-") == (206, f"bytes 100-{n - 1}/{n}", whole[100:])
    assert part("bytes=0-99") == (206, f"bytes 0-99/{n}", whole[:100])
    assert part("bytes=-7") == (206, f"bytes {n - 7}-{n - 1}/{n}", whole[-7:])
    assert part(f"bytes=5-{n + 50}") == (206, f"bytes 5-{n - 1}/{n}", whole[5:])
    assert part("bytes=100-", **{"If-Range": tag}) == (206, f"bytes 100-{n - 1}/{n}", whole[100:])
    assert part("bytes=100-", **{"If-Range": '"another file"'}) == (200, None, whole)
    assert part(f"bytes={n}-") == (416, f"bytes */{n}", b"")
    assert part("bytes=-0")[0] == 416
    assert part("lines=1-2") == (200, None, whole)


def test_one_of_a_release_has_its_rule(rosa: Client, researcher: User) -> None:
    release = frozen("spring", researcher)
    export = asked(rosa, release=str(release.public_id), rule={"least_shares": 1, "least_annotations": 2})
    assert (export["release_name"], export["rule"]["least_annotations"]) == ("spring", 1)
    assert export["file_name"].startswith("stickerloop-spring-verdicts-csv-")
    asked(rosa)
    mine = rosa.get("/api/v1/exports/", {"release": str(release.public_id)}).json()["results"]
    assert [each["public_id"] for each in mine] == [export["public_id"]]
    write_next_export()
    assert rosa.get(path_of(export)).json()["tasks_to_do"] == release.counts["tasks"]


def test_what_cannot_be_exported_is_told(rosa: Client, researcher: User) -> None:
    for what, field in [
        ({"layout": "xlsx"}, "layout"),
        ({"layout": "folder"}, "clips"),
        ({"layout": "pairs", "clips": "mp4"}, "clips"),
        ({"layout": "kwise", "rule": {"batches": [77]}}, "batches"),
        ({"layout": "kwise", "release": "11111111-1111-1111-1111-111111111111"}, "release"),
    ]:
        answer = rosa.post("/api/v1/exports/", what, content_type="application/json")
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field]), what
    assert not Export.objects.exists()


def test_a_lost_clip_fails_it_and_is_named(rosa: Client, blobs: BlobStore) -> None:
    clip = Clip.objects.order_by("id")[0]
    blobs.delete(clip.master)
    export = asked(rosa, layout="folder", clips="master")
    write_next_export()
    failed = rosa.get(path_of(export)).json()
    assert failed["state"] == "failed"
    assert f"the blob {clip.master} is not in" in failed["error"]


def test_one_that_is_cancelled_stops_at_the_next_task(rosa: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.jobs.TELL_EVERY_SECONDS", 0)
    export = asked(rosa)
    hold = claim_export()
    assert hold is not None
    assert rosa.post(f"{path_of(export)}cancel/").json()["state"] == "cancelled"
    with pytest.raises(GivenUpError):
        write_held(hold)
    hold.let_go()
    assert Export.objects.get().state == ExportState.CANCELLED
    assert rosa.post(f"{path_of(export)}cancel/").status_code == 409


def test_a_silent_writer_is_taken_over(rosa: Client) -> None:
    asked(rosa)
    slow = claim_export()
    assert slow is not None
    assert claim_export() is None, "it is held"
    Export.objects.update(lease_until=timezone.now())
    assert write_next_export()
    with pytest.raises(GivenUpError):
        write_held(slow)
    assert Export.objects.values_list("state", "attempt").get() == (ExportState.READY, 2)


def test_one_that_never_ends_fails_after_three_tries(rosa: Client) -> None:
    asked(rosa)
    for _ in range(3):
        assert claim_export() is not None
        Export.objects.update(lease_until=timezone.now())
    write_next_export()
    assert Export.objects.get().state == ExportState.FAILED
    assert "begun 3 times" in Export.objects.get().error


def test_an_ended_one_can_be_taken_off_the_list_and_its_file_is_kept_until_then(rosa: Client) -> None:
    export = asked(rosa)
    assert rosa.delete(path_of(export)).status_code == 409, "it waits: it can be cancelled"
    write_next_export()
    name = Export.objects.get().file
    assert name in set(blob_roots())
    assert rosa.delete(path_of(export)).status_code == 204
    assert name not in set(blob_roots())


def test_the_time_left_is_told_while_it_is_written(rosa: Client) -> None:
    export = asked(rosa)
    assert claim_export() is not None
    long_ago = timezone.now() - timedelta(seconds=10)
    Export.objects.update(tasks_done=1, tasks_to_do=4, started_at=long_ago)
    assert 28 < rosa.get(path_of(export)).json()["seconds_left"] < 40


def test_the_list_costs_the_same_however_long(rosa: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(5):
        asked(rosa)
    with django_assert_num_queries(2):
        assert len(rosa.get("/api/v1/exports/").json()["results"]) == 5


def test_annotators_and_strangers_export_nothing(annotator: User, signed_in: SignedIn, client: Client) -> None:
    assert signed_in(annotator).post("/api/v1/exports/", {"layout": "kwise"}).status_code == 403
    assert client.get("/api/v1/exports/").status_code == 401
