"""What reaches an annotator's browser tells nothing about which model made a clip."""

import json
import re
from typing import Any
from uuid import UUID

import pytest

from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Clip
from tests.annotator.actors import annotator, open_batch, row

pytestmark = pytest.mark.django_db

MEDIA = re.compile(r"/media/[0-9a-f]{64}\.(webp|png)")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


def test_an_assignment_has_these_fields_and_no_other() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    handout = ann.lease(batch)
    assert set(handout) == {"assignments", "progress", "state", "reasons", "server_time"}
    assert set(handout["progress"]) == {"judged", "total", "limit"}
    (mine,) = handout["assignments"]
    assert set(mine) == {"id", "caption", "sticker", "slots", "lease_until", "answer"}
    for slot in mine["slots"]:
        assert set(slot) == {"slot", "sheet", "animation", "frames", "columns", "cell", "frame_rate"}


def test_every_value_that_is_sent_is_meant_for_the_annotators_eyes() -> None:
    batch, ann = open_batch(tasks=3, candidates=6, checkpoints=3), annotator("ann")
    Clip.objects.update(media={"frames": 8, "columns": 4, "cell": 64, "frame_rate": 8, "model": "secret"})
    handout = ann.lease(batch)
    answers = ann.submit(handout["assignments"][0], 1, want=4)
    detail = ann.get(f"annotate/assignments/{handout['assignments'][0]['id']}/")
    history = ann.get(f"annotate/batches/{batch.public_id}/history/")["results"]
    for leaf in leaves([handout, answers, detail, history]):
        if isinstance(leaf, str) and not MEDIA.fullmatch(leaf) and not TIME.fullmatch(leaf):
            named = leaf in {"ready", "closed", "empty", ""} or re.fullmatch(r"a sticker, number \d+, jumping", leaf)
            assert named or UUID(leaf).version == 4, leaf
        elif isinstance(leaf, int) and not isinstance(leaf, bool):
            assert leaf <= 64, "a slot, a count, a revision or the measures of a sheet"
    sent = json.dumps([handout, answers, detail, history])
    for checkpoint in Checkpoint.objects.all():
        assert checkpoint.name not in sent
        assert checkpoint.sha256 not in sent


def test_no_header_tells_more_than_the_body() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    response = ann.client.post(f"/api/v1/annotate/batches/{batch.public_id}/leases/", {"count": 1}, format="json")
    known = {
        "Content-Type", "Allow", "X-Frame-Options", "Vary", "X-Content-Type-Options", "Referrer-Policy",
        "Cross-Origin-Opener-Policy", "Content-Length", "Cache-Control",
    }  # fmt: skip
    assert set(response.headers) <= known


def test_verdicts_belong_to_the_candidates_behind_the_slots_that_were_seen() -> None:
    batch, ann, bob = open_batch(tasks=1, candidates=6, overlap=2), annotator("ann"), annotator("bob")
    chosen = set()
    for actor in (ann, bob):
        mine = actor.take_one(batch)
        wanted = sorted(mine["slots"], key=lambda slot: slot["sheet"])[0]
        actor.submit(mine, wanted["slot"])
        verdict = row(mine).annotation.revisions.get().verdicts.get(shareable=True)
        assert wanted["sheet"].endswith(verdict.candidate.clip.sheet)
        chosen.add(verdict.candidate_id)
    assert len(chosen) == 1, "both chose the same clip, wherever it stood"


def test_a_dropped_candidate_is_shown_to_nobody() -> None:
    batch, ann = open_batch(tasks=1, candidates=4), annotator("ann")
    dropped = batch.tasks.get().candidates.first()
    assert dropped is not None
    dropped.dropped = True
    dropped.save()
    mine = ann.take_one(batch)
    assert len(mine["slots"]) == 3
    assert dropped.pk not in row(mine).slots
