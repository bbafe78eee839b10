"""The clips a batch asks for: for each prompt, each source's clips, with their seeds and keys."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Batch, Clip, Source
from annotator.prompts.models import Prompt
from inference_worker.messages import SAMPLER_VERSION, grouping_key, request_key

# Whole in JavaScript's numbers, and in every database's signed 64 bits.
SEED_BITS = 48


def new_seed_base() -> int:
    return secrets.randbits(SEED_BITS)


def clip_seed(*, seed_base: int, prompt_id: int, index: int) -> int:
    """The seed of a prompt's clip number `index`: the same for every source, so that models start from equal noise.

    Four clips in a row differ in their seeds' last two bits, by which a model may choose between its motions.
    """
    digest = hashlib.sha256(f"{seed_base}/{prompt_id}/{index}".encode()).digest()
    first = hashlib.sha256(f"{seed_base}/{prompt_id}".encode()).digest()
    return int.from_bytes(digest[: SEED_BITS // 8], "big") // 4 * 4 + (first[0] + index) % 4


@dataclass(frozen=True, kw_only=True)
class Order:
    """One source of a batch, its sampler settings full. `clips_of`: the earlier source whose clips it takes;
    None where they are its own."""

    checkpoint: Checkpoint
    settings: dict[str, Any]
    clips_per_prompt: int
    clips_of: Source | None = None

    @cached_property
    def grouping(self) -> str:
        return grouping_key(checkpoint=self.checkpoint.sha256, settings=self.settings)


def orders_of(batch: Batch) -> list[Order]:
    """The batch's sources, by grouping: an order that all batches share, so that two of them never insert the same
    clips in opposite orders."""
    orders = [
        Order(
            checkpoint=source.checkpoint,
            settings=source.settings,
            clips_per_prompt=source.clips_per_prompt,
            clips_of=source.clips_of,
        )
        for source in batch.sources.select_related("checkpoint", "clips_of")
    ]
    return sorted(orders, key=lambda order: order.grouping)


def clips_for(
    *, prompts: Iterable[Prompt], orders: Sequence[Order], seed_base: int, batch: Batch | None
) -> Iterator[tuple[Prompt, list[Clip]]]:
    """Each prompt with its new clips, not saved: prompt after prompt, so that the first tasks fill first."""
    for prompt in prompts:
        yield (
            prompt,
            [
                clip_of(order, caption=prompt.caption, sticker=prompt.sticker, seed=seed, batch=batch)
                for order in orders
                if order.clips_of is None
                for index in range(order.clips_per_prompt)
                for seed in [clip_seed(seed_base=seed_base, prompt_id=prompt.pk, index=index)]
            ],
        )


def clip_of(order: Order, *, caption: str, sticker: str, seed: int, batch: Batch | None = None) -> Clip:
    """The clip of one request, not saved."""
    return Clip(
        key=request_key(
            checkpoint=order.checkpoint.sha256, caption=caption, sticker=sticker, settings=order.settings, seed=seed
        ),
        checkpoint=order.checkpoint,
        caption=caption,
        sticker=sticker,
        settings=order.settings,
        seed=seed,
        sampler_version=SAMPLER_VERSION,
        grouping=order.grouping,
        wanted_by=batch,
    )
