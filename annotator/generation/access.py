"""Who sees which batches and clips; all else answers 404."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from annotator.accounts.models import User
from annotator.generation.models import Batch, Clip, Preview


def batch_to_steer(*, pk: int) -> Batch:
    """Researchers see and steer every batch; the views let nobody else in."""
    return get_object_or_404(Batch.objects.select_related("prompt_set", "created_by"), pk=pk)


def clip_to_share(*, key: str) -> Clip:
    """Researchers see every clip with its model; the views let nobody else in."""
    return get_object_or_404(Clip, key=key)


def preview_to_see(*, public_id: UUID, by: User) -> Preview:
    """Everybody sees the previews that they asked for themselves."""
    return get_object_or_404(Preview, public_id=public_id, asked_by=by)
