"""The sources of a batch side by side. A checkpoint with other sampler settings is another source."""

import json
from collections import Counter
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from annotator.generation.models import Batch, Source
from annotator.generation.queries import sources_of
from annotator.prompts.models import Split
from annotator.quality.latency import Latency, latencies, shared_machine
from annotator.quality.queries import shapes
from annotator.quality.resampling import resample
from annotator.quality.share_rates import Rates, difference_of, rate_of, rates_sums
from annotator.quality.sums import short
from inference_worker.messages import grouping_key


@dataclass(frozen=True, kw_only=True)
class SourceFigures:
    """`share` as share_rates.rate_of; None before its clips were judged. `latency` is of the machine that most sources
    share where it made clips of this one, `comparable` says so; else of another, or None."""

    source: Source
    share: dict[str, Any] | None
    latency: Latency | None
    comparable: bool


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """`prompts`: judged ones of each split. `split`: the one that all figures are of, which is the held-out one as soon
    as there are some. `differences` by pairs of source ids, both ways, as share_rates.difference_of."""

    prompts: dict[str, int]
    split: str
    machine: str | None
    sources: list[SourceFigures]
    differences: dict[tuple[int, int], dict[str, Any]]


def side_by_side(batch: Batch) -> SideBySide:
    """Three queries."""
    sources = list(sources_of(batch))
    groupings = {
        source.pk: grouping_key(checkpoint=source.checkpoint.sha256, settings=source.settings) for source in sources
    }
    known = {short(grouping): pk for pk, grouping in groupings.items()}
    judged: dict[str, Counter[Rates]] = {split: Counter() for split in Split.values}
    for split, text, prompts in shapes("prompt__split", "sources", batch=batch.pk):
        judged[split][tuple((known[key], n, y, 0) for key, n, y in json.loads(text) if key in known)] += prompts
    split = Split.HELDOUT if judged[Split.HELDOUT] else Split.HITL
    resampled = resample((rates_sums(rates), count) for rates, count in judged[split].items())
    times = latencies(batch)
    machine = shared_machine(times)
    figures = []
    for source in sources:
        made_by = times.get(groupings[source.pk], [])
        here = next((latency for latency in made_by if latency.device == machine), None)
        figures.append(
            SourceFigures(
                source=source,
                share=rate_of(resampled, source.pk) if resampled.prompts(("n", source.pk)) else None,
                latency=here or next(iter(made_by), None),
                comparable=here is not None,
            )
        )
    pairs = {(a, b): difference_of(resampled, a, b) for a, b in permutations(groupings, 2)}
    return SideBySide(
        prompts={each: counts.total() for each, counts in judged.items()},
        split=split,
        machine=machine,
        sources=figures,
        differences={pair: found for pair, found in pairs.items() if found is not None},
    )
