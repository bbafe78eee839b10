"""Which sources of a batch are worth having: nobody else is both as fast and shared more."""

from collections.abc import Mapping

# Medians closer than this are one speed: they differ as much from run to run.
SAME_SPEED = 1.05


def beaten_by(*, seconds: Mapping[int, float], low: Mapping[tuple[int, int], float]) -> dict[int, list[int]]:
    """For each source of `seconds` those that beat it: they are not slower, and shared more than by chance.

    `seconds`: the median of a clip, on one machine. `low`: by (a, b) the lower end of the interval of a's share rate
    minus b's, over prompts that had both; a pair that is not there was never compared, so neither beats the other.
    """
    return {
        b: [a for a in seconds if a != b and seconds[a] <= seconds[b] * SAME_SPEED and low.get((a, b), -1.0) > 0]
        for b in seconds
    }


def faster(seconds: float, than: float) -> bool:
    """By more than medians differ from run to run."""
    return seconds * SAME_SPEED < than
