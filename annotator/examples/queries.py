"""The examples of a batch: for its researchers, and for its annotators, who do not learn what made a clip."""

from typing import TypedDict

from django.db.models import QuerySet

from annotator.examples.models import Example
from annotator.generation.models import Batch
from annotator.media import media_url


class ShownExample(TypedDict):
    caption: str
    sticker: str
    animation: str
    good: bool
    note: str


class Guide(TypedDict):
    examples: list[ShownExample]
    practice: list[ShownExample]


def examples_of(batch: Batch) -> QuerySet[Example]:
    """At most marking.MOST_SHOWN and MOST_PRACTICE; in the order in which they were marked."""
    return batch.examples.select_related("clip__checkpoint").order_by("id")


def guide(batch: Batch) -> Guide:
    """Field by field: what is not named here stays on the server."""
    found: Guide = {"examples": [], "practice": []}
    rows = batch.examples.order_by("id").values_list(
        "practice", "clip__caption", "clip__sticker", "clip__animation", "good", "note"
    )
    for practice, caption, sticker, animation, good, note in rows:
        found["practice" if practice else "examples"].append(
            {
                "caption": caption,
                "sticker": media_url(sticker),
                "animation": media_url(animation),
                "good": good,
                "note": note,
            }
        )
    return found
