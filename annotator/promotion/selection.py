"""A batch's sources as candidates for promotion: quality against latency, and what the rule says of each student."""

from dataclasses import asdict
from typing import Any

from annotator.checkpoints.models import CheckpointRole
from annotator.generation.models import Batch
from annotator.generation.sampler_settings import changed
from annotator.promotion.rule import Condition, conditions, rule_of_the_house
from annotator.prompts.models import Split
from annotator.quality import latency
from annotator.quality.by_source import SideBySide, SourceFigures, side_by_side
from annotator.quality.frontier import SAME_SPEED, beaten_by
from annotator.quality.intervals import METHOD
from annotator.quality.tallying import due, tally_before_a_page


def selection(batch: Batch) -> dict[str, Any]:
    """Plain JSON, so that a promotion can keep it as it was."""
    tally_before_a_page()
    found = side_by_side(batch)
    best = best_teacher(found)
    frontier = frontier_of(found)
    rule = rule_of_the_house()
    rows = []
    for each in found.sources:
        difference = found.differences.get((each.source.pk, best.source.pk)) if best else None
        student = each.source.checkpoint.role == CheckpointRole.STUDENT
        held_out = found.split == Split.HELDOUT
        asked = (
            conditions(rule, student=each, teacher=best, difference=difference, held_out=held_out) if student else []
        )
        rows.append(row_of(each, beaten_by=frontier.get(each.source.pk), difference=difference, asked=asked))
    return {
        "batch": batch.pk,
        "name": batch.name,
        "prompts": found.prompts,
        "split": found.split,
        "machine": found.machine,
        "best_teacher": best.source.pk if best else None,
        "sources": sorted(rows, key=lambda row: -row["share"]["rate"] if row["share"] else 1.0),
        "rule": rule.stored(),
        "same_speed": SAME_SPEED,
        "interval": METHOD,
        "timed": latency.METHOD,
        "behind": due(),
    }


def best_teacher(found: SideBySide) -> SourceFigures | None:
    """The one that is shared most: to be measured against the best of several is rather too hard than too easy."""
    teachers = [each for each in found.sources if each.source.checkpoint.role == CheckpointRole.TEACHER and each.share]
    return max(teachers, key=lambda each: each.share["rate"] if each.share else 0.0, default=None)


def frontier_of(found: SideBySide) -> dict[int, list[int]]:
    """By source, who beats it; only of those that were judged, and timed on the machine that most share."""
    return beaten_by(
        seconds={
            each.source.pk: each.latency.median
            for each in found.sources
            if each.latency and each.comparable and each.share
        },
        low={pair: difference["low"] for pair, difference in found.differences.items()},
    )


def row_of(
    each: SourceFigures, *, beaten_by: list[int] | None, difference: dict[str, Any] | None, asked: list[Condition]
) -> dict[str, Any]:
    source, checkpoint = each.source, each.source.checkpoint
    return {
        "source": source.pk,
        "checkpoint": checkpoint.pk,
        "name": checkpoint.name,
        "role": checkpoint.role,
        "parameters": checkpoint.parameters,
        "settings": source.settings,
        "changed": changed(settings=source.settings, defaults=checkpoint.default_settings),
        "share": each.share,
        "latency": asdict(each.latency) if each.latency else None,
        "comparable": each.comparable,
        "beaten_by": beaten_by,
        "to_best_teacher": difference,
        "conditions": [asdict(condition) for condition in asked],
        "by_rule": all(condition.met for condition in asked) if asked else None,
    }
