"""What the benchmarks of generation do in the database: making batches, picking from a long queue, counting.

A process of its own, for the database that DATABASE_URL names: what to do as JSON on standard input, figures as JSON on
standard output.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.db.models import Count

from annotator.accounts.models import Role, User
from annotator.checkpoints.models import Checkpoint
from annotator.checkpoints.registration import register_checkpoint
from annotator.generation.batches import create_batch
from annotator.generation.dispatch import choose, claim, next_turn
from annotator.generation.filling import fill_batch
from annotator.generation.models import Batch, Clip, ClipState, Task, TaskState
from annotator.generation.planning import SourceRequest
from annotator.media import store
from annotator.prompts.models import Prompt, PromptSet
from annotator.prompts.prompts import store_sticker
from annotator.sweeping import sweep
from benchmarks.annotation_rows import multiply
from demo.machine import ROOT

CLIPS_PER_PROMPT = 4
BATCHES = 4
MICRO_BATCH = 16
PICKS = 200


def owner() -> User:
    return User.objects.filter(role=Role.RESEARCHER).first() or User.objects.create_user("rosa", role=Role.RESEARCHER)


def prompts(count: int, *, name: str, stickers: list[str]) -> PromptSet:
    made = PromptSet.objects.create(name=name, created_by=owner())
    Prompt.objects.bulk_create(
        (
            Prompt(
                prompt_set=made,
                external_id=f"p{number}",
                caption=f"a happy dog jumping, number {number}",
                sticker=stickers[number % len(stickers)],
            )
            for number in range(count)
        ),
        batch_size=1000,
    )
    return made


def batch_of(prompt_set: PromptSet, checkpoint: Checkpoint, *, clips: int, **settings: int) -> Batch:
    batch = create_batch(
        name=prompt_set.name,
        prompt_set_id=prompt_set.pk,
        sources=[SourceRequest(checkpoint_id=checkpoint.pk, settings=settings, clips_per_prompt=clips)],
        created_by=owner(),
    )
    while fill_batch(batch.pk):
        pass
    return batch


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def create(clips: int) -> dict[str, float]:
    """Seconds until all tasks and clips of a batch stand, and the memory that it took, for a tenth and for all."""
    checkpoint, _ = register_checkpoint(place=str(ROOT / "checkpoints" / "general-small"))
    peaks = {}
    for name, count in (("tenth", clips // 10), ("whole", clips)):
        made = prompts(count // CLIPS_PER_PROMPT, name=f"create {name}", stickers=["0" * 64 + ".png"])
        began = time.perf_counter()
        batch_of(made, checkpoint, clips=CLIPS_PER_PROMPT)
        peaks[name] = (time.perf_counter() - began, megabytes())
    assert Clip.objects.count() == clips // 10 + clips
    return {"seconds": peaks["whole"][0], "more_mb_for_ten_times": peaks["whole"][1] - peaks["tenth"][1]}


def pick(clips: int) -> dict[str, float]:
    """Milliseconds of a pick: whose turn it is and which clips go together; and of taking them."""
    checkpoint, _ = register_checkpoint(place=str(ROOT / "checkpoints" / "general-small"))
    for number in range(BATCHES):
        made = batch_of(prompts(1, name=f"pick {number}", stickers=["0" * 64 + ".png"]), checkpoint, clips=2)
        first = Clip.objects.filter(wanted_by=made).order_by("-id")[0]
        multiply(first, clips // BATCHES - 2, key=f"'{first.key[:40]}' || (1000000000 + i)")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")
    assert Clip.objects.filter(state=ClipState.QUEUED).count() == clips
    picks, takes = [], []
    for _ in range(PICKS):
        began = time.perf_counter()
        turn = next_turn()
        assert turn is not None
        chosen = choose(turn.queue, at_most=MICRO_BATCH)
        picks.append((time.perf_counter() - began) * 1000)
        assert len(claim(chosen, turn=turn, worker="bench")) == MICRO_BATCH
        takes.append((time.perf_counter() - began) * 1000 - picks[-1])
    p95 = quantiles(picks, n=20)[18]
    return {"median_ms": median(picks), "p95_ms": p95, "take_median_ms": median(takes)}


def queue(clips: int, checkpoint: str) -> dict[str, int]:
    """A batch of the demo's stickers, to be generated."""
    known, _ = register_checkpoint(place=str(ROOT / "checkpoints" / checkpoint))
    stickers = [store_sticker(file.read_bytes()) for file in sorted((ROOT / "demo" / "stickers").glob("*.png"))[:8]]
    made = prompts(clips // 2, name="queue", stickers=stickers)
    return {"batch": batch_of(made, known, clips=2).pk}


def progress() -> dict[str, Any]:
    """Of the queued batch: when each clip was ready, in seconds since 1970, and the seconds of each of its stages."""
    ready = Clip.objects.filter(state=ClipState.READY).order_by("ready_at").values_list("ready_at", "timings")
    return {
        "ready_at": [moment.timestamp() for moment, _ in ready if moment],
        "timings": [timings for _, timings in ready],
        "failed": Clip.objects.filter(state=ClipState.FAILED).count(),
    }


WATCH = """
CREATE TABLE happened (what text, row_id bigint);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO happened VALUES (TG_ARGV[0], NEW.id); RETURN NULL; END $$;
CREATE TRIGGER ready AFTER UPDATE OF state ON generation_clip FOR EACH ROW
    WHEN (NEW.state = 'ready' AND OLD.state <> 'ready') EXECUTE FUNCTION note('ready');
CREATE TRIGGER opened AFTER UPDATE OF state ON generation_task FOR EACH ROW
    WHEN (NEW.state = 'open' AND OLD.state <> 'open') EXECUTE FUNCTION note('opened');
"""


def watched(clips: int, checkpoint: str) -> dict[str, int]:
    """A batch of quick clips; triggers write down whenever one becomes ready and a task opens."""
    with connection.cursor() as cursor:
        cursor.execute(WATCH)
    known, _ = register_checkpoint(place=str(ROOT / "checkpoints" / checkpoint))
    stickers = [store_sticker(file.read_bytes()) for file in sorted((ROOT / "demo" / "stickers").glob("*.png"))[:8]]
    made = prompts(clips // CLIPS_PER_PROMPT, name="chaos", stickers=stickers)
    return {"batch": batch_of(made, known, clips=CLIPS_PER_PROMPT, steps=2, size=64).pk}


def states() -> dict[str, int]:
    """How many clips are in each state, and `unopened` tasks."""
    counts = dict(Clip.objects.order_by().values_list("state").annotate(Count("id")))
    return {**counts, "unopened": Task.objects.exclude(state=TaskState.OPEN).count()}


def outcome() -> dict[str, int]:
    """What chaos left, counted in the database and, after a sweep that spares nothing for its age, in the blobs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT what, row_id, count(*) FROM happened GROUP BY what, row_id")
        happened = {(what, row_id): count for what, row_id, count in cursor.fetchall()}
    clips = list(Clip.objects.values_list("id", "state", "sheet", "animation", "master"))
    swept = sweep(older_than=timedelta(0))
    named = {name for _, _, *names in clips for name in names if name}
    return {
        "clips": len(clips),
        "ready_exactly_once": sum(
            state == ClipState.READY and happened.get(("ready", pk)) == 1 for pk, state, *_ in clips
        ),
        "duplicates": sum(count - 1 for (what, _), count in happened.items() if what == "ready"),
        "stuck": sum(state in {ClipState.QUEUED, ClipState.RUNNING} for _, state, *_ in clips),
        "failed": sum(state == ClipState.FAILED for _, state, *_ in clips),
        "tasks": Task.objects.count(),
        "tasks_opened_once": sum(count == 1 for (what, _), count in happened.items() if what == "opened"),
        "swept_blobs": swept.blobs,
        "orphan_blobs": sweep(older_than=timedelta(0), dry=True).blobs,
        "missing_blobs": sum(not store.exists(name) for name in named),
    }


DOES: dict[str, Callable[..., Any]] = {"create": create, "pick": pick, "queue": queue, "progress": progress,
    "watched": watched, "states": states, "outcome": outcome,
}  # fmt: skip


def main() -> None:
    wanted = json.load(sys.stdin)
    print(json.dumps(DOES[wanted.pop("do")](**wanted)))
