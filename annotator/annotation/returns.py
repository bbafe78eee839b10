"""How a lease ends without an annotation: its slot goes back to the tail of the line."""

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from annotator.accounts.models import User
from annotator.annotation.leases import leases_of
from annotator.annotation.models import Assignment, AssignmentState
from annotator.composed import Composed, ComposedUpdate
from annotator.generation.lines import reopen_slot
from annotator.generation.models import Batch, Task

TASK_LOCKED = Composed(
    lambda given: Task.objects.select_for_update(no_key=True).filter(pk=given("task")).values_list("pk")
)
END = ComposedUpdate(
    lambda given: (
        Assignment.objects.filter(
            uuid=given("uuid", Assignment._meta.pk),
            state=AssignmentState.LEASED,
            lease_until__lt=given("before", Assignment._meta.get_field("lease_until")),
        ),
        {"state": given("becomes")},
    )
)
# After every lease's end.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def end_lease(*, uuid: UUID, task_id: int, becomes: AssignmentState, overdue_at: datetime = NEVER) -> bool:
    """Ends a lease, if it still is one past its time at `overdue_at`; whether it did."""
    with transaction.atomic():
        TASK_LOCKED.first(task=task_id)
        ended = END.run(uuid=uuid, before=overdue_at, becomes=becomes)
        if ended:
            reopen_slot(task_id)
    return bool(ended)


def return_hand(*, batch: Batch, user: User) -> int:
    """Gives back all that the person holds in the batch; how many that were."""
    held = list(leases_of(batch=batch, user=user).values_list("pk", "task_id"))
    return sum(end_lease(uuid=uuid, task_id=task_id, becomes=AssignmentState.RETURNED) for uuid, task_id in held)
