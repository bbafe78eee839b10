"""Whether a clip is shared more for where it stands."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from annotator.quality.intervals import of_rate, of_statistic
from annotator.quality.resampling import resample


def slot_effects(shapes: Iterable[tuple[Any, int]]) -> list[dict[str, Any]]:
    """Of each slot, its share rate, and by how much that is beyond the other slots of the same tasks.

    `shapes`: PromptTally.slots, each with how many prompts have it. Orders are shuffled, so what is in a slot is no
    better than what is in another: a difference is the place's own.
    """
    resampled = resample((sums_by_slot(slots), prompts) for slots, prompts in shapes)
    rows = []
    for slot in sorted(slot for name, slot in resampled.places if name == "n"):
        shown, prompts = resampled.sum(("n", slot)), resampled.prompts(("n", slot))
        rate = of_rate(
            shareable=resampled.sum(("y", slot)),
            shown=shown,
            prompts=prompts,
            drawn=resampled.ratios(("y", slot), ("n", slot)),
        )
        beyond = of_statistic(
            resampled.sum(("beyond", slot)) / shown,
            prompts=prompts,
            drawn=resampled.ratios(("beyond", slot), ("n", slot)),
            least=-1.0,
            most=1.0,
        )
        rows.append(
            {
                "slot": slot,
                "shown": int(shown),
                "rate": rate.value,
                "low": rate.low,
                "high": rate.high,
                "beyond_others": beyond.value,
                "beyond_low": beyond.low,
                "beyond_high": beyond.high,
            }
        )
    return rows


def sums_by_slot(slots: list[tuple[int, int, list[int]]]) -> dict[tuple[str, int], float]:
    sums: dict[tuple[str, int], float] = defaultdict(float)
    for shown, annotations, shareable in slots:
        for slot, chosen in enumerate(shareable, start=1):
            sums["n", slot] += annotations
            sums["y", slot] += chosen
            sums["beyond", slot] += chosen - (sum(shareable) - chosen) / max(shown - 1, 1)
    return sums
