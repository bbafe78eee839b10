"""What the labels say so far: counted verdicts of ordinary tasks, in each annotation's current revision."""

from typing import Any

from django.db.models import Count, Q, QuerySet

from annotator.annotation.models import Annotation, Verdict
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import TaskKind
from annotator.quality.intervals import METHOD, ClusteredRate


def counted_verdicts(*, batch: int | None = None) -> QuerySet[Verdict]:
    verdicts = Verdict.objects.filter(
        revision__current=True, revision__annotation__counted=True, candidate__task__kind=TaskKind.ORDINARY
    )
    return verdicts if batch is None else verdicts.filter(candidate__task__batch=batch)


def share_rates(*, batch: int | None = None) -> list[dict[str, Any]]:
    """One row a checkpoint with a counted verdict, highest rate first."""
    prompts = (
        counted_verdicts(batch=batch)
        .values_list("candidate__clip__checkpoint", "candidate__task__prompt")
        .annotate(shown=Count("id"), shareable=Count("id", filter=Q(shareable=True)))
    )
    rates: dict[int, ClusteredRate] = {}
    for checkpoint, _, shown, shareable in prompts.iterator():
        rates.setdefault(checkpoint, ClusteredRate()).add(shown=shown, shareable=shareable)
    checkpoints = Checkpoint.objects.in_bulk(list(rates)) if rates else {}
    rows = []
    for key, clustered in rates.items():
        interval = clustered.interval()
        if interval is not None:
            rows.append(
                {
                    "checkpoint": key,
                    "name": checkpoints[key].name,
                    "role": checkpoints[key].role,
                    "prompts": clustered.prompts,
                    "shown": clustered.shown,
                    "shareable": clustered.shareable,
                    "rate": interval.rate,
                    "low": interval.low,
                    "high": interval.high,
                }
            )
    return sorted(rows, key=lambda row: (-row["rate"], row["name"]))


def summary(*, batch: int | None = None) -> dict[str, Any]:
    """Counts, and the share rate of every checkpoint."""
    annotations = Annotation.objects.filter(counted=True, assignment__task__kind=TaskKind.ORDINARY)
    if batch is not None:
        annotations = annotations.filter(assignment__task__batch=batch)
    counts = annotations.aggregate(
        annotations=Count("id"),
        prompts=Count("assignment__task__prompt", distinct=True),
        annotators=Count("assignment__user", distinct=True),
    )
    rates = share_rates(batch=batch)
    return {
        **counts,
        "verdicts": sum(row["shown"] for row in rates),
        "shareable": sum(row["shareable"] for row in rates),
        "share_rates": rates,
        "interval": METHOD,
    }
