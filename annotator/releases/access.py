"""Who sees which releases and exports; all else answers 404. The views let only researchers in."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from annotator.releases import queries
from annotator.releases.models import Export, Release


def release_to_see(*, public_id: UUID) -> Release:
    return get_object_or_404(queries.releases(), public_id=public_id)


def export_to_see(*, public_id: UUID) -> Export:
    return get_object_or_404(queries.exports(), public_id=public_id)
