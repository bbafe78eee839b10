"""Freezes releases, one after the other, in the process of `manage.py work`."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from annotator.audit.recording import record
from annotator.jobs import MOST_ATTEMPTS, GivenUpError, Hold, claim, collecting_rarely
from annotator.media import store
from annotator.quality.weighted_votes import NotInstalledError
from annotator.releases.judged import JudgedTask
from annotator.releases.manifest import write_manifest
from annotator.releases.models import Release, ReleasedPerson, ReleasedTask, ReleaseState
from annotator.releases.rule import Rule, probabilities
from annotator.releases.selecting import Pins, judged_tasks, pin
from annotator.releases.totals import Totals

ROWS_AT_ONCE = 2000


class NothingToFreezeError(Exception):
    """The text says what would be something."""


def freeze_next_release(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Freezes the oldest release that waits, or whose freezer fell silent. False where there is none."""
    hold = claim_release(stopping)
    if hold is None:
        return False
    try:
        if hold.attempt > MOST_ATTEMPTS:
            raise NothingToFreezeError(f"Freezing it was begun {MOST_ATTEMPTS} times and never ended.")
        freeze(hold)
    except GivenUpError:
        hold.let_go()
    except (NothingToFreezeError, NotInstalledError) as error:
        hold.end(ReleaseState.FAILED, error=str(error))
    return True


def claim_release(stopping: Callable[[], bool] = lambda: False) -> Hold[Release] | None:
    return claim(Release, waiting=ReleaseState.QUEUED, working=ReleaseState.FREEZING, stopping=stopping, tasks_read=0)


@collecting_rarely()
def freeze(hold: Hold[Release]) -> None:
    release = hold.row
    rule = Rule.of(release.rule)
    pins = pin(rule)
    hold.tell(at_once=True, tasks_to_read=pins.tasks_in_all)
    weighed = probabilities(rule)
    totals, kept = Totals(), set[int]()

    def chosen() -> Iterator[JudgedTask]:
        for number, judged in enumerate(judged_tasks(pins, weighed), start=1):
            task = rule.select(judged)
            if task is not None:
                totals.add_task(task, rule)
                kept.add(task.task)
                yield task
            hold.tell(tasks_read=number)

    with tempfile.TemporaryDirectory(prefix="stickerloop-release-") as folder:
        file = Path(folder) / "manifest.jsonl"
        write_manifest(file, head={"purpose": release.purpose, "rule": release.rule}, tasks=chosen())
        if not kept:
            raise NothingToFreezeError("The rule selects no labels: ask for fewer annotations, or more batches.")
        hold.tell(at_once=True, tasks_read=pins.tasks_in_all)
        manifest = store.put_file(file, "jsonl")
    keep(hold, manifest=manifest, totals=totals, pins=pins, kept=kept)


def keep(hold: Hold[Release], *, manifest: str, totals: Totals, pins: Pins, kept: set[int]) -> None:
    """Writes down that it is frozen, and what of whom is in it, all at once."""
    release = hold.row
    with transaction.atomic():
        if not hold.end(ReleaseState.FROZEN, manifest=manifest, counts=totals.stored(), frozen_at=timezone.now()):
            return
        record(verb="release.frozen", by=None, subject=release, after={"sha256": manifest[:64]})
        ReleasedTask.objects.bulk_create(
            (ReleasedTask(release=release, task_id=task) for task in sorted(kept)), batch_size=ROWS_AT_ONCE
        )
        people = Counter(
            person for task, person in zip(pins.tasks, pins.people, strict=True) if task in kept
        )  # fmt: skip
        ReleasedPerson.objects.bulk_create(
            ReleasedPerson(release=release, person_id=person, annotations=count)
            for person, count in sorted(people.items())
        )
