"""Figures of each annotator, over the last tasks they judged. Patterns are raised for an admin, not judged."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Sum, TextChoices

from annotator.accounts.models import User
from annotator.annotation.models import Enrolment
from annotator.quality.gold_work import gold_work, repeated_work
from annotator.quality.intervals import Floats, of_rate, of_statistic
from annotator.quality.queries import set_aside_now
from annotator.quality.recent_work import Judgement, recent_work, usual_pace_ms
from annotator.quality.resampling import Resampled, resample
from annotator.quality.slots import slot_effects

# Fewer tasks than this raise nothing.
ENOUGH = 20
FAST = 0.5
SAME = 0.9
SLOT_BEYOND = 0.1
HARDLY_BEYOND_CHANCE = 0.2
# Fewer gold tasks than this say nothing.
ENOUGH_GOLD = 10
POOR_ON_GOLD = 0.7


class Pattern(TextChoices):
    """`fast`: the median task takes less than half of everybody's. `same_answer`: nine tasks in ten got the same slots.
    `slot`: one slot is surely chosen 10 points more often than the others. `by_chance`: surely agrees with the others
    less than a fifth of the way from chance to always. `gold`: surely right about less than seven in ten of the clips
    whose answer is known."""

    FAST = "fast"
    SAME_ANSWER = "same_answer"
    SLOT = "slot"
    BY_CHANCE = "by_chance"
    GOLD = "gold"


def annotators() -> QuerySet[User]:
    """Everybody who has judged something, with their total, and whether they are set aside."""
    theirs = Enrolment.objects.filter(user=OuterRef("pk"), judged__gt=0)
    people = User.objects.filter(Exists(theirs)).annotate(judged=Sum("enrolments__judged"))
    aside = set_aside_now().select_related("set_by")
    return people.prefetch_related(Prefetch("set_asides", queryset=aside, to_attr="aside"))


def figures(people: Sequence[User]) -> dict[int, dict[str, Any]]:
    """By person; nobody is left out. A fixed number of queries."""
    ids = [person.pk for person in people]
    work, gold, repeated = recent_work(ids), gold_work(ids), repeated_work(ids)
    usual = usual_pace_ms()
    found = {}
    for pk in ids:
        figure = figures_of(work.get(pk, []), usual_ms=usual)
        figure["gold"] = as_they_should_be(gold.get(pk, {}))
        figure["repeats"] = as_they_should_be(repeated.get(pk, {}))
        if is_poor_on_gold(figure["gold"]):
            figure["raised"].append(Pattern.GOLD)
        found[pk] = figure
    return found


def figures_of(work: list[Judgement], *, usual_ms: float | None) -> dict[str, Any]:
    sums = resample((dict(columns), 1) for columns in sums_by_prompt(work).values())
    found: dict[str, Any] = {
        "tasks": len(work),
        "pace_ms": median(each.elapsed_ms for each in work) if work else None,
        "usual_pace_ms": usual_ms,
        "share_rate": share_rate(sums),
        "agreement": agreement_with_others(sums),
        "slots": slot_effects((slots, 1) for slots in slots_by_prompt(work).values()),
    }
    return {**found, "raised": raised(work, found) if len(work) >= ENOUGH else []}


def sums_by_prompt(work: list[Judgement]) -> dict[int, Counter[str]]:
    """n verdicts, y of them shareable; of the m on clips that others judged: a agreement, p own, q others' share."""
    prompts: dict[int, Counter[str]] = defaultdict(Counter)
    for judgement in work:
        sums = prompts[judgement.prompt]
        for said in judgement.verdicts:
            sums["n"] += 1
            sums["y"] += said.shareable
            if said.others:
                theirs = said.others_shareable / said.others
                sums["m"] += 1
                sums["a"] += theirs if said.shareable else 1 - theirs  # type: ignore[assignment]
                sums["p"] += said.shareable
                sums["q"] += theirs  # type: ignore[assignment]
    return prompts


def slots_by_prompt(work: list[Judgement]) -> dict[int, list[tuple[int, int, list[int]]]]:
    """As PromptTally.slots has it: how many were shown, 1, and which of them were shareable."""
    prompts = defaultdict(list)
    for judgement in work:
        said = [int(verdict.shareable) for verdict in judgement.verdicts]
        prompts[judgement.prompt].append((len(said), 1, said))
    return prompts


def share_rate(sums: Resampled[str]) -> dict[str, Any] | None:
    shown = sums.sum("n")
    if not shown:
        return None
    rate = of_rate(shareable=sums.sum("y"), shown=shown, prompts=sums.prompts("n"), drawn=sums.ratios("y", "n"))
    return {
        "prompts": sums.prompts("n"),
        "shown": int(shown),
        "shareable": int(sums.sum("y")),
        "rate": rate.value,
        "low": rate.low,
        "high": rate.high,
    }


def as_they_should_be(tasks: dict[int, Counter[str]]) -> dict[str, Any] | None:
    """How many of the verdicts compared are, with the tasks as the units; null where there is none."""
    sums = resample((dict(columns), 1) for columns in tasks.values())
    verdicts = sums.sum("n")
    if not verdicts:
        return None
    rate = of_rate(shareable=sums.sum("y"), shown=verdicts, prompts=sums.prompts("n"), drawn=sums.ratios("y", "n"))
    return {
        "tasks": sums.prompts("n"),
        "verdicts": int(verdicts),
        "rate": rate.value,
        "low": rate.low,
        "high": rate.high,
    }


def is_poor_on_gold(gold: dict[str, Any] | None) -> bool:
    return gold is not None and gold["tasks"] >= ENOUGH_GOLD and gold["high"] < POOR_ON_GOLD


def agreement_with_others(sums: Resampled[str]) -> dict[str, Any] | None:
    """How far beyond chance, by Cohen's kappa (Educ. Psychol. Meas. 20, 1960) with all others as the second judge."""
    verdicts = sums.sum("m")
    if not verdicts:
        return None
    kappa = float(beyond_chance(*(np.array(sums.sum(name) / verdicts) for name in "apq")))
    drawn = beyond_chance(*(sums.ratios(name, "m") for name in "apq"))
    if np.isnan(kappa):
        return None
    interval = of_statistic(kappa, prompts=sums.prompts("m"), drawn=drawn, least=-1.0, most=1.0)
    return {
        "verdicts": int(verdicts),
        "same": sums.sum("a") / verdicts,
        "beyond_chance": interval.value,
        "low": interval.low,
        "high": interval.high,
    }


def beyond_chance(agreed: Floats, own: Floats, theirs: Floats) -> Floats:
    by_chance = own * theirs + (1 - own) * (1 - theirs)
    room = 1 - by_chance
    found: Floats = np.where(room > 1e-9, (agreed - by_chance) / np.where(room > 1e-9, room, 1), np.nan)
    return found


def raised(work: list[Judgement], found: dict[str, Any]) -> list[Pattern]:
    answers = Counter(tuple(said.slot for said in each.verdicts if said.shareable) for each in work)
    agreement = found["agreement"]
    usual = found["usual_pace_ms"]
    signs = {
        Pattern.FAST: usual is not None and found["pace_ms"] < FAST * usual,
        Pattern.SAME_ANSWER: answers.most_common(1)[0][1] >= SAME * len(work),
        Pattern.SLOT: any(slot["beyond_low"] > SLOT_BEYOND for slot in found["slots"]),
        Pattern.BY_CHANCE: agreement is not None and agreement["high"] < HARDLY_BEYOND_CHANCE,
    }
    return [pattern for pattern, sign in signs.items() if sign]
