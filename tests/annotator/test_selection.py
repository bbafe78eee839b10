"""Down-selection: the sources of a batch side by side, with planted truth."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.generation.models import Batch, Candidate, Clip
from annotator.quality import latency
from tests.annotator.actors import Actor, annotator, researcher
from tests.annotator.selected import Planted, compared, teacher

pytestmark = pytest.mark.django_db
TEACHER = teacher("teacher", 0.5, 4.0, passes=24)
GOOD = Planted("good", 0.4, 0.5, passes=8)
POOR = Planted("poor", -2.5, 0.5)


def page(batch: Batch, actor: Actor | None = None) -> Any:
    return (actor or researcher()).get(f"batches/{batch.pk}/selection/")


def rows(body: Any) -> dict[str, Any]:
    return {row["name"]: row for row in body["sources"]}


def met(row: Any) -> dict[str, bool]:
    return {condition["kind"]: condition["met"] for condition in row["conditions"]}


def test_the_frontier_and_the_rule_find_what_was_planted(settings: Settings) -> None:
    settings.PROMOTION_MARGIN = 0.15
    batch = compared(TEACHER, teacher("slow", -2.5, 6.0), GOOD, POOR, prompts=120, people=3)
    body = page(batch)
    found = rows(body)
    ids = {name: row["source"] for name, row in found.items()}
    assert body["best_teacher"] == ids["teacher"]
    assert {name: sorted(row["beaten_by"]) for name, row in found.items()} == {
        "teacher": [],
        "good": [],
        "poor": [ids["good"]],
        "slow": sorted([ids["teacher"], ids["good"]]),
    }
    assert {row["name"] for row in body["sources"][:2]} == {"teacher", "good"}, "shared most first"
    assert met(found["good"]) == {"prompts": True, "no_worse": True, "faster": True}
    assert met(found["poor"]) == {"prompts": True, "no_worse": False, "faster": True}
    assert (found["good"]["by_rule"], body["rule"]["margin"]) == (True, 0.15)
    assert (found["poor"]["by_rule"], found["teacher"]["by_rule"]) == (False, None)
    assert found["teacher"]["conditions"] == []
    assert found["good"]["latency"]["median"] == pytest.approx(0.5, rel=0.02)
    assert (found["good"]["latency"]["passes"], found["poor"]["latency"]["passes"]) == (8, None)
    assert (body["split"], body["prompts"]) == ("heldout", {"hitl": 0, "heldout": 120})


def test_a_checkpoint_with_other_settings_is_another_source() -> None:
    few = replace(TEACHER, quality=-3.0, seconds=1.0, settings={"steps": 2})
    body = page(compared(TEACHER, few, prompts=40))
    by_steps = {row["settings"]["steps"]: row for row in body["sources"]}
    assert by_steps[2]["changed"] == {"steps": 2}
    assert by_steps[8]["share"]["rate"] > by_steps[2]["share"]["rate"] + 0.2
    assert (by_steps[8]["share"]["shown"], by_steps[2]["share"]["shown"]) == (80, 80)
    assert by_steps[2]["latency"]["median"] == pytest.approx(1.0, rel=0.02)


def test_other_machines_are_told_apart() -> None:
    batch = compared(TEACHER, GOOD, replace(POOR, device="another"))
    body = page(batch)
    found = rows(body)
    assert body["machine"] == "one machine"
    assert (found["poor"]["latency"]["device"], found["poor"]["comparable"]) == ("another", False)
    assert found["poor"]["beaten_by"] is None, "nobody knows how fast it would be"
    assert not met(found["poor"])["faster"]
    assert "not timed on the same machine" in found["poor"]["conditions"][2]["says"]


def test_a_source_made_in_two_places_is_timed_where_the_others_were() -> None:
    batch = compared(TEACHER, GOOD)
    some = Candidate.objects.filter(task__batch=batch, clip__checkpoint__name="good").values("clip")[:25]
    Clip.objects.filter(pk__in=list(some.values_list("clip", flat=True))).update(
        provenance={"device": "another"}, timings={"sample": 0.01}
    )
    good = rows(page(batch))["good"]
    assert (good["latency"]["clips"], good["comparable"]) == (5, True)
    assert good["latency"]["median"] == pytest.approx(0.5, rel=0.03)


def test_held_out_prompts_alone_count_where_there_are_some() -> None:
    batch = compared(TEACHER, GOOD, prompts=20, split="hitl")
    learnt = page(batch)
    assert (learnt["split"], learnt["prompts"]) == ("hitl", {"hitl": 20, "heldout": 0})
    row = rows(learnt)["good"]
    assert row["share"]["prompts"] == 20
    assert row["conditions"][0]["says"].endswith("0 so far.")
    for prompt in [task.prompt for task in batch.tasks.order_by("pk")[:5]]:
        prompt.split = "heldout"
        prompt.save()
    mixed = page(batch)
    assert (mixed["split"], mixed["prompts"], rows(mixed)["good"]["share"]["prompts"]) == (
        "heldout",
        {"hitl": 15, "heldout": 5},
        5,
    )


def test_before_anything_is_judged_there_are_sources_and_no_figures() -> None:
    batch = compared(TEACHER, GOOD, people=0, prompts=3)
    body = page(batch)
    assert body["best_teacher"] is None
    good = rows(body)["good"]
    assert (good["share"], good["beaten_by"], good["by_rule"]) == (None, None, False)
    assert good["conditions"][0]["says"].startswith("The batch has no teacher with verdicts")


def test_it_costs_the_same_however_much_was_judged(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    rosa = researcher()
    for prompts in (5, 20):
        batch = compared(
            replace(TEACHER, name=f"teacher {prompts}"), replace(GOOD, name=f"good {prompts}"), prompts=prompts
        )
        page(batch, rosa)  # adds up what was judged
        # The session's user, the batch, what is due (twice), the sources, the shapes of prompts, the clips' timings.
        with django_assert_num_queries(7):
            page(batch, rosa)


def test_only_so_many_clips_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "TASKS_LOOKED_AT", 4)
    assert rows(page(compared(TEACHER, GOOD, prompts=9)))["good"]["latency"]["clips"] == 4


def test_a_page_that_asks_again_is_told_that_nothing_changed() -> None:
    rosa = researcher()
    path = f"/api/v1/batches/{compared(TEACHER, GOOD, prompts=3).pk}/selection/"
    etag = rosa.client.get(path)["ETag"]
    assert rosa.client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_annotators_and_strangers_see_none() -> None:
    batch = compared(TEACHER, GOOD, prompts=2, people=1)
    annotator().get(f"batches/{batch.pk}/selection/", status=403)
    researcher().get("batches/999999/selection/", status=404)
