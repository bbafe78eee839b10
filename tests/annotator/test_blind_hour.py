"""An hour of one annotator's work, every byte of it read: nothing tells which model made a clip."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from annotator.annotation.models import Assignment, FlagKind
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Batch, Candidate, Clip
from annotator.media import store
from inference_worker.encoding import encode
from tests.annotator.actors import Actor, Json, answer, open_batch, person

pytestmark = pytest.mark.django_db

TASKS, CANDIDATES = 45, 4
# Chi-square with 9 degrees of freedom goes beyond this once in a million hours.
UNLIKELY = 45.0
ALLOWED_HEADERS = {
    "Allow", "Cache-Control", "Content-Length", "Content-Type", "Cross-Origin-Opener-Policy", "ETag",
    "Referrer-Policy", "Vary", "X-Content-Type-Options", "X-Frame-Options",
}  # fmt: skip
PICTURE_CHUNKS = {b"VP8X", b"VP8L", b"VP8 ", b"ALPH", b"ANIM", b"ANMF"}


class Tape:
    """All that has gone over the wire to one browser."""

    def __init__(self, actor: Actor) -> None:
        self.answers: list[Any] = []
        plain = actor.client.generic

        def recorded(*arguments: Any, **more: Any) -> Any:
            response = plain(*arguments, **more)
            self.answers.append(response)
            return response

        actor.client.generic = recorded  # type: ignore[method-assign]

    def bodies(self) -> Iterable[bytes]:
        return (response.content for response in self.answers)

    def heads(self) -> Iterable[str]:
        for response in self.answers:
            yield response.request["PATH_INFO"] + response.request.get("QUERY_STRING", "")
            yield from (f"{name}: {value}" for name, value in response.headers.items())
            yield from (str(cookie) for cookie in response.cookies.values())


def moving(seed: int) -> np.ndarray:
    clip = np.zeros((4, 24, 24, 4), np.uint8)
    for frame in range(4):
        clip[frame, frame * 4 : frame * 4 + 8, 8:16] = [*np.random.default_rng(seed).integers(0, 255, 3), 255]
    return clip


def with_media(batch: Batch) -> None:
    """Real files for every clip, and rows that say on every occasion which model it was."""
    for clip in Clip.objects.filter(candidates__task__batch=batch).select_related("checkpoint"):
        made = encode(moving(clip.pk), frame_rate=8)
        name = clip.checkpoint.name
        clip.sheet, clip.animation = store.put(made.sheet, "webp"), store.put(made.animation, "webp")
        clip.master = store.put(made.master, "webp")
        clip.media = {**made.media, "model": name}
        clip.metrics = clip.timings = clip.provenance = clip.settings = {"model": name}
        clip.worker = f"worker-of-{name}"
        clip.save()


def work_for_an_hour(actor: Actor, batch: Batch) -> list[Json]:
    """Judges everything, with a skip, flags, renewals, a look back and a change; returns each task once, as shown."""
    seen: dict[str, Json] = {}
    actor.get("session/")
    actor.get("annotate/batches/")
    hand = actor.lease(batch, count=5)["assignments"]
    while hand:
        task = hand.pop(0)
        seen[task["id"]] = task
        for slot in task["slots"]:
            actor.client.get(slot["sheet"])
            actor.client.get(slot["animation"])
        path = f"annotate/assignments/{task['id']}"
        wish = {"want": 5, "holding": [other["id"] for other in hand]}
        turn = len(seen) % 12
        if turn == 3:
            hand += actor.post(f"{path}/skip/", {"reason": "unsure", **wish})["assignments"]
            continue
        if turn == 5:
            actor.post(f"{path}/flag/", {"kind": FlagKind.BROKEN, "slot": 2, "want": 0})
        if turn == 7:
            actor.post(f"{path}/renew/")
        hand += actor.put(f"{path}/", answer(task, 1 + len(seen) % CANDIDATES, **wish))["assignments"]
        if turn == 9:
            actor.get(f"{path}/")
            actor.put(f"{path}/", answer(task, revision=2, want=0, none=True))
    page = f"annotate/batches/{batch.public_id}/history/"
    while page:
        body = actor.get(page) if "?" not in page else actor.client.get(page).json()
        page = body.get("next") and f"/api/v1/annotate/batches/{batch.public_id}/history/?cursor={body['next']}"
    actor.post(f"annotate/batches/{batch.public_id}/return/")
    return list(seen.values())


def chi_square(pairs: Iterable[tuple[int, int]], rows: int, columns: int) -> float:
    counted = Counter(pairs)
    across = [sum(counted[row, column] for column in range(columns)) for row in range(rows)]
    down = [sum(counted[row, column] for row in range(rows)) for column in range(columns)]
    total = sum(across)
    return sum(
        (counted[row, column] - across[row] * down[column] / total) ** 2 / (across[row] * down[column] / total)
        for row in range(rows)
        for column in range(columns)
    )


def test_an_hours_bodies_headers_and_addresses_tell_nothing_of_the_model() -> None:
    batch = open_batch(tasks=TASKS, candidates=CANDIDATES, checkpoints=CANDIDATES)
    with_media(batch)
    actor = Actor(person("anna"))
    tape = Tape(actor)
    tasks = work_for_an_hour(actor, batch)
    assert len(tasks) == TASKS
    assert len(tape.answers) > 8 * TASKS, "media and all"

    tells = [
        value
        for checkpoint in Checkpoint.objects.all()
        for value in (checkpoint.name, checkpoint.sha256, checkpoint.uri, checkpoint.engine)
    ]
    tells += Clip.objects.values_list("key", flat=True)
    tells += [address.split(".")[0] for address in Clip.objects.values_list("master", flat=True)]
    body = b"\n".join(tape.bodies())
    heads = "\n".join(tape.heads())
    for tell in {*tells, "worker-of"}:
        assert tell.encode() not in body, tell
        assert tell not in heads, tell
    for response in tape.answers:
        assert set(response.headers) <= ALLOWED_HEADERS, response.headers
        if response.headers["Content-Type"] == "image/webp":
            assert chunks(response.content) <= PICTURE_CHUNKS, "no EXIF, no XMP, no colour profile"

    assert_order_tells_nothing(tasks)


def chunks(webp: bytes) -> set[bytes]:
    found, at = set(), 12
    while at < len(webp):
        found.add(webp[at : at + 4])
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return found


def assert_order_tells_nothing(tasks: list[Json]) -> None:
    """Neither the slots nor any order that a browser could sort by goes along with the models."""
    models = {pk: place for place, pk in enumerate(Checkpoint.objects.order_by("pk").values_list("pk", flat=True))}
    made_by = dict(Candidate.objects.values_list("pk", "clip__checkpoint"))
    by_slot, by_sheet, by_animation, by_task = [], [], [], []
    assignments = Assignment.objects.in_bulk([UUID(task["id"]) for task in tasks])
    ordered = sorted(task["id"] for task in tasks)
    for task in tasks:
        sources = [models[made_by[candidate]] for candidate in assignments[UUID(task["id"])].slots]
        by_slot += list(enumerate(sources))
        for field, found in (("sheet", by_sheet), ("animation", by_animation)):
            addresses = [slot[field] for slot in task["slots"]]
            found += [
                (sorted(addresses).index(address), source) for address, source in zip(addresses, sources, strict=True)
            ]
        by_task.append((ordered.index(task["id"]) * 4 // len(ordered), sources[0]))
    for pairs in (by_slot, by_sheet, by_animation, by_task):
        assert chi_square(pairs, 4, 4) < UNLIKELY


def test_the_statistics_would_notice_an_order_that_tells() -> None:
    told = [(slot, slot) for _ in range(TASKS) for slot in range(4)]
    assert chi_square(told, 4, 4) > 10 * UNLIKELY
    half = [(slot, slot if task % 2 else (slot + task) % 4) for task in range(TASKS) for slot in range(4)]
    assert chi_square(half, 4, 4) > UNLIKELY
