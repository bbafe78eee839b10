"""From verdicts to figures: share rates and paired differences, with intervals from resamples of the prompts.

A resample draws as many prompts as there are, with replacement, and all models keep their verdicts on each: differences
are paired. The best teacher is chosen anew in every resample, as it was chosen by the same verdicts: an interval that
held on to the winner would forget that another might have won (Efron and Tibshirani, An Introduction to the Bootstrap,
1993, chapter 8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Shares = dict[str, Floats]
"""Model → (prompts,): the share of the people who judged the prompt's clip that would share it; nan where none did."""
Interval = list[float]
"""Value, low end, high end of the 95 % interval."""


def shares_by_prompt(verdicts: Iterable[Mapping[str, Any]], models: Sequence[str]) -> tuple[list[str], Shares]:
    """Verdicts as `export_labels --layout verdicts-jsonl` writes them; prompts by external id, in order."""
    said: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for verdict in verdicts:
        said[verdict["prompt_external_id"], verdict["checkpoint"]].append(verdict["shareable"])
    prompts = sorted({prompt for prompt, _ in said})
    shares = {
        model: np.array([np.mean(said[prompt, model]) if (prompt, model) in said else np.nan for prompt in prompts])
        for model in models
    }
    return prompts, shares


class Resamples:
    """`times` resamples of so many prompts; the same for the same seed."""

    def __init__(self, prompts: int, *, times: int, seed: int = 0) -> None:
        self.drawn = np.random.default_rng(seed).integers(prompts, size=(times, prompts))

    def means(self, shares: Floats) -> Floats:
        """(1 + times,): of all prompts, then of each resample."""
        return np.concatenate([[np.nanmean(shares)], np.nanmean(shares[self.drawn], axis=1)])

    def rate(self, shares: Floats) -> Interval:
        return interval(self.means(shares))

    def difference(self, one: Floats, other: Floats) -> Interval:
        return interval(self.means(one) - self.means(other))

    def over_best(self, one: Floats, others: Sequence[Floats]) -> Interval:
        """`one` less the best of the others, the best of each resample by itself."""
        return interval(self.means(one) - np.max([self.means(other) for other in others], axis=0))


def interval(values: Floats) -> Interval:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return [round(float(value), 4) for value in (values[0], low, high)]


def best_of(shares: Sequence[Floats]) -> Floats:
    """(prompts,): of the candidate whom most would share, chosen for each prompt by the very verdicts that rate it:
    a ceiling for any choice between them, and a little above it, as chance is chosen too."""
    best: Floats = np.nanmax(shares, axis=0)
    return best


def loop_figures(
    shares: Shares, *, parts: Mapping[str, str], teachers: Sequence[str], resamples: Resamples
) -> dict[str, Any]:
    """The figures of the report; `parts` names each model's part, of which those of the teachers are their own."""
    of = {part: shares[model] for part, model in parts.items()}
    of_teachers = [of[name] for name in teachers]
    rates: dict[str, Any] = {part: resamples.rate(of[part]) for part in parts if part not in teachers}
    rates["teachers"] = {name: resamples.rate(of[name]) for name in teachers}
    rates["best_of_teachers"] = resamples.rate(best_of(of_teachers))
    return {
        "share_rate": rates,
        "lift_over_best": resamples.over_best(of["student_after"], of_teachers),
        "lift_over_unfiltered": resamples.difference(of["student_after"], of["student_unfiltered"]),
        "distilled_minus_student": resamples.difference(of["student_distilled"], of["student_after"]),
        "distilled_over_best": resamples.over_best(of["student_distilled"], of_teachers),
        "lift_over_before": resamples.difference(of["student_after"], of["student_before"]),
        "oracle_minus_student": resamples.difference(of["oracle"], of["student_after"]),
    }
