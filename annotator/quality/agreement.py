"""How far people agree beyond chance: Krippendorff's alpha."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.db.models import Count, F, TextChoices
from django.db.models.functions import TruncDay, TruncWeek

from annotator.generation.models import Batch, TaskKind
from annotator.quality.intervals import Floats, of_statistic
from annotator.quality.models import PromptTally
from annotator.quality.resampling import resample
from annotator.quality.tallying import tally_before_a_page


class Stretch(TextChoices):
    """Weeks begin on Monday, days at midnight, in UTC."""

    DAY = "day"
    WEEK = "week"


MOST_STRETCHES = 60
CUTS = {Stretch.DAY: TruncDay, Stretch.WEEK: TruncWeek}


def alpha(verdicts: Floats, shareable: Floats, disagreement: Floats) -> Floats:
    """1 - D_o/D_e for nominal data, nan where everything or nothing is shareable and chance cannot be told.

    Over clips with n ≥ 2 verdicts, y of them shareable: D_o = Σ 2y(n-y)/(n-1) / N and D_e = 2Y(N-Y)/(N(N-1)).
    Krippendorff, Content Analysis, 4th ed. 2018, chapter 12; Hayes and Krippendorff, Commun. Methods Meas. 1, 2007.
    """
    by_chance = 2 * shareable * (verdicts - shareable) / np.maximum(verdicts - 1, 1)
    found: Floats = np.where(by_chance > 0, 1 - disagreement / np.where(by_chance > 0, by_chance, 1), np.nan)
    return found


def agreement(shapes: Iterable[tuple[Any, int]]) -> dict[str, Any] | None:
    """Null where no clip has two verdicts, or all of them are the same.

    `shapes`: PromptTally.agreement, each with how many prompts have it.
    """
    judged = [(sums, prompts) for sums, prompts in shapes if sums[0]]
    resampled = resample((dict(enumerate(sums)), prompts) for sums, prompts in judged)
    prompts = resampled.prompts_in_all
    if not prompts:
        return None
    value = float(alpha(*resampled.total))
    if np.isnan(value):
        return None
    drawn = alpha(*resampled.drawn.T)
    interval = of_statistic(value, prompts=prompts, drawn=drawn, least=-1.0, most=1.0)
    return {
        "alpha": interval.value,
        "low": interval.low,
        "high": interval.high,
        "prompts": prompts,
        "verdicts": int(resampled.total[0]),
    }


def agreement_by_batch() -> list[dict[str, Any]]:
    """One row a batch that more than one person judged, oldest first."""
    tally_before_a_page()
    found: dict[int, list[Any]] = {}
    rows = PromptTally.objects.exclude(batch=None).values_list("batch", "agreement")
    for batch, text, prompts in rows.annotate(prompts=Count("id")).order_by("batch", "agreement").iterator():
        found.setdefault(batch, []).append((json.loads(text), prompts))
    batches = Batch.objects.in_bulk(list(found))
    alphas = ((batches[key], agreement(shapes)) for key, shapes in sorted(found.items()))
    return [
        {"batch": batch.pk, "name": batch.name, "created_at": batch.created_at, **each}
        for batch, each in alphas
        if each is not None
    ]


def agreement_over_time(*, every: Stretch, batch: int | None = None) -> list[dict[str, Any]]:
    """The last MOST_STRETCHES in which tasks were done that more than one person judged, oldest first. A task is of the
    stretch in which the last of its people judged it; one that waits for more people is in none yet."""
    tally_before_a_page()
    tallies = PromptTally.objects.exclude(batch=None) if batch is None else PromptTally.objects.filter(batch=batch)
    done = tallies.filter(
        prompt__tasks__batch=F("batch"), prompt__tasks__kind=TaskKind.ORDINARY, prompt__tasks__done_at__isnull=False
    )
    rows = done.annotate(starts_at=CUTS[every]("prompt__tasks__done_at")).values_list("starts_at", "agreement")
    found: dict[Any, list[Any]] = {}
    for starts_at, text, prompts in rows.annotate(prompts=Count("id")).order_by("starts_at", "agreement").iterator():
        sums = json.loads(text)
        if sums[0]:
            found.setdefault(starts_at, []).append((sums, prompts))
    latest = sorted(found)[-MOST_STRETCHES:]
    alphas = ((starts_at, agreement(found[starts_at])) for starts_at in latest)
    return [{"starts_at": starts_at, **each} for starts_at, each in alphas if each is not None]
