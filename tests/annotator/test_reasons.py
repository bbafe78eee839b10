"""Quick reasons: the batch offers some, the annotator may say some of what is not picked, and they are kept."""

import pytest
from django.db import IntegrityError, transaction

from annotator.annotation.models import Annotation, Revision, Verdict
from annotator.generation.batches import steer_batch
from annotator.generation.models import Batch, Reason
from annotator.releases.rule import Rule
from annotator.releases.selecting import judged_tasks, pin
from tests.annotator.actors import Actor, Json, annotator, checkpoint, open_batch, person, researcher
from tests.annotator.studio import prompt_set

pytestmark = pytest.mark.django_db

OFFERED = ["wrong_motion", "seam_pops", "edges"]


@pytest.fixture
def batch() -> Batch:
    return open_batch(tasks=3, candidates=4, reasons=OFFERED, reasons_ever=OFFERED)


@pytest.fixture
def ann() -> Actor:
    return annotator("ann")


def said(*reasons: str, slot: int = 2) -> list[Json]:
    return [{"slot": slot, "reasons": list(reasons)}]


def kept(revision: Revision) -> dict[int, list[str]]:
    return dict(revision.verdicts.order_by("slot").values_list("slot", "reasons"))


def test_a_batch_offers_none_by_default_and_hands_out_those_it_offers(batch: Batch, ann: Actor) -> None:
    assert ann.lease(open_batch(tasks=1))["reasons"] == []
    first = ann.lease(batch)
    assert first["reasons"] == OFFERED
    assert ann.submit(first["assignments"][0], 1)["reasons"] == OFFERED


def test_reasons_are_stored_with_the_verdict_once_each_and_in_their_order(batch: Batch, ann: Actor) -> None:
    ann.submit(ann.take_one(batch), 1, reasons=said("edges", "wrong_motion", "edges"))
    assert kept(Revision.objects.get()) == {1: [], 2: ["wrong_motion", "edges"], 3: [], 4: []}


def test_nobody_has_to_give_one(batch: Batch, ann: Actor) -> None:
    assert ann.submit(ann.take_one(batch))["counted"] is True
    assert not any(kept(Revision.objects.get()).values())


@pytest.mark.parametrize(
    ("reasons", "says"),
    [
        (said("edges", slot=1), "Slot 1 is shareable: reasons are for slots that are not."),
        (said("edges", slot=5), "There is no slot 5: this assignment has slots 1 to 4."),
        (
            said("artefacts"),
            "This batch has not offered artefacts for slot 2; it has offered: wrong_motion, seam_pops, edges.",
        ),
    ],
)
def test_what_cannot_be_is_refused_naming_why_and_nothing_is_stored(
    batch: Batch, ann: Actor, reasons: list[Json], says: str
) -> None:
    refusal = ann.submit(ann.take_one(batch), 1, reasons=reasons, status=400)
    assert refusal["fields"] == {"reasons": [says]}
    assert not Annotation.objects.exists()


def test_a_reason_that_there_is_not_is_refused(batch: Batch, ann: Actor) -> None:
    refusal = ann.submit(ann.take_one(batch), 1, reasons=said("ugly"), status=400)
    assert list(refusal["fields"]) == ["reasons.0.reasons.0"]


def test_the_database_itself_keeps_reasons_off_what_is_shareable(batch: Batch, ann: Actor) -> None:
    ann.submit(ann.take_one(batch), 1)
    with pytest.raises(IntegrityError, match="verdict_reasons_only_against_sharing"), transaction.atomic():
        Verdict.objects.filter(shareable=True).update(reasons=["edges"])


def test_a_revision_has_its_own_and_the_earlier_ones_stay(batch: Batch, ann: Actor) -> None:
    mine = ann.take_one(batch)
    ann.submit(mine, 1, reasons=said("edges"))
    ann.submit(mine, 2, revision=2, reasons=said("seam_pops", slot=4))
    old, new = Revision.objects.order_by("number")
    assert (kept(old)[2], kept(new)[2], kept(new)[4]) == (["edges"], [], ["seam_pops"])


def test_an_earlier_answer_comes_back_with_its_reasons(batch: Batch, ann: Actor) -> None:
    mine = ann.take_one(batch)
    ann.submit(mine, 1, reasons=said("edges"))
    history = ann.get(f"annotate/batches/{batch.public_id}/history/")["results"]
    assert [each["answer"]["reasons"] for each in history] == [said("edges")]


def test_the_export_has_them(batch: Batch, ann: Actor) -> None:
    ann.submit(ann.take_one(batch), 1, reasons=said("edges"))
    task = next(judged_tasks(pin(Rule())))
    assert [vote.reasons for vote in task.annotations[0].votes] == [[], ["edges"], [], []]


def test_one_taken_back_is_offered_no_more_but_what_was_said_with_it_still_arrives(batch: Batch, ann: Actor) -> None:
    mine = ann.take_one(batch)
    steer_batch(batch_id=batch.pk, changes={}, reasons=["artefacts"])
    assert ann.lease(batch, holding=[mine["id"]])["reasons"] == ["artefacts"]
    assert ann.submit(mine, 1, reasons=said("edges"))["stored"] is True


def test_a_researcher_chooses_them_with_the_batch_and_changes_them_while_it_is_open() -> None:
    rosa, prompts = researcher("rosa"), prompt_set(1)
    sources = [{"checkpoint": checkpoint().pk, "clips_per_prompt": 2}]
    plan = {"name": "Spring", "prompt_set": prompts.pk, "sources": sources}
    plain = rosa.post("batches/", plan, status=201)
    made = rosa.post("batches/", {**plan, "reasons": ["edges", "wrong_motion"]}, status=201)
    assert (plain["reasons"], made["reasons"]) == ([], ["wrong_motion", "edges"])
    path = f"batches/{made['id']}/"
    assert rosa.patch(path, {"reasons": ["seam_pops"]})["reasons"] == ["seam_pops"]
    assert rosa.patch(path, {"reasons": []})["reasons"] == []
    assert Batch.objects.get(pk=made["id"]).reasons_ever == ["wrong_motion", "seam_pops", "edges"]
    assert list(rosa.patch(path, {"reasons": ["ugly"]}, status=400)["fields"]) == ["reasons.0"]
    rosa.post(f"{path}close/")
    assert "only an open one can be changed" in rosa.patch(path, {"reasons": ["edges"]}, status=400)["error"]


def test_annotators_do_not_choose_what_is_offered(batch: Batch) -> None:
    Actor(person()).patch(f"batches/{batch.pk}/", {"reasons": list(Reason.values)}, status=403)
    batch.refresh_from_db()
    assert batch.reasons == OFFERED
