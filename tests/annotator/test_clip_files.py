"""Researchers download clips as files that people share; annotators do not."""

import io
from urllib.parse import unquote

import pytest
from PIL import Image
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from annotator.generation.models import Clip, ClipState
from inference_worker.blobs import BlobStore
from inference_worker.formats.fitting import make_file
from inference_worker.formats.table import FORMATS
from tests.annotator.actors import Actor, admin, annotator, open_batch, researcher
from tests.inference_worker.test_formats import bobbing

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Actor:
    return researcher("rosa")


@pytest.fixture
def clip(blobs: BlobStore) -> Clip:
    open_batch(tasks=1, candidates=2)
    made = Clip.objects.order_by("pk")[0]
    made.master = blobs.put(make_file(bobbing(4, 32), FORMATS["webp"]), "webp")
    made.caption = "ein Bär, hüpfend"
    made.save()
    return made


def path(clip: Clip, target: str = "gif") -> str:
    return f"/api/v1/clips/{clip.key}/files/{target}/"


def test_a_file_has_its_type_and_is_named_after_the_caption(rosa: Actor, clip: Clip) -> None:
    response = rosa.client.get(path(clip))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/gif"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "ein-bär-hüpfend-gif.gif" in unquote(response["Content-Disposition"])
    with Image.open(io.BytesIO(response.content)) as image:
        assert (image.format, image.size) == ("GIF", (32, 32))


def test_the_person_and_the_clip_are_all_that_is_looked_up(
    rosa: Actor, clip: Clip, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert rosa.client.get(path(clip)).status_code == 200


def test_the_background_is_the_askers(rosa: Actor, clip: Clip) -> None:
    white, green = (rosa.client.get(path(clip), {"background": colour}) for colour in ("ffffff", "008000"))
    assert white.content != green.content
    assert white["ETag"] != green["ETag"]


def test_who_has_the_file_gets_it_no_second_time(rosa: Actor, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = rosa.client.get(path(clip))["ETag"]
    monkeypatch.setattr("annotator.generation.sharing_api.shared_file", None)
    assert rosa.client.get(path(clip), headers={"If-None-Match": f'W/{tag}, "other"'}).status_code == 304


def test_admins_may_and_annotators_and_strangers_may_not(clip: Clip) -> None:
    assert admin().client.get(path(clip)).status_code == 200
    for address in (path(clip), "/api/v1/formats/"):
        assert annotator().client.get(address).status_code == 403
        assert APIClient().get(address).status_code == 401


def test_what_is_not_there_answers_404(rosa: Actor, clip: Clip, blobs: BlobStore) -> None:
    assert rosa.client.get(f"/api/v1/clips/{'0' * 64}/files/gif/").status_code == 404
    assert "there is no format 'tiktok'; there are whatsapp" in rosa.get(path(clip, "tiktok")[8:], 404)["error"]
    Clip.objects.filter(pk=clip.pk).update(master=f"{'0' * 64}.webp")
    assert "lost" in rosa.get(path(clip)[8:], 404)["error"]


def test_a_clip_that_is_not_ready_or_does_not_fit_is_refused_in_words(
    rosa: Actor, clip: Clip, blobs: BlobStore
) -> None:
    assert "'snowy' is no colour" in rosa.get(path(clip)[8:], 400, background="snowy")["error"]
    slow = blobs.put(make_file(bobbing(4, 32, durations=(1000,) * 4), FORMATS["webp"]), "webp")
    Clip.objects.filter(pk=clip.pk).update(master=slow)
    assert "the clip lasts 4 s, at most 3 s are taken" in rosa.get(path(clip, "telegram")[8:], 400)["error"]
    Clip.objects.filter(pk=clip.pk).update(state=ClipState.QUEUED)
    assert "once it is ready" in rosa.get(path(clip)[8:], 400)["error"]


def test_the_menu_is_the_table(rosa: Actor) -> None:
    told = rosa.get("formats/")
    assert [row["name"] for row in told] == list(FORMATS)
    assert told[0] == {
        "name": "whatsapp",
        "title": "WhatsApp sticker",
        "about": "WebP, 512 px, up to 500 kB",
        "needs_background": False,
    }
    assert [row["name"] for row in told if row["needs_background"]] == ["gif", "mp4"]
