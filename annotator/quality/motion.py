"""Whether clips that move more are shared more."""

from dataclasses import dataclass

from django.db.models import Avg, Count, IntegerField, Q
from django.db.models.functions import Cast

from annotator.generation.models import Batch
from annotator.quality.intervals import student_t, wilson
from annotator.quality.measured import figure
from annotator.quality.queries import counted_verdicts

METRICS = "candidate__clip__metrics"
# With fewer, one prompt that everybody likes moves the rate by a fifth.
FEWEST_PROMPTS = 5
METHOD = "95 %: Wilson, with one voice a prompt, for verdicts on one prompt are alike: rather too wide than too narrow"


@dataclass(frozen=True, kw_only=True)
class Motion:
    """The judged clips of one bucket of motion size, which is their mean, weighted by verdicts.

    `enough`: judged in at least FEWEST_PROMPTS prompts.
    """

    bucket: int
    motion_size: float
    prompts: int
    shown: int
    shareable: int
    rate: float
    low: float
    high: float
    enough: bool


def motion_and_share(batch: Batch) -> list[Motion]:
    """The calmest first; clips without a measured motion are in none. One query, at most 16 rows."""
    buckets = (
        counted_verdicts(batch=batch.pk)
        .annotate(
            size=figure(METRICS, "motion_size"),
            bucket=Cast(figure(METRICS, "bucket"), IntegerField()),
        )
        .filter(size__isnull=False, bucket__isnull=False)
        .order_by("bucket")
        .values_list("bucket")
        .annotate(
            mean=Avg("size"),
            prompts=Count("candidate__task__prompt", distinct=True),
            shown=Count("id"),
            shares=Count("id", filter=Q(shareable=True)),
        )
    )
    return [of_bucket(*row) for row in buckets]


def of_bucket(bucket: int, size: float, prompts: int, shown: int, shareable: int) -> Motion:
    rate, low, high = shareable / shown, 0.0, 1.0
    if prompts > 1:
        interval = wilson(rate=rate, size=prompts, quantile=student_t(prompts - 1))
        low, high = interval.low, interval.high
    return Motion(
        bucket=bucket,
        motion_size=round(size, 3),
        prompts=prompts,
        shown=shown,
        shareable=shareable,
        rate=rate,
        low=low,
        high=high,
        enough=prompts >= FEWEST_PROMPTS,
    )
