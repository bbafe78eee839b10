from django.db.models import QuerySet

from annotator.promotion.models import Promotion


def promotions(*, batch: int | None = None) -> QuerySet[Promotion]:
    """All of them, or those decided on one batch. Their figures are left to the page of one."""
    found = Promotion.objects.select_related("checkpoint__parent", "batch", "promoted_by", "revoked_by")
    found = found.defer("figures")
    return found if batch is None else found.filter(batch=batch)


def standing() -> Promotion | None:
    """The one that is in use."""
    return promotions().filter(revoked_at=None).order_by("-id").first()
