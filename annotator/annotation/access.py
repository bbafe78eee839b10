"""Who sees which rows of the annotation stage; all else answers 404."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from annotator.accounts.models import User
from annotator.annotation.models import Assignment, Flag
from annotator.composed import Composed
from annotator.generation.models import Batch

OWN = Composed(
    lambda given: Assignment.objects.select_related("task__batch").filter(
        uuid=given("uuid", Assignment._meta.pk), user_id=given("user")
    )
)


def batch_to_annotate(*, public_id: UUID) -> Batch:
    """Everybody who is signed in may annotate every batch; what state it is in, the handout says."""
    return get_object_or_404(Batch, public_id=public_id)


def own_assignment(*, user: User, uuid: UUID) -> Assignment:
    """The person's own assignment, with its task and batch."""
    found: Assignment | None = OWN.first(uuid=uuid, user=user.pk)
    if found is None:
        raise Http404
    return found


def flag_to_resolve(*, pk: int) -> Flag:
    """Researchers decide on every flag; the view lets nobody else in."""
    return get_object_or_404(Flag.objects.select_related("assignment"), pk=pk)
