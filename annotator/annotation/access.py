"""Who sees which rows of the annotation stage; all else answers 404."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from annotator.accounts.models import User
from annotator.annotation.models import Assignment, Enrolment, Flag
from annotator.composed import Composed
from annotator.generation.models import Batch

OWN = Composed(
    lambda given: Assignment.objects.select_related("task__batch").filter(
        uuid=given("uuid", Assignment._meta.pk), user_id=given("user")
    )
)


def batch_to_annotate(*, user: User, public_id: UUID) -> Batch:
    """Everybody who is signed in may annotate a batch, unless it is pooled: then only whoever is or was in it. What
    state it is in, and whether one was removed, the handout says."""
    batch = get_object_or_404(Batch, public_id=public_id)
    if batch.pooled and not Enrolment.objects.filter(batch=batch, user=user).exists():
        raise Http404
    return batch


def own_assignment(*, user: User, uuid: UUID) -> Assignment:
    """The person's own assignment, with its task and batch."""
    found: Assignment | None = OWN.first(uuid=uuid, user=user.pk)
    if found is None:
        raise Http404
    return found


def place_to_change(*, batch_id: int, user_id: int) -> Enrolment:
    """Researchers decide who annotates every batch; the view lets nobody else in."""
    return get_object_or_404(Enrolment.objects.select_related("batch", "user"), batch=batch_id, user=user_id)


def flag_to_resolve(*, pk: int) -> Flag:
    """Researchers decide on every flag; the view lets nobody else in."""
    return get_object_or_404(Flag.objects.select_related("assignment"), pk=pk)
