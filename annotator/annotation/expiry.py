"""The dispatcher's duty to end leases that nobody renewed."""

from django.utils import timezone

from annotator.annotation.models import Assignment, AssignmentState
from annotator.annotation.returns import end_lease

AT_ONCE = 200


def expire_leases() -> int:
    """Ends up to AT_ONCE leases that are past their time, the oldest first; returns how many it ended.

    Each in a transaction of its own, and only if nobody has renewed or submitted it meanwhile.
    """
    now = timezone.now()
    overdue = Assignment.objects.filter(state=AssignmentState.LEASED, lease_until__lt=now).order_by("lease_until")
    expired = AssignmentState.EXPIRED
    return sum(
        end_lease(uuid=uuid, task_id=task_id, becomes=expired, overdue_at=now)
        for uuid, task_id in list(overdue.values_list("pk", "task_id")[:AT_ONCE])
    )
