"""When a student may take its teacher's place: surely not much worse, on enough held-out prompts, and faster.

A student is there to be cheaper, so the question is non-inferiority, as in trials of a cheaper treatment: the whole
interval of the difference has to lie above -margin (Piaggio et al., "Reporting of noninferiority and equivalence
randomized trials", JAMA 308, 2012). The rule is the server's and not the page's: it stands before the figures do.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from annotator.quality.by_source import SourceFigures
from annotator.quality.frontier import faster


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`margin`: of share rates, 0…1. `least_prompts`: held-out ones that had both the student and the teacher."""

    margin: float
    least_prompts: int

    def stored(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`says` is a sentence with the figures."""

    kind: str
    met: bool
    says: str


def rule_of_the_house() -> Rule:
    return Rule(margin=settings.PROMOTION_MARGIN, least_prompts=settings.PROMOTION_LEAST_PROMPTS)


def conditions(
    rule: Rule,
    *,
    student: SourceFigures,
    teacher: SourceFigures | None,
    difference: dict[str, Any] | None,
    held_out: bool,
) -> list[Condition]:
    """`teacher` is the best one of the batch, `difference` the student's share rate minus the teacher's."""
    if teacher is None:
        says = "The batch has no teacher with verdicts to compare it with."
        return [Condition(kind="teacher", met=False, says=says)]
    name = teacher.source.checkpoint.name
    prompts = difference["prompts"] if difference and held_out else 0
    enough = Condition(
        kind="prompts",
        met=prompts >= rule.least_prompts,
        says=f"At least {rule.least_prompts:,} held-out prompts judged with both: {prompts:,} so far.",
    )
    return [enough, no_worse(rule, name, difference), is_faster(student, teacher, name)]


def no_worse(rule: Rule, name: str, difference: dict[str, Any] | None) -> Condition:
    wanted = f"Surely less than {points(rule.margin)} points below {name}" if rule.margin else f"Surely above {name}"
    if difference is None:
        return Condition(kind="no_worse", met=False, says=f"{wanted}: no prompt was judged with both.")
    says = f"{wanted}: it stands at {points(difference['low'], '+')} to {points(difference['high'], '+')}."
    return Condition(kind="no_worse", met=difference["low"] > -rule.margin, says=says)


def is_faster(student: SourceFigures, teacher: SourceFigures, name: str) -> Condition:
    if not (student.latency and teacher.latency and student.comparable and teacher.comparable):
        says = f"Faster than {name}: the two were not timed on the same machine."
        return Condition(kind="faster", met=False, says=says)
    mine, its = student.latency.median, teacher.latency.median
    says = f"Faster than {name}: {mine:.3g} s a clip, {its:.3g} s there."
    return Condition(kind="faster", met=faster(mine, its), says=says)


def points(share: float, sign: str = "") -> str:
    return f"{round(100 * share, 1):{sign}g}".replace("-", "−")
