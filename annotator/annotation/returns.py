"""How a lease ends without an annotation: its slot goes back to the tail of the line."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from annotator.accounts.models import User
from annotator.annotation.leases import leases_of
from annotator.annotation.models import Assignment, AssignmentState
from annotator.generation.lines import reopen_slot
from annotator.generation.models import Batch, Task


def end_lease(*, uuid: UUID, task_id: int, becomes: AssignmentState, overdue_at: datetime | None = None) -> bool:
    """Ends a lease, if it still is one (and, with `overdue_at`, is past its time then); whether it did."""
    with transaction.atomic():
        Task.objects.select_for_update(no_key=True).only("pk").get(pk=task_id)
        leased = Assignment.objects.filter(pk=uuid, state=AssignmentState.LEASED)
        if overdue_at is not None:
            leased = leased.filter(lease_until__lt=overdue_at)
        ended = leased.update(state=becomes)
        if ended:
            reopen_slot(task_id)
    return bool(ended)


def return_hand(*, batch: Batch, user: User) -> int:
    """Gives back all that the person holds in the batch; how many that were."""
    held = list(leases_of(batch=batch, user=user).values_list("pk", "task_id"))
    return sum(end_lease(uuid=uuid, task_id=task_id, becomes=AssignmentState.RETURNED) for uuid, task_id in held)
