"""Previews over HTTP: asked for, looked at by ETag, told honestly how long they take, cancelled."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.checkpoints.models import Checkpoint
from annotator.generation.dispatch import fill_workers
from annotator.generation.models import Clip, ClipState, Preview, Worker
from annotator.generation.previews import LOOKED_AT, give_up_previews
from annotator.media import store
from demo.machine import ROOT
from tests.annotator.actors import Actor, admin, annotator, checkpoint, researcher
from tests.annotator.studio import GpuWorker

pytestmark = pytest.mark.django_db
DOG = store.put(b"a dog", "png")
CAT = store.put(b"a cat", "png")
Json = dict[str, Any]


@pytest.fixture
def model() -> Checkpoint:
    return checkpoint("teacher")


@pytest.fixture
def rosa() -> Actor:
    return researcher("rosa")


def body(*models: Checkpoint, captions: tuple[str, ...] = ("a dog jumping",), seed: int = 5, **settings: Any) -> Json:
    return {
        "scenes": [{"caption": caption, "sticker": DOG} for caption in captions],
        "sources": [{"checkpoint": model.pk, "settings": settings} for model in models],
        "seed": seed,
    }


def ask(actor: Actor, *models: Checkpoint, **more: Any) -> Json:
    asked: Json = actor.post("previews/", body(*models, **more), status=201)
    return asked


def test_a_preview_is_asked_for_and_seen(sent: list[Any], rosa: Actor, model: Checkpoint) -> None:
    asked = ask(rosa, model, checkpoint("student"), bucket=12, text_scale=2.0, image_scale=1.5, steps=4)
    assert (asked["ended"], asked["workers"], len(asked["clips"])) == (False, 0, 2)
    first = asked["clips"][0]
    assert (first["state"], first["caption"], first["sticker"], first["seed"]) == (
        "queued", "a dog jumping", f"/media/{DOG}", 5,
    )  # fmt: skip
    assert {clip["checkpoint_name"] for clip in asked["clips"]} == {"teacher", "student"}
    assert (first["settings"]["bucket"], first["settings"]["text_scale"], first["settings"]["steps"]) == (12, 2.0, 4)
    gpu = GpuWorker()
    gpu.beat()
    fill_workers()
    assert {clip["state"] for clip in rosa.get(f"previews/{asked['id']}/")["clips"]} == {"running"}
    gpu.finish(*Clip.objects.all())
    seen = rosa.get(f"previews/{asked['id']}/")
    assert seen["workers"] == 1
    assert all(clip["state"] == "ready" and clip["animation"].startswith("/media/") for clip in seen["clips"])
    assert all(clip["wait"] is None for clip in seen["clips"])


def test_nothing_new_is_said_by_304(rosa: Actor, model: Checkpoint) -> None:
    path = f"/api/v1/previews/{ask(rosa, model)['id']}/"
    tag = rosa.client.get(path).headers["ETag"]
    assert rosa.client.get(path, HTTP_IF_NONE_MATCH=tag).status_code == 304
    GpuWorker().beat()
    assert rosa.client.get(path, HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_the_wait_is_told_by_what_stands_before_and_by_measured_clips(
    sent: list[Any], rosa: Actor, model: Checkpoint
) -> None:
    gpu = GpuWorker(micro_batch=1)
    gpu.beat()
    ask(rosa, model, captions=("measured",))
    fill_workers()
    gpu.finish(*Clip.objects.all())  # 1.5 s of sampling for 8 steps
    Clip.objects.update(provenance={"micro_batch": 4})  # of which this is one clip's share already
    ask(rosa, model, captions=("a", "b", "c"))
    fill_workers()
    gpu.beat(*Clip.objects.filter(state=ClipState.RUNNING))
    asked = ask(researcher("ben"), model, captions=("d", "e"), steps=16)
    assert [clip["wait"]["ahead"] for clip in asked["clips"]] == [3, 4]
    assert [clip["wait"]["seconds"] for clip in asked["clips"]] == [12, 15]
    GpuWorker("gpu-2").beat()
    seen = rosa.get(f"previews/{Preview.objects.order_by('id')[1].public_id}/")
    assert [clip["wait"] for clip in seen["clips"]][:2] == [{"ahead": 0, "seconds": 3}] * 2
    assert seen["clips"][2]["wait"] == {"ahead": 2, "seconds": 3}


def test_without_a_worker_or_a_measurement_no_seconds_are_told(rosa: Actor, model: Checkpoint) -> None:
    asked = ask(rosa, model)
    assert (asked["workers"], asked["clips"][0]["wait"]) == (0, {"ahead": 0, "seconds": None})
    GpuWorker().beat()
    assert rosa.get(f"previews/{asked['id']}/")["clips"][0]["wait"]["seconds"] is None
    Worker.objects.update(last_seen_at=timezone.now() - timedelta(minutes=1))
    assert rosa.get(f"previews/{asked['id']}/")["workers"] == 0


def test_looking_keeps_it_waiting(rosa: Actor, model: Checkpoint) -> None:
    asked = ask(rosa, model)
    Preview.objects.update(seen_at=timezone.now() - LOOKED_AT * 2)
    rosa.get(f"previews/{asked['id']}/")
    assert give_up_previews() == 0
    Preview.objects.update(seen_at=timezone.now() - LOOKED_AT * 2)
    give_up_previews()
    seen = rosa.get(f"previews/{asked['id']}/")
    assert (seen["ended"], seen["clips"]) == (True, [])
    assert not Clip.objects.exists()


def test_looking_costs_few_queries_however_many_clips(
    sent: list[Any], rosa: Actor, model: Checkpoint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    queues = ask(rosa, model, captions=("a", "b", "c"))
    # Session 1, preview, clips, workers, what runs, what is before, one for the model.
    with django_assert_max_num_queries(7):
        rosa.get(f"previews/{queues['id']}/")
    GpuWorker().beat()
    fill_workers()
    GpuWorker().finish(*Clip.objects.all())
    with django_assert_max_num_queries(4):
        rosa.get(f"previews/{queues['id']}/")


def test_cancelling(rosa: Actor, model: Checkpoint) -> None:
    asked = ask(rosa, model)
    assert rosa.post(f"previews/{asked['id']}/cancel/")["ended"] is True
    assert not Clip.objects.exists()
    rosa.post(f"previews/{asked['id']}/cancel/")


def test_previews_are_seen_by_whoever_asked(rosa: Actor, model: Checkpoint) -> None:
    asked = ask(rosa, model)
    for stranger in (researcher("ben"), admin("adam")):
        stranger.get(f"previews/{asked['id']}/", status=404)
        stranger.post(f"previews/{asked['id']}/cancel/", status=404)
    anna = annotator("anna")
    anna.post("previews/", body(model), status=403)
    anna.get(f"previews/{asked['id']}/", status=403)
    ask(admin("ada"), model)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"scenes": [{"caption": " ", "sticker": DOG}]}, "scenes.0.caption", "may not be blank"),
        ({"scenes": [{"caption": "x" * 301, "sticker": DOG}]}, "scenes.0.caption", "at most 300"),
        ({"scenes": [{"caption": "a", "sticker": "0" * 64 + ".png"}]}, "scenes.0.sticker", "no such sticker"),
        ({"scenes": [{"caption": "a", "sticker": "../secret"}]}, "scenes.0.sticker", "no such sticker"),
        ({"scenes": [{"caption": "a", "sticker": DOG}] * 2}, "scenes", "here twice"),
        ({"scenes": [{"caption": "a", "sticker": CAT}] * 4}, "scenes", "no more than 3"),
        ({"sources": [{"checkpoint": 999}]}, "sources.0.checkpoint", "no checkpoint 999"),
        ({"sources": []}, "sources", "at least 1"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_by_entry(rosa: Actor, model: Checkpoint, change: Json, field: str, says: str) -> None:
    answer = rosa.post("previews/", {**body(model), **change}, status=400)
    assert says in answer["fields"][field][0]
    assert not Preview.objects.exists()


def test_a_setting_out_of_range_is_said(rosa: Actor, model: Checkpoint) -> None:
    answer = rosa.post("previews/", body(model, bucket=17), status=400)
    assert "bucket is 17: a whole number from 1 to 16" in answer["fields"]["sources.0.settings"][0]


def test_too_many_waiting_is_409_in_words(rosa: Actor, model: Checkpoint) -> None:
    for seed in range(8):
        ask(rosa, model, captions=("a", "b", "c"), seed=seed)
    answer = rosa.post("previews/", body(model, seed=99), status=409)
    assert "more than 24 clips" in answer["error"]


def test_too_many_requests_are_429(rosa: Actor, model: Checkpoint) -> None:
    for _ in range(60):
        ask(rosa, model)
    answer = rosa.post("previews/", body(model), status=429)
    assert "try again in" in answer["error"]


def test_an_uploaded_sticker_has_the_name_of_its_content(rosa: Actor, model: Checkpoint) -> None:
    image = sorted((ROOT / "demo" / "stickers").glob("*.png"))[0].read_bytes()

    def upload(data: bytes) -> Any:
        return rosa.client.post("/api/v1/stickers/", {"sticker": SimpleUploadedFile("a.png", data)})

    first, second = upload(image).json(), upload(image).json()
    assert first == second
    assert first["url"] == f"/media/{first['name']}"
    assert rosa.client.get(first["url"]).status_code == 200
    asked = {**body(model), "scenes": [{"caption": "up", "sticker": first["name"]}]}
    assert rosa.post("previews/", asked, status=201)["clips"][0]["sticker"] == first["url"]
    refused = upload(b"no image")
    assert refused.status_code == 400
    assert "not a PNG" in refused.json()["fields"]["sticker"][0]
    annotators = annotator("anna").client.post("/api/v1/stickers/", {"sticker": SimpleUploadedFile("a.png", image)})
    assert annotators.status_code == 403
