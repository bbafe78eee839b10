"""Who sees which rows of the quality stage; all else answers 404."""

from django.shortcuts import get_object_or_404

from annotator.accounts.models import User
from annotator.generation.models import Task, TaskKind, TaskState
from annotator.quality.annotators import annotators
from annotator.quality.models import Gold


def annotator_to_look_at(*, pk: int) -> User:
    """Admins look at everybody who has judged something; the view lets nobody else in."""
    return get_object_or_404(annotators(), pk=pk)


def gold_to_remove(*, pk: int) -> Gold:
    """Researchers see and remove every gold task; the view lets nobody else in."""
    return get_object_or_404(Gold.objects.exclude(task__state=TaskState.VOID), pk=pk)


def task_to_decide(*, pk: int) -> Task:
    """Admins decide on every ordinary task; the view lets nobody else in."""
    return get_object_or_404(Task, pk=pk, kind=TaskKind.ORDINARY)
