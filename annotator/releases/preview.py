"""What a rule would select, counted before anything is frozen, and what it leaves out."""

from itertools import groupby
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from annotator.annotation.models import Verdict
from annotator.quality.queries import set_aside_now
from annotator.releases.rule import ASSIGNMENT, Rule, probabilities, revisions, speaking_revisions
from annotator.releases.totals import Totals


def preview(rule: Rule) -> dict[str, Any]:
    """Of `rule`, without its surplus. Five queries."""
    totals, too_few, for_reasons = Totals(), 0, 0
    excluded, weighed = candidates_excluded(rule), probabilities(rule)
    speaking = revisions(rule).filter(annotation__counted=True)
    rows = (
        Verdict.objects.filter(revision__in=speaking.values("pk"))
        .order_by("candidate__task", "candidate")
        .values_list("candidate__task", "candidate__task__prompt", "candidate", "candidate__clip__checkpoint__name")
        .annotate(annotations=Count("id"), shares=Count("id", filter=Q(shareable=True)))
    )
    for (_, prompt), clips in groupby(rows.iterator(chunk_size=10_000), key=lambda row: row[:2]):
        judged = list(clips)
        annotations = max(row[-2] for row in judged)
        if annotations < rule.least_annotations:
            too_few += 1
            continue
        kept = [row for row in judged if row[2] not in excluded]
        for_reasons += len(judged) - len(kept)
        if kept:
            shareable = ((row[3], rule.labels(shares=row[-1], probability=weighed.get(row[2]))) for row in kept)
            totals.add(prompt=prompt, annotations=annotations, clips=shareable)
    totals.people = set(speaking.values_list(f"{ASSIGNMENT}__user", flat=True).distinct())
    return {
        **totals.stored(),
        "left_out": {
            "tasks_with_too_few": too_few,
            "clips_for_reasons": for_reasons,
            "annotations_set_aside": annotations_set_aside(rule),
        },
    }


def candidates_excluded(rule: Rule) -> set[int]:
    if not rule.reasons_excluded:
        return set()
    given = Verdict.objects.filter(revision__in=revisions(rule).values("pk")).exclude(reasons=[])
    unwanted = set(rule.reasons_excluded)
    return {candidate for candidate, reasons in given.values_list("candidate", "reasons") if unwanted & set(reasons)}


def annotations_set_aside(rule: Rule) -> int:
    aside = Exists(set_aside_now().filter(person=OuterRef(f"{ASSIGNMENT}__user")))
    return speaking_revisions(rule).filter(aside, annotation__counted=True).count()
