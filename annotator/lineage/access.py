"""Who sees the lineage of what: researchers of all but people, whom only admins look at; all else answers 404."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from annotator.accounts.access import has_role
from annotator.accounts.models import Role, User
from annotator.annotation.models import Revision
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Clip
from annotator.lineage import tracing
from annotator.lineage.nodes import Kind
from annotator.lineage.tracing import Lineage
from annotator.promotion.models import Promotion
from annotator.prompts.models import Prompt
from annotator.releases.models import Release

LABELS = Revision.objects.select_related(
    "annotation__assignment__user", "annotation__assignment__task__prompt", "annotation__assignment__task__batch"
)
PROMOTIONS = Promotion.objects.select_related("checkpoint", "batch")


def lineage_of(*, kind: str, key: str, asker: User) -> Lineage:
    admin = has_role(asker, Role.ADMIN)
    tracers: dict[str, Callable[[], Lineage]] = {
        Kind.CHECKPOINT: lambda: tracing.of_checkpoint(get_object_or_404(Checkpoint, pk=number(key))),
        Kind.RELEASE: lambda: tracing.of_release(get_object_or_404(Release, public_id=uuid(key))),
        Kind.CLIP: lambda: tracing.of_clip(get_object_or_404(Clip.objects.select_related("checkpoint"), key=key)),
        Kind.LABEL: lambda: tracing.of_label(get_object_or_404(LABELS, submission=uuid(key)), names_people=admin),
        Kind.PROMOTION: lambda: tracing.of_promotion(get_object_or_404(PROMOTIONS, pk=number(key))),
        Kind.PROMPT: lambda: tracing.of_prompt(get_object_or_404(Prompt, pk=number(key))),
    }
    if admin:
        tracers[Kind.PERSON] = lambda: tracing.of_person(get_object_or_404(User, pk=number(key)))
    if kind not in tracers:
        raise Http404
    return tracers[kind]()


def number(key: str) -> int:
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    return int(key)


def uuid(key: str) -> UUID:
    try:
        return UUID(key)
    except ValueError:
        raise Http404 from None
