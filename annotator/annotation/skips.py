"""Skips: a task that this person would rather not judge, and does not get again."""

from annotator.annotation.models import Assignment, AssignmentState
from annotator.annotation.returns import end_lease

GIVEN_UP = [AssignmentState.EXPIRED, AssignmentState.RETURNED]


def skip(*, assignment: Assignment, reason: str) -> None:
    """Gives the slot back for somebody else. What has been judged stays judged."""
    end_lease(uuid=assignment.uuid, task_id=assignment.task_id, becomes=AssignmentState.SKIPPED)
    mine = Assignment.objects.filter(pk=assignment.pk)
    mine.filter(state__in=GIVEN_UP).update(state=AssignmentState.SKIPPED)
    mine.filter(state=AssignmentState.SKIPPED).update(skip_reason=reason)
