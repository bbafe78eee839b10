"""Withdrawing a prompt: its tasks are void from then on, and nothing is deleted."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.flags import void
from annotator.audit.recording import record
from annotator.generation.models import Task, TaskState
from annotator.prompts.models import Prompt


def withdraw_prompt(prompt: Prompt, *, reason: str, by: User) -> None:
    """Once however often it is asked for; asked again, it goes on where it was interrupted. Raises ValidationError
    without a reason."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why: whoever used it will want to know."})
    with transaction.atomic():
        withdrawn = Prompt.objects.filter(pk=prompt.pk, withdrawn_at=None).update(
            withdrawn_at=timezone.now(), withdrawn_by=by, withdrawal=reason.strip()
        )
        if withdrawn:
            after = {"reason": reason.strip()}
            record(verb="prompt.withdrawn", by=by, subject=prompt, name=prompt.caption, after=after)
    prompt.refresh_from_db()
    for task_id in list(prompt.tasks.exclude(state=TaskState.VOID).order_by("id").values_list("id", flat=True)):
        with transaction.atomic():
            void(task=Task.objects.select_for_update(no_key=True).get(pk=task_id))
