"""How long a worker takes for a clip, from what workers recorded of late."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import harmonic_mean, median

from annotator.generation.models import Clip, ClipState

CLIPS_LOOKED_AT = 200
CLIPS_MEASURED = 20


@dataclass(frozen=True, kw_only=True)
class Pace:
    """`seconds` a worker needs for one clip. `same_settings`: measured with exactly these; else with other settings of
    the checkpoint, scaled by the number of steps."""

    seconds: float
    same_settings: bool


def pace_of(
    *, checkpoint_id: int, grouping: str, settings: Mapping[str, object], workers: Collection[str]
) -> Pace | None:
    """Over the last clips of the model, with equal settings where there are some. Of the live `workers`, each counts
    with its own pace where it was measured; None where nothing was. One query."""
    latest = Clip.objects.filter(checkpoint=checkpoint_id, state=ClipState.READY).order_by("-ready_at")
    rows = latest.values_list("worker", "grouping", "settings", "timings")[:CLIPS_LOOKED_AT]
    measured = [row for row in rows if "sample" in row[3]]
    same = [(worker, seconds_of(timings)) for worker, group, _, timings in measured if group == grouping]
    steps = float(str(settings["steps"]))
    scaled = [(worker, seconds_of(timings) * steps / own["steps"]) for worker, _, own, timings in measured]
    found = (same or scaled)[: CLIPS_MEASURED * max(1, len(workers))]
    if not found:
        return None
    overall = median(seconds for _, seconds in found)
    by_worker: dict[str, list[float]] = defaultdict(list)
    for worker, seconds in found:
        by_worker[worker].append(seconds)
    each = [median(by_worker[worker]) if worker in by_worker else overall for worker in workers]
    return Pace(seconds=harmonic_mean(each) if each else overall, same_settings=bool(same))


def seconds_of(timings: Mapping[str, float]) -> float:
    """Sampling is recorded a clip, whatever the micro-batch. The other stages of a clip run beside the sampling of the
    next ones, so that the slower of the two is what counts."""
    beside = timings.get("encode", 0) + timings.get("store", 0) + timings.get("measure", 0)
    return max(timings["sample"], beside)
