"""Share rates, their differences, and what each teacher alone contributes."""

from collections import Counter
from itertools import combinations
from typing import Any

from annotator.checkpoints.models import Checkpoint
from annotator.quality.intervals import of_rate, of_statistic
from annotator.quality.resampling import Resampled, resample

# [checkpoint, shown, shareable, shareable clips] of each checkpoint that a prompt was judged with.
Rates = tuple[tuple[int, int, int, int], ...]
Named = dict[int, Checkpoint]


def rates_sums(rates: Rates) -> dict[tuple[Any, ...], float]:
    """A prompt's sums by checkpoint, and, paired, by two checkpoints where both were shown."""
    sums: dict[tuple[Any, ...], float] = {}
    for checkpoint, shown, shareable, _ in rates:
        sums["n", checkpoint], sums["y", checkpoint] = shown, shareable
    for (a, n_a, y_a, _), (b, n_b, y_b, _) in combinations(rates, 2):
        sums["n", a, b], sums["y", a, b] = n_a, y_a
        sums["n", b, a], sums["y", b, a] = n_b, y_b
    return sums


def rate_of(resampled: Resampled[Any], *of: int) -> dict[str, Any]:
    shown, shareable = resampled.sum(("n", *of)), resampled.sum(("y", *of))
    prompts = resampled.prompts(("n", *of))
    interval = of_rate(
        shareable=shareable, shown=shown, prompts=prompts, drawn=resampled.ratios(("y", *of), ("n", *of))
    )
    return {
        "prompts": prompts,
        "shown": int(shown),
        "shareable": int(shareable),
        "rate": interval.value,
        "low": interval.low,
        "high": interval.high,
    }


def rates_by_checkpoint(shapes: Counter[Rates]) -> list[tuple[int, dict[str, Any]]]:
    """Without the pairs, which cost more than the rates."""
    resampled = resample(
        ({(name, each[0]): each[place] for each in rates for place, name in ((1, "n"), (2, "y"))}, count)
        for rates, count in shapes.items()
    )
    checkpoints = sorted({each[0] for rates in shapes for each in rates})
    return [(checkpoint, rate_of(resampled, checkpoint)) for checkpoint in checkpoints]


def share_rates(shapes: Counter[Rates], named: Named) -> list[dict[str, Any]]:
    """One row a checkpoint with a counted verdict, highest rate first."""
    rows = [
        {"checkpoint": key, "name": named[key].name, "role": named[key].role, **rate}
        for key, rate in rates_by_checkpoint(shapes)
    ]
    return sorted(rows, key=lambda row: (-row["rate"], row["name"]))


def difference_of(resampled: Resampled[Any], a: int, b: int) -> dict[str, Any] | None:
    """The share rate of a minus that of b, over the prompts that both were shown on; None where there is none.
    `resampled` is of `rates_sums`."""
    prompts = resampled.prompts(("n", a, b))
    if not prompts:
        return None
    rate_a = resampled.sum(("y", a, b)) / resampled.sum(("n", a, b))
    rate_b = resampled.sum(("y", b, a)) / resampled.sum(("n", b, a))
    interval = of_statistic(
        rate_a - rate_b,
        prompts=prompts,
        drawn=resampled.ratios(("y", a, b), ("n", a, b)) - resampled.ratios(("y", b, a), ("n", b, a)),
        least=-1.0,
        most=1.0,
    )
    return {"prompts": prompts, "difference": interval.value, "low": interval.low, "high": interval.high}


def differences(shapes: Counter[Rates], order: list[int], named: Named) -> list[dict[str, Any]]:
    """Every two checkpoints that were shown on the same prompts, over those prompts; `order` says which comes first."""
    resampled = resample((rates_sums(rates), count) for rates, count in shapes.items())
    rows = []
    for a, b in combinations(order, 2):
        found = difference_of(resampled, a, b)
        if found is not None:
            rows.append({"checkpoint": a, "name": named[a].name, "other": b, "other_name": named[b].name, **found})
    return rows


def teachers(shapes: Counter[Rates], keys: list[int], named: Named) -> list[dict[str, Any]]:
    """For each teacher of `keys`: where it made something shareable, where only it did, and what dropping it loses."""

    def sums(rates: Rates) -> dict[tuple[Any, ...], float]:
        shown = [each for each in rates if each[0] in keys]
        made = [each[0] for each in shown if each[3]]
        found: dict[tuple[Any, ...], float] = {("shown", each[0]): 1 for each in shown}
        found |= {("clips", each[0]): each[3] for each in shown if each[3]}
        found |= {("made", key): 1 for key in made}
        if made:
            found["n",] = 1
            found["clips",] = sum(each[3] for each in shown)
        if len(made) == 1:
            found["y", made[0]] = 1
        return found

    resampled = resample((sums(rates), count) for rates, count in shapes.items())

    def total(*column: Any) -> int:
        return int(resampled.sum(column))

    rows = []
    for key in keys:
        only, of = total("y", key), total("n")
        row = {
            "checkpoint": key,
            "name": named[key].name,
            "prompts": total("shown", key),
            "made_shareable": total("made", key),
            "only_it": only,
            "of_prompts": of,
            "clips": total("clips", key),
            "of_clips": total("clips"),
            "loss": None,
            "low": None,
            "high": None,
        }
        if of:
            drawn = resampled.ratios(("y", key), ("n",))
            interval = of_rate(shareable=only, shown=of, prompts=of, drawn=drawn)
            row |= {"loss": interval.value, "low": interval.low, "high": interval.high}
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["only_it"], row["name"]))
