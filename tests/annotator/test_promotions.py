"""Promotion by the rule and against it, revocation, and what is on record of both."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.audit.models import Entry
from annotator.audit.sentences import sentence
from annotator.generation.models import Batch, Source
from annotator.promotion.models import Promotion
from tests.annotator.actors import Actor, admin, annotator, researcher
from tests.annotator.selected import Planted, compared, teacher

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch() -> Batch:
    """Far better and faster than the teacher, and far worse."""
    good = Planted("good", 2.5, 0.5, settings={"steps": 4})
    return compared(teacher("teacher", -1.0, 4.0), good, Planted("poor", -3.0, 0.5), prompts=30)


@pytest.fixture(autouse=True)
def few_prompts_are_enough(settings: Settings) -> None:
    settings.PROMOTION_LEAST_PROMPTS = 30


def source(batch: Batch, name: str) -> int:
    return Source.objects.get(batch=batch, checkpoint__name=name).pk


def promote(actor: Actor, batch: Batch, name: str, note: str = "", status: int = 201) -> Any:
    return actor.post(f"batches/{batch.pk}/promotions/", {"source": source(batch, name), "note": note}, status=status)


def standing(actor: Actor) -> Any:
    return actor.get("promotions/standing/")["promotion"]


def test_what_meets_the_rule_is_promoted_with_its_settings_and_the_figures_of_that_moment(batch: Batch) -> None:
    rosa = researcher("rosa")
    assert standing(rosa) is None
    made = promote(rosa, batch, "good")
    assert (made["by_rule"], made["note"], made["promoted_by"]) == (True, "", "rosa")
    assert (made["changed"], made["rule"]) == ({"steps": 4}, {"margin": 0.05, "least_prompts": 30})
    figures = {row["name"]: row for row in made["figures"]["sources"]}
    assert figures["good"]["share"]["prompts"] == 30
    assert [condition["met"] for condition in figures["good"]["conditions"]] == [True, True, True]
    now = standing(rosa)
    assert (now["id"], now["checkpoint"]["name"], now["settings"]["steps"]) == (made["id"], "good", 4)
    assert sentence(Entry.objects.latest("id")) == "rosa promoted the checkpoint good"
    assert Entry.objects.latest("id").after["by_rule"] is True


def test_against_the_rule_only_with_a_reason_which_is_kept(batch: Batch) -> None:
    rosa = researcher()
    refused = promote(rosa, batch, "poor", note="  ", status=400)
    assert "against the rule" in refused["fields"]["note"][0]
    assert "Surely less than 5 points below teacher" in refused["fields"]["note"][0], "which condition is not met"
    assert not Promotion.objects.exists()
    made = promote(rosa, batch, "poor", note="Only to try the phone app with it")
    assert (made["by_rule"], made["note"]) == (False, "Only to try the phone app with it")
    assert Entry.objects.latest("id").after["note"] == made["note"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.filter(pk=made["id"]).update(note="")


def test_too_few_prompts_are_against_the_rule_however_good_it_is(batch: Batch, settings: Settings) -> None:
    settings.PROMOTION_LEAST_PROMPTS = 31
    refused = promote(researcher(), batch, "good", status=400)
    assert "At least 31 held-out prompts judged with both: 30 so far." in refused["fields"]["note"][0]


def test_prompts_to_learn_from_promote_nobody(settings: Settings) -> None:
    learnt = compared(teacher("teacher", -1.0, 4.0), Planted("good", 2.5, 0.5), prompts=30, split="hitl")
    refused = promote(researcher(), learnt, "good", status=400)
    assert "held-out prompts judged with both: 0 so far" in refused["fields"]["note"][0]


def test_a_slower_student_is_against_the_rule() -> None:
    slow = compared(teacher("teacher", -1.0, 4.0), Planted("good", 2.5, 3.9), prompts=30)
    refused = promote(researcher(), slow, "good", status=400)
    assert "Faster than teacher" in refused["fields"]["note"][0]


def test_teachers_and_other_batches_sources_are_refused(batch: Batch) -> None:
    rosa = researcher()
    assert "is a teacher" in promote(rosa, batch, "teacher", note="why not", status=400)["fields"]["source"][0]
    rosa.post(f"batches/{batch.pk}/promotions/", {"source": 2**62, "note": "x"}, status=400)
    rosa.post("batches/999999/promotions/", {"source": 1}, status=404)


def test_a_later_one_stands_until_it_is_revoked_and_then_the_one_before(batch: Batch) -> None:
    rosa, adam = researcher(), admin("adam")
    first = promote(rosa, batch, "good")
    second = promote(rosa, batch, "poor", note="to see")
    assert standing(rosa)["id"] == second["id"]
    revoked = adam.post(f"promotions/{second['id']}/revoke/", {"reason": "It was seen"})
    assert (revoked["revoked_by"], revoked["revoked_because"]) == ("adam", "It was seen")
    assert standing(rosa)["id"] == first["id"]
    assert sentence(Entry.objects.latest("id")) == "adam revoked the promotion of poor"
    adam.post(f"promotions/{second['id']}/revoke/", {"reason": "again"}, status=409)
    adam.post(f"promotions/{first['id']}/revoke/", {"reason": " "}, status=400)
    listed = rosa.get("promotions/")["results"]
    assert [(row["id"], bool(row["revoked_at"])) for row in listed] == [(second["id"], True), (first["id"], False)]
    assert rosa.get("promotions/", batch=batch.pk)["results"] == listed
    assert rosa.get("promotions/", batch=batch.pk + 1)["results"] == []
    assert rosa.get(f"promotions/{second['id']}/")["figures"]["batch"] == batch.pk


def test_the_list_costs_the_same_however_long_it_is(
    batch: Batch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rosa = researcher()
    for _ in range(2):
        promote(rosa, batch, "good")
        with django_assert_num_queries(2):
            rosa.get("promotions/")
    with django_assert_num_queries(2):
        standing(rosa)


def test_lineage_leads_from_the_batch_to_the_checkpoint(batch: Batch) -> None:
    rosa = researcher()
    made = promote(rosa, batch, "good")
    of_checkpoint = rosa.get(f"lineage/checkpoint/{made['checkpoint']['id']}/")
    (node,) = [each for each in of_checkpoint["led_to"] if each["kind"] == "promotion"]
    assert (node["key"], node["how"]) == (str(made["id"]), f"on {batch}, by the rule")
    of_promotion = rosa.get(f"lineage/promotion/{made['id']}/")
    assert [each["name"] for each in of_promotion["came_from"]] == [str(batch), "poor", "teacher"]
    assert [each["name"] for each in of_promotion["led_to"]] == ["good"]
    rosa.post(f"promotions/{made['id']}/revoke/", {"reason": "a mistake"})
    assert rosa.get(f"lineage/promotion/{made['id']}/")["of"]["withdrawn"]
    rosa.get("lineage/promotion/77777/", status=404)


def test_annotators_and_strangers_are_kept_out(batch: Batch) -> None:
    made = promote(researcher(), batch, "good")
    anna = annotator()
    for path in ("promotions/", "promotions/standing/", f"promotions/{made['id']}/"):
        anna.get(path, status=403)
    promote(anna, batch, "good", status=403)
    anna.post(f"promotions/{made['id']}/revoke/", {"reason": "no"}, status=403)
    researcher().get("promotions/999999/", status=404)
