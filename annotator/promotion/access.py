"""Who sees which promotions; all else answers 404."""

from django.shortcuts import get_object_or_404

from annotator.promotion.models import Promotion
from annotator.promotion.queries import promotions


def promotion_to_see(*, pk: int) -> Promotion:
    """Researchers see and revoke every promotion; the views let nobody else in."""
    return get_object_or_404(promotions().defer(None), pk=pk)
