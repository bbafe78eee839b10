"""In which order a person sees a task's candidates."""

from collections.abc import Iterable
from hashlib import blake2b

from django.conf import settings


def slot_order(*, candidate_ids: Iterable[int], user_id: int) -> list[int]:
    """The candidates as this person sees them: another order for each person, and the same whenever they come back."""

    def rank(candidate_id: int) -> bytes:
        return blake2b(f"{user_id}:{candidate_id}".encode(), key=settings.SECRET_KEY.encode()[:64]).digest()

    return sorted(candidate_ids, key=rank)
