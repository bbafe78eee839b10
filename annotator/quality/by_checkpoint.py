"""The checkpoints of a batch side by side: what was measured of their clips, and how many were shared."""

from typing import Any

from django.db.models import Avg, Count, F, Q

from annotator.generation.models import Batch, Candidate, ClipState, TaskKind
from annotator.quality.measured import figure
from annotator.quality.queries import counted_verdicts

METRICS = "clip__metrics"


def checkpoints_of(batch: Batch) -> list[dict[str, Any]]:
    """By name. Two queries."""
    verdicts = (
        counted_verdicts(batch=batch.pk)
        .order_by()
        .values_list("candidate__clip__checkpoint")
        .annotate(shown=Count("id"), shares=Count("id", filter=Q(shareable=True)))
    )
    counts = {checkpoint: (shown, shareable) for checkpoint, shown, shareable in verdicts}
    rows = (
        Candidate.objects.filter(task__batch=batch, task__kind=TaskKind.ORDINARY)
        .order_by("clip__checkpoint__name")
        .values(checkpoint=F("clip__checkpoint"), name=F("clip__checkpoint__name"), role=F("clip__checkpoint__role"))
        .annotate(
            clips=Count("id"),
            ready=Count("id", filter=Q(clip__state=ClipState.READY)),
            failed=Count("id", filter=Q(clip__state=ClipState.FAILED)),
            asked=Count("id", filter=Q(clip__metrics__recognised=True) | Q(clip__metrics__recognised=False)),
            recognised=Count("id", filter=Q(clip__metrics__recognised=True)),
            frozen=Count("id", filter=Q(clip__metrics__frozen=True)),
            motion_size=Avg(figure(METRICS, "motion_size")),
            identity_db=Avg(figure(METRICS, "identity_db")),
            seam_ratio=Avg(figure(METRICS, "seam_ratio")),
        )
    )
    found = []
    for row in rows:
        shown, shareable = counts.get(row["checkpoint"], (0, 0))
        found.append({**row, "shown": shown, "shareable": shareable})
    return found
