"""Researchers mark clips as examples for the annotators of a batch, and take them back."""

from django.core.exceptions import ValidationError
from django.db import transaction

from annotator.accounts.models import User
from annotator.examples.models import Example
from annotator.generation.models import Batch, BatchState, Candidate, Clip, ClipState

MOST_SHOWN = 8
MOST_PRACTICE = 5


def mark_example(*, batch: Batch, clip_key: str, good: bool, note: str, practice: bool, by: User) -> Example:
    """Marks a ready clip of another batch; marking it again changes what is said of it.

    Raises ValidationError for a clip that the batch's own annotators judge: an example would tell them the answer.
    """
    clip = Clip.objects.filter(key=clip_key, state=ClipState.READY).first()
    if clip is None:
        raise ValidationError({"clip": "There is no ready clip with this key: take the key from a batch's gallery."})
    if not note.strip():
        raise ValidationError({"note": "Say in a sentence why: annotators read it beside the clip."})
    if Candidate.objects.filter(clip=clip, task__batch=batch).exists():
        raise ValidationError(
            {"clip": f"“{batch.name}” asks people about this very clip: mark one of another batch instead."}
        )
    with transaction.atomic():
        locked = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if locked.state != BatchState.OPEN:
            raise ValidationError({"batch": f"The batch is {locked.state}: only an open one can get examples."})
        check_room(batch=batch, clip=clip, practice=practice)
        marked, _ = Example.objects.update_or_create(
            batch=batch,
            clip=clip,
            defaults={"good": good, "note": note.strip(), "practice": practice},
            create_defaults={"good": good, "note": note.strip(), "practice": practice, "created_by": by},
        )
    return marked


def check_room(*, batch: Batch, clip: Clip, practice: bool) -> None:
    most = MOST_PRACTICE if practice else MOST_SHOWN
    if Example.objects.filter(batch=batch, practice=practice).exclude(clip=clip).count() >= most:
        what = "examples to practise with" if practice else "examples beside the instructions"
        raise ValidationError({"practice": f"The batch has {most} {what}, as many as people read: remove one first."})
