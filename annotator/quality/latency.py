"""How long clips of a batch took, by source and machine."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.generation.models import Batch, Candidate, ClipState, Task, TaskKind
from annotator.quality.measured import figure, word

# So that a batch of a million clips is told as quickly as a small one.
TASKS_LOOKED_AT = 500
METHOD = (
    "Seconds of sampling and of the final warp, for one clip of its micro-batch; loading, encoding and storing are "
    f"left out. Median and quartiles of the clips of the last {TASKS_LOOKED_AT} tasks that opened"
)


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds a clip on one machine. `micro_batch` and `passes` are the usual ones; None where workers did not say."""

    device: str
    clips: int
    median: float
    low: float
    high: float
    micro_batch: int | None
    passes: int | None


def latencies(batch: Batch) -> dict[str, list[Latency]]:
    """By grouping, the machine that made most of its clips first. One query of a bounded number of rows."""
    opened = Task.objects.filter(batch=batch, kind=TaskKind.ORDINARY, position__isnull=False)
    rows = (
        Candidate.objects.filter(
            task__in=opened.order_by("-position").values("pk")[:TASKS_LOOKED_AT], clip__state=ClipState.READY
        )
        .annotate(
            seconds=figure("clip__timings", "sample"),
            device=word("clip__provenance", "device"),
            micro_batch=figure("clip__provenance", "micro_batch"),
            passes=figure("clip__provenance", "passes"),
        )
        .filter(seconds__gt=0)
        .values_list("clip__grouping", "device", "seconds", "micro_batch", "passes")
    )
    made: dict[tuple[str, str], list[tuple[float, float | None, float | None]]] = defaultdict(list)
    for grouping, device, *measured in rows:
        made[grouping, device or "a machine that was not named"].append((measured[0], measured[1], measured[2]))
    found: dict[str, list[Latency]] = defaultdict(list)
    for (grouping, device), clips in made.items():
        low, middle, high = np.quantile([seconds for seconds, _, _ in clips], [0.25, 0.5, 0.75])
        found[grouping].append(
            Latency(
                device=device,
                clips=len(clips),
                median=float(middle),
                low=float(low),
                high=float(high),
                micro_batch=usual([size for _, size, _ in clips]),
                passes=usual([passes for _, _, passes in clips]),
            )
        )
    return {
        grouping: sorted(each, key=lambda made_by: (-made_by.clips, made_by.device)) for grouping, each in found.items()
    }


def usual(values: Sequence[float | None]) -> int | None:
    said = Counter(value for value in values if value is not None)
    return int(said.most_common(1)[0][0]) if said else None


def shared_machine(found: Mapping[str, Sequence[Latency]]) -> str | None:
    """The machine on which most sources can be compared; of several the one with most clips."""
    sources: Counter[str] = Counter()
    clips: Counter[str] = Counter()
    for each in found.values():
        for latency in each:
            sources[latency.device] += 1
            clips[latency.device] += latency.clips
    return max(sources, key=lambda device: (sources[device], clips[device], device), default=None)
