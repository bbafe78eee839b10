"""How long people were at work: the time between their inputs, as their browsers send it with each submission."""

from django.db import connection
from django.utils import timezone

from annotator.annotation.models import DAY_MS, ActiveDay

# By hand: the ORM has no INSERT that adds to what is there, and its UPDATE takes six times the processor's time.
ADD = f"""
    INSERT INTO {ActiveDay._meta.db_table} AS known (user_id, day, active_ms, judged) VALUES (%s, %s, %s, %s)
    ON CONFLICT (user_id, day) DO UPDATE SET
        judged = known.judged + EXCLUDED.judged,
        active_ms = CASE
            WHEN known.active_ms + EXCLUDED.active_ms > {DAY_MS} THEN {DAY_MS}
            ELSE known.active_ms + EXCLUDED.active_ms
        END
"""


def add_active_time(*, user_id: int, active_ms: int, judged: int) -> None:
    """Adds to the person's row of today, in UTC: one statement.

    Its lock comes after a task's and before the batch row's; whoever waits for it is the same person, in another batch.
    """
    with connection.cursor() as cursor:
        cursor.execute(ADD, [user_id, timezone.now().date().isoformat(), active_ms, judged])
