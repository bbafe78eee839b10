"""How long people were at work: the time between their inputs, as their browsers send it with each submission."""

from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone

from annotator.annotation.models import DAY_MS, ActiveDay


def add_active_time(*, user_id: int, active_ms: int, judged: int) -> None:
    """Adds to the person's row of today, in UTC: one statement, three for the first submission of a day.

    Its lock comes after a task's and before the batch row's; whoever waits for it is the same person, in another batch.
    """
    today = timezone.now().date()
    row = ActiveDay.objects.filter(user_id=user_id, day=today)
    more = {"active_ms": Least(F("active_ms") + active_ms, DAY_MS), "judged": F("judged") + judged}
    if not row.update(**more):
        ActiveDay.objects.bulk_create([ActiveDay(user_id=user_id, day=today)], ignore_conflicts=True)
        row.update(**more)
