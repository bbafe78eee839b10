"""Checks a release: its manifest against its sha256, its clips against theirs, its labels against the database."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from annotator.annotation.models import Revision
from annotator.media import store
from annotator.releases.judged import JudgedAnnotation, JudgedClip, JudgedTask
from annotator.releases.manifest import ManifestError, opened, sha256_of_manifest
from annotator.releases.models import Release
from annotator.releases.rule import Rule
from annotator.releases.selecting import checkpoints_by_id, judged_on
from annotator.releases.totals import Totals
from inference_worker.blobs import BlobError

TASKS_AT_ONCE = 200
MOST_PROBLEMS = 100


def check_release(release: Release, *, progress: Callable[[int], None] = lambda tasks: None) -> list[str]:
    """What is not as it was frozen, a sentence each, MOST_PROBLEMS at most; empty where all is. `progress` is told how
    many tasks are checked. Every blob is read, so a large release takes minutes."""
    try:
        if (found := sha256_of_manifest(release)) != release.sha256:
            return [f"The manifest is not what was frozen: its sha256 is {found} and not {release.sha256}."]
        return list(islice(problems(release, progress), MOST_PROBLEMS))
    except (ManifestError, BlobError) as error:
        return [f"{str(error).rstrip('.')}."]


def problems(release: Release, progress: Callable[[int], None]) -> Iterator[str]:
    rule, totals, seen = Rule.of(release.rule), Totals(), set[str]()
    with opened(release) as tasks:
        while page := list(islice(tasks, TASKS_AT_ONCE)):
            for task in page:
                totals.add_task(task, rule)
            yield from lost_labels(page)
            yield from lost_clips(page, seen)
            progress(totals.tasks)
    if totals.stored() != release.counts:
        yield "The manifest adds up to other counts than those on record."
    if release.tasks.count() != totals.tasks:
        yield f"The manifest has {totals.tasks} tasks, and {release.tasks.count()} are on record."


def lost_labels(page: list[JudgedTask]) -> Iterator[str]:
    """The database's own word on the pinned revisions, beside the manifest's."""
    submissions = [annotation.submission for task in page for annotation in task.annotations]
    revisions = list(Revision.objects.filter(submission__in=submissions).order_by("id").values_list("id", flat=True))
    now = {task.task: task for task in judged_on(revisions, checkpoints_by_id(), {})}
    for task in page:
        there = now.get(task.task)
        if there is None:
            yield f"{place(task)}: none of its annotations is in the database any more."
            continue
        kept = {clip.key for clip in task.clips}
        said = {annotation.submission: content(there, annotation, kept) for annotation in there.annotations}
        for annotation in task.annotations:
            if annotation.submission not in said:
                yield f"{place(task)}: the annotation {annotation.submission} is not in the database any more."
            elif said[annotation.submission] != content(task, annotation, kept):
                yield f"{place(task)}: the annotation {annotation.submission} says otherwise in the database."
        media = {clip.key: files_of(clip) for clip in there.clips}
        for clip in task.clips:
            if clip.key in media and media[clip.key] != files_of(clip):
                yield f"{place(task)}: the clip {clip.key} has other files in the database."


def content(task: JudgedTask, annotation: JudgedAnnotation, kept: set[str]) -> Any:
    """What an annotation says of these clips, which are named by their key."""
    votes = {task.clips[vote.clip].key: vote[1:] for vote in annotation.votes}
    return annotation.revision, {key: vote for key, vote in votes.items() if key in kept}


def lost_clips(page: Iterable[JudgedTask], seen: set[str]) -> Iterator[str]:
    for task in page:
        for clip in task.clips:
            for name in files_of(clip):
                if name[:16] in seen:
                    continue
                seen.add(name[:16])
                try:
                    store.get(name)
                except BlobError as error:
                    yield f"{place(task)}, {clip.checkpoint}: {error}."


def files_of(clip: JudgedClip) -> tuple[str, str, str]:
    return clip.sheet, clip.animation, clip.master


def place(task: JudgedTask) -> str:
    return f"Task {task.task}, prompt {task.prompt} of {task.prompt_set}"
