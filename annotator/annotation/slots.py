"""In which order a person sees a task's candidates."""

from collections.abc import Iterable
from hashlib import blake2b

from django.conf import settings


def slot_order(*, candidate_ids: Iterable[int], task_id: int, turn: int) -> list[int]:
    """The candidates as whoever comes to the task at `turn` (0, 1, …) sees them: shuffled, and balanced over turns.

    As many turns as there are candidates share one shuffle, each moved on by a place, so that every candidate stands
    in every slot once; then comes another shuffle. Shuffles are keyed by the server's secret: what a person saw of
    other tasks says nothing about this one, and no turn is more likely to show a given candidate first.
    """
    ids = list(candidate_ids)
    shuffle, place = divmod(turn, max(1, len(ids)))

    def rank(candidate_id: int) -> bytes:
        drawn = f"{task_id}:{shuffle}:{candidate_id}".encode()
        return blake2b(drawn, key=settings.SECRET_KEY.encode()[:64]).digest()

    ids.sort(key=rank)
    return ids[place:] + ids[:place]
