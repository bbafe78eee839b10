"""Batches over HTTP: a researcher queues, watches and steers them; others are kept out."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.generation.models import Batch, Clip, ClipState
from tests.annotator import actors
from tests.annotator.actors import Actor, checkpoint
from tests.annotator.studio import GpuWorker, clips_of, prompt_set, queued_batch, source

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Actor:
    return actors.researcher("rosa")


def order(**more: Any) -> dict[str, Any]:
    return {
        "name": "Spring set",
        "prompt_set": prompt_set(3).pk,
        "sources": [{"checkpoint": checkpoint().pk, "clips_per_prompt": 2}],
        **more,
    }


def test_rosa_queues_a_batch_and_watches_it_fill(rosa: Actor) -> None:
    made = rosa.post("batches/", order(overlap=2, priority=3, instructions="Choose what you would send."), status=201)

    assert (made["name"], made["state"], made["overlap"], made["priority"]) == ("Spring set", "open", 2, 3)
    assert made["created_by"] == "rosa"
    assert made["sources"][0]["settings"]["steps"] == 8
    progress = made["progress"]
    assert progress["tasks"] == {"filling": 3, "open": 0, "done": 0, "held": 0, "void": 0}
    assert progress["clips"] == {"queued": 6, "running": 0, "ready": 0, "failed": 0}
    assert (progress["prompts"], progress["made"], progress["counted"], progress["wanted"]) == (3, True, 0, 6)
    assert (progress["rate"], progress["seconds_left"]) == (None, None)

    clips = clips_of(Batch.objects.get(pk=made["id"]))
    GpuWorker().finish(*clips[:4])
    ten_seconds_apart(clips[:4])
    progress = rosa.get(f"batches/{made['id']}/")["progress"]
    assert progress["tasks"]["open"] == 2
    assert progress["clips"]["ready"] == 4
    assert progress["rate"] == pytest.approx(4.5, abs=0.2), "three more in forty seconds"
    assert progress["seconds_left"] == pytest.approx(27, abs=2)
    GpuWorker().finish(*clips[4:])
    assert rosa.get(f"batches/{made['id']}/")["progress"]["seconds_left"] == 0


def ten_seconds_apart(clips: list[Clip]) -> None:
    for place, clip in enumerate(reversed(clips), start=1):
        Clip.objects.filter(pk=clip.pk).update(ready_at=timezone.now() - timedelta(seconds=10 * place))


def test_a_stale_form_is_told_what_changed(rosa: Actor) -> None:
    batch = queued_batch(prompts=1)
    rosa.patch(f"batches/{batch.pk}/", {"priority": 5, "was": {"priority": 0}})
    refused = rosa.patch(f"batches/{batch.pk}/", {"priority": 7, "was": {"priority": 0}}, status=409)
    assert "meanwhile, to 5" in refused["fields"]["priority"][0]
    assert rosa.get(f"batches/{batch.pk}/")["priority"] == 5
    assert rosa.patch(f"batches/{batch.pk}/", {"priority": 7, "was": {"priority": 5}})["priority"] == 7


def test_rosa_clones_a_batch_with_what_it_says_of_itself(rosa: Actor) -> None:
    model = checkpoint()
    asked = [{"checkpoint": model.pk, "clips_per_prompt": 3, "settings": {"steps": 4}}]
    first = rosa.post("batches/", order(sources=asked, words=["number 1", "number 2"], reasons=["edges"]), status=201)
    (of_first,) = first["sources"]
    assert (of_first["changed"], of_first["clips_of"]) == ({"steps": 4}, None)
    same = {name: first[name] for name in ("prompt_set", "splits", "words", "unused_only", "sample", "reasons")}
    again = [{"checkpoint": of_first["checkpoint"], "settings": of_first["changed"], "clips_per_prompt": 3}]
    clone = rosa.post("batches/", {"name": "Again", "sources": again, **same}, status=201)
    assert clone["seed_base"] != first["seed_base"]
    unlike = {"id", "public_id", "name", "created_at", "seed_base", "sources"}
    assert {name: value for name, value in clone.items() if name not in unlike} == {
        name: value for name, value in first.items() if name not in unlike
    }
    assert clone["sources"][0]["settings"] == of_first["settings"]

    GpuWorker().finish(*clips_of(Batch.objects.get(pk=first["id"])))
    taken = {"name": "Judged again", "sources": [{"clips_of": of_first["id"], "clips_per_prompt": 2}], **same}
    made = rosa.post("batches/", taken, status=201)
    assert made["sources"][0]["clips_of"] == {
        "id": of_first["id"],
        "batch": first["id"],
        "batch_name": "Spring set",
    }
    assert made["progress"]["clips"] == {"queued": 0, "running": 0, "ready": 4, "failed": 0}


def test_rosa_adds_the_prompts_that_came_since(rosa: Actor) -> None:
    batch = queued_batch(prompts=2)
    batch.prompt_set.prompts.create(
        external_id="late", caption="a late owl", sticker=batch.tasks.all()[0].prompt.sticker
    )
    body = {"splits": ["hitl"]}
    assert rosa.post(f"batches/{batch.pk}/extend/estimate/", body)["clips"] == 2
    assert rosa.post(f"batches/{batch.pk}/extend/", body)["prompts"] == 3
    refused = rosa.post(f"batches/{batch.pk}/extend/", body, status=400)
    assert refused["error"].startswith("No prompt is left to add")


def test_the_list_of_one_prompt_set(rosa: Actor) -> None:
    one, _ = queued_batch(prompts=1), queued_batch(prompts=1)
    assert [batch["id"] for batch in rosa.get("batches/", prompt_set=one.prompt_set_id)["results"]] == [one.pk]
    rosa.get("batches/", prompt_set="spring", status=400)


def test_failures_are_grouped_by_what_they_say(rosa: Actor) -> None:
    batch = queued_batch(prompts=2, clips=3)
    first, second, third, *_ = clips_of(batch)
    GpuWorker().fail(first, final=True, error="out of memory")
    GpuWorker().fail(second, final=True, error="NaN in the latents")
    GpuWorker().fail(third, final=True, error="out of memory")
    assert rosa.get(f"batches/{batch.pk}/")["progress"]["errors"] == [
        {"error": "out of memory", "count": 2},
        {"error": "NaN in the latents", "count": 1},
    ]
    assert rosa.post(f"batches/{batch.pk}/retry_failed/") == {"retried": 3}


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        (
            {"sources": [{"checkpoint": 999, "clips_per_prompt": 2}]},
            "sources.0.checkpoint",
            "There is no checkpoint 999",
        ),
        ({"sources": []}, "sources", ""),
        ({"prompt_set": 999}, "prompt_set", "There is no prompt set 999"),
        ({"overlap": 0}, "overlap", "greater than or equal to 1"),
        ({"person_share": 1.5}, "person_share", "up to 1"),
        ({"splits": ["test"]}, "splits.0", "not a valid choice"),
        ({"name": " "}, "name", "blank"),
        ({"name": "x" * 101}, "name", "100"),
    ],
)
def test_a_wrong_order_says_what_would_be_right(rosa: Actor, wrong: dict[str, Any], field: str, says: str) -> None:
    answer = rosa.post("batches/", order(**wrong), status=400)
    assert says in answer["fields"][field][0]
    assert not Batch.objects.exists()


def test_wrong_settings_name_their_source(rosa: Actor) -> None:
    sources = [
        {"checkpoint": checkpoint().pk, "clips_per_prompt": 1},
        {"checkpoint": checkpoint().pk, "clips_per_prompt": 1, "settings": {"stepps": 8}},
    ]
    answer = rosa.post("batches/", order(sources=sources), status=400)
    assert "Unknown sampler setting 'stepps'" in answer["fields"]["sources.1.settings"][0]


def test_an_estimate_before_the_order(rosa: Actor) -> None:
    asked = order(sample=2, words=["dog"])
    estimate = rosa.post("batches/estimate/", asked)
    assert (estimate["tasks"], estimate["clips"], estimate["already_there"], estimate["workers"]) == (2, 4, 0, 0)
    assert (estimate["worker_seconds"], estimate["seconds"]) == (None, None)
    (of_source,) = estimate["sources"]
    assert (of_source["clips"], of_source["seconds_a_clip"], of_source["same_settings"]) == (4, None, None)
    assert [prompt["caption"][:11] for prompt in estimate["prompts"]] == ["a happy dog"] * 2
    assert estimate["prompts"][0]["sticker"].startswith("/media/")


def test_a_page_that_asks_again_gets_304_until_something_changes(rosa: Actor) -> None:
    batch = queued_batch(prompts=1)
    path = f"/api/v1/batches/{batch.pk}/"
    tag = rosa.client.get(path)["ETag"]
    assert rosa.client.get(path, headers={"If-None-Match": tag}).status_code == 304
    GpuWorker().finish(clips_of(batch)[0])
    assert rosa.client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_rosa_pauses_extends_and_cancels(rosa: Actor) -> None:
    batch = queued_batch(prompts=1)
    path = f"/api/v1/batches/{batch.pk}/"
    body = {"generation_paused": True, "overlap": 3, "priority": -2, "instructions": "New."}
    changed = rosa.client.patch(path, body, format="json").json()
    assert {name: changed[name] for name in body} == body
    assert changed["progress"]["wanted"] == 3
    assert rosa.post(f"batches/{batch.pk}/cancel/")["state"] == "cancelled"
    assert rosa.post(f"batches/{batch.pk}/cancel/")["state"] == "cancelled"
    refused = rosa.post(f"batches/{batch.pk}/close/", status=400)
    assert refused["error"] == "The batch is cancelled already: only an open one can be closed."
    assert rosa.client.patch(path, {"priority": 1}, format="json").status_code == 400


def test_the_gallery_shows_every_clip_with_what_made_it(rosa: Actor) -> None:
    teacher, student = checkpoint("teacher-a"), checkpoint("student-b")
    batch = queued_batch(prompts=2, sources=[source(teacher, 2), source(student, 1, steps=4)])
    done, broken = (next(clip for clip in clips_of(batch) if clip.checkpoint == each) for each in (teacher, student))
    GpuWorker().finish(done)
    GpuWorker().fail(broken, final=True, error="frozen")

    everything = rosa.get(f"batches/{batch.pk}/clips/")["results"]
    assert len(everything) == 6
    (ready,) = rosa.get(f"batches/{batch.pk}/clips/", state="ready")["results"]
    done.refresh_from_db()
    assert ready["sheet"] == f"/media/{done.sheet}"
    assert ready["sticker"] == f"/media/{done.sticker}"
    assert (ready["checkpoint_name"], ready["seed"], ready["seconds"]) == ("teacher-a", done.seed, 1.5)
    assert ready["media"] == {"frames": 8, "columns": 4, "cell": 320, "frame_rate": 8}
    of_student = rosa.get(f"batches/{batch.pk}/clips/", checkpoint=student.pk)["results"]
    assert [clip["settings"]["steps"] for clip in of_student] == [4, 4]
    assert [(clip["error"], clip["dropped"]) for clip in of_student if clip["state"] == "failed"] == [("frozen", True)]
    assert ready["animation"]
    assert ready["metrics"] == {
        "motion_size": 2.5,
        "bucket": 9,
        "identity_db": 31.5,
        "seam_ratio": 1.0,
        "flicker": None,
        "sharpness": None,
        "frozen": False,
        "verb_seen": "jumping",
        "verb_seen_probability": 0.93,
        "verb_asked": None,
        "recognised": None,
    }
    assert of_student[0]["metrics"] is None
    assert of_student[1]["sheet"] is None
    rosa.get(f"batches/{batch.pk}/clips/", state="done", status=400)


def test_a_long_gallery_comes_in_pages_that_miss_nothing(rosa: Actor) -> None:
    batch = queued_batch(prompts=60, clips=2)
    seen: list[str] = []
    cursor = ""
    while True:
        page = rosa.get(f"batches/{batch.pk}/clips/", **({"cursor": cursor} if cursor else {}))
        seen += [clip["key"] for clip in page["results"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == 120
    assert seen == [clip.key for clip in clips_of(batch)]


def test_lists_cost_the_same_queries_whatever_their_length(
    rosa: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One of them is for the person who asks."""
    for size in (1, 6):
        batch = queued_batch(prompts=size, clips=3)
        GpuWorker().finish(*clips_of(batch)[:2])
        GpuWorker(f"gpu-{size}").beat()
        with django_assert_num_queries(3):
            rosa.get("batches/")
        with django_assert_num_queries(7):
            rosa.get(f"batches/{batch.pk}/")
        with django_assert_num_queries(2):
            rosa.get("workers/")


def test_the_list_says_how_far_each_batch_is(rosa: Actor) -> None:
    one, two = queued_batch(prompts=1), queued_batch(prompts=2, overlap=2)
    GpuWorker().finish(*clips_of(one))
    listed = rosa.get("batches/")["results"]
    assert [(batch["id"], batch["progress"]["tasks"]["open"], batch["progress"]["wanted"]) for batch in listed] == [
        (two.pk, 0, 4),
        (one.pk, 1, 1),
    ]


def test_workers_are_live_until_they_fall_silent(rosa: Actor) -> None:
    GpuWorker("gpu-1").beat()
    GpuWorker("gpu-2").beat(stopping=True)
    listed = {worker["name"]: worker for worker in rosa.get("workers/")["results"]}
    assert (listed["gpu-1"]["live"], listed["gpu-2"]["live"]) == (True, False)
    assert listed["gpu-1"]["micro_batch"] == 4


@pytest.mark.parametrize("path", ["batches/", "batches/1/", "batches/1/clips/", "workers/"])
def test_annotators_and_strangers_are_kept_out(path: str) -> None:
    queued_batch(prompts=1)
    actors.annotator().get(path, status=403)
    assert actors.APIClient().get(f"/api/v1/{path}").status_code in {401, 403}
    for verb in ("cancel", "close", "retry_failed", "extend", "extend/estimate"):
        actors.annotator().post(f"batches/1/{verb}/", status=403)
    assert not Clip.objects.exclude(state=ClipState.QUEUED).exists()


def test_a_batch_that_is_not_there_is_404(rosa: Actor) -> None:
    rosa.get("batches/987654/", status=404)
    rosa.get("batches/987654/clips/", status=404)
    rosa.post("batches/987654/cancel/", status=404)
