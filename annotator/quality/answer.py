"""Which model makes stickers that people share: everything the Labels page and the report say."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from annotator.checkpoints.models import Checkpoint, CheckpointRole
from annotator.quality import queries
from annotator.quality.agreement import agreement
from annotator.quality.intervals import METHOD
from annotator.quality.share_rates import Named, Rates, differences, rates_by_checkpoint, share_rates, teachers
from annotator.quality.slots import slot_effects
from annotator.quality.strengths import strengths
from annotator.quality.tallying import due, tally_before_a_page


def summary(*, batch: int | None = None) -> dict[str, Any]:
    """Counts, and the share rate of every checkpoint."""
    tally_before_a_page()
    shapes = together(by_verb(batch=batch))
    return counted(batch=batch, shapes=shapes, named=named_of(shapes))


def answer(*, batch: int | None = None) -> dict[str, Any]:
    """The summary, and all that stands beside it."""
    tally_before_a_page()
    verbs = by_verb(batch=batch)
    shapes = together(verbs)
    named = named_of(shapes)
    body = counted(batch=batch, shapes=shapes, named=named)
    order = [row["checkpoint"] for row in body["share_rates"]]
    teaching = [key for key in order if named[key].role == CheckpointRole.TEACHER]
    return {
        **body,
        "batch": batch,
        "differences": differences(shapes, order, named),
        "strengths": strengths(parsed("wins", batch=batch), named),
        "verbs": [
            {
                "verb": verb,
                "prompts": rates.total(),
                "share_rates": [{"checkpoint": key, **rate} for key, rate in rates_by_checkpoint(rates)],
            }
            for verb, rates in sorted(verbs.items(), key=lambda each: (each[0] == "", each[0]))
        ],
        "slots": slot_effects(parsed("slots", batch=batch)),
        "teachers": teachers(shapes, teaching, named),
        "agreement": agreement(parsed("agreement", batch=batch)),
    }


def by_verb(*, batch: int | None) -> dict[str, Counter[Rates]]:
    found: dict[str, Counter[Rates]] = defaultdict(Counter)
    for verb, rates, prompts in queries.shapes("verb", "rates", batch=batch):
        found[verb][tuple(map(tuple, json.loads(rates)))] += prompts
    return found


def parsed(column: str, *, batch: int | None) -> Iterator[tuple[Any, int]]:
    for text, prompts in queries.shapes(column, batch=batch):
        yield json.loads(text), prompts


def together(verbs: dict[str, Counter[Rates]]) -> Counter[Rates]:
    shapes: Counter[Rates] = Counter()
    for rates in verbs.values():
        shapes.update(rates)
    return shapes


def named_of(shapes: Counter[Rates]) -> Named:
    keys = {each[0] for rates in shapes for each in rates}
    return Checkpoint.objects.in_bulk(list(keys)) if keys else {}


def counted(*, batch: int | None, shapes: Counter[Rates], named: Named) -> dict[str, Any]:
    rates = share_rates(shapes, named)
    return {
        **queries.counts(batch=batch),
        "verdicts": sum(row["shown"] for row in rates),
        "shareable": sum(row["shareable"] for row in rates),
        "share_rates": rates,
        "interval": METHOD,
        "behind": due(),
    }
