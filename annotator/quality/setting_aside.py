"""Setting people aside, and taking that back: their labels leave every rate and what is released from then on."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.generation.models import Task
from annotator.quality.models import SetAside

TASKS_A_CHUNK = 500


def set_aside(*, person: User, reason: str, by: User) -> None:
    """Once however often it is asked for; asked again, it goes on where it was interrupted."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why: whoever takes it back will want to know."})
    try:
        with transaction.atomic():
            SetAside.objects.create(person=person, reason=reason.strip(), set_by=by)
            record(verb="set_aside.made", by=by, subject=person, after={"reason": reason.strip()})
    except IntegrityError:
        pass  # set aside already
    add_up_again(person)


def take_back(*, person: User, by: User) -> None:
    with transaction.atomic():
        if SetAside.objects.filter(person=person, undone_at=None).update(undone_at=timezone.now(), undone_by=by):
            record(verb="set_aside.taken_back", by=by, subject=person)
    add_up_again(person)


def add_up_again(person: User) -> None:
    """Marks what the person has judged, in small transactions that lock tasks by ascending id, as leases do."""
    judged = Task.objects.filter(assignments__user=person, assignments__annotation__counted=True)
    ids = list(judged.order_by("id").values_list("id", flat=True))
    for first in range(0, len(ids), TASKS_A_CHUNK):
        with transaction.atomic():
            chunk = Task.objects.filter(pk__in=ids[first : first + TASKS_A_CHUNK])
            locked = list(chunk.select_for_update(no_key=True).order_by("id").values_list("id", flat=True))
            Task.objects.filter(pk__in=locked).update(tally_due=True)
