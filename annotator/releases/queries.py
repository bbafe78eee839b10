"""What is read of releases and exports."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from annotator.releases.models import Export, ExportState, Release, ReleaseCheck


def releases() -> QuerySet[Release]:
    """With their newest check first in `newest_checks`."""
    checks = ReleaseCheck.objects.select_related("asked_by").order_by("-id")
    people = Release.objects.select_related("created_by", "withdrawn_by")
    return people.prefetch_related(Prefetch("checks", checks, to_attr="newest_checks"))


def exports(*, release: UUID | None = None) -> QuerySet[Export]:
    """All of them, or those of a release."""
    found = Export.objects.select_related("release", "created_by")
    return found if release is None else found.filter(release__public_id=release)


def blobs() -> Iterator[str]:
    """Blob names that releases and exports refer to. The clips of a release are roots by its manifest's tasks: a
    released task is never deleted, nor are its clips."""
    yield from Release.objects.exclude(manifest="").values_list("manifest", flat=True).iterator()
    yield from Export.objects.exclude(file="").values_list("file", flat=True).iterator()


def seconds_left(export: Export) -> float | None:
    """At the pace so far; None where it is not being written, or too early to say."""
    if export.state != ExportState.WRITING or not export.tasks_done or not export.tasks_to_do or not export.started_at:
        return None
    spent: timedelta = timezone.now() - export.started_at
    return spent.total_seconds() / export.tasks_done * (export.tasks_to_do - export.tasks_done)
