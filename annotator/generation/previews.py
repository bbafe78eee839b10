"""Clips for somebody who waits in front of a page: asked for, given up, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.generation.models import Clip, ClipState, Preview, PreviewClip
from annotator.generation.outbox import send_drop
from annotator.generation.planning import SourceRequest, check_each_source
from annotator.generation.requests import clip_of
from annotator.media import store
from annotator.prompts.prompts import clean_caption
from inference_worker.blobs import NAME

MOST_WAITING = 24
LOOKED_AT = timedelta(minutes=1)
KEPT = timedelta(days=7)
# A page asks every second or so; that often nothing needs to be written.
SEEN_AGAIN = timedelta(seconds=10)
ROWS_A_TURN = 200
WAITING = [ClipState.QUEUED, ClipState.RUNNING]


class TooManyWaitingError(Exception):
    """The person waits for as many clips as one may."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A sticker, by its blob name, and what it shall do."""

    caption: str
    sticker: str


def ask_preview(*, by: User, scenes: Sequence[Scene], sources: Sequence[SourceRequest], seed: int) -> Preview:
    """Every scene by every source, from the same seed. What was made before is there at once, and what failed is tried
    again. Raises ValidationError by entry, and TooManyWaitingError."""
    orders = sorted(check_each_source(sources), key=lambda order: order.grouping)
    checked = check_scenes(scenes)
    asked = [
        clip_of(order, caption=scene.caption, sticker=scene.sticker, seed=seed) for scene in checked for order in orders
    ]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)  # so that of two at once, one counts the other's
        preview = Preview.objects.create(asked_by=by, seen_at=timezone.now())
        clips: dict[str, Clip] = {}
        # Again where another preview's end took a row away between the two statements.
        while missing := {clip.key: clip for clip in asked if clip.key not in clips}:
            Clip.objects.bulk_create(missing.values(), ignore_conflicts=True)
            locked = Clip.objects.select_for_update().filter(key__in=missing).order_by("id")
            clips |= {clip.key: clip for clip in locked.only("key", "state")}
        ids = [clip.pk for clip in clips.values()]
        # The error stays: should the preview end before its turn, the clip has failed as before.
        Clip.objects.filter(pk__in=ids, state=ClipState.FAILED).update(
            state=ClipState.QUEUED, attempt=0, failures=0, worker="", wanted_by=None
        )
        PreviewClip.objects.bulk_create(PreviewClip(preview=preview, clip=clips[clip.key]) for clip in asked)
        waiting = Clip.objects.filter(previews__asked_by=by, previews__ended_at=None, state__in=WAITING)
        if waiting.distinct().count() > MOST_WAITING:
            raise TooManyWaitingError(
                f"With these you would wait for more than {MOST_WAITING} clips: let some come in, or cancel some."
            )
    return preview


def check_scenes(scenes: Sequence[Scene]) -> list[Scene]:
    checked: list[Scene] = []
    for index, scene in enumerate(scenes):
        try:
            caption = clean_caption(scene.caption)
        except ValueError as error:
            raise ValidationError({f"scenes.{index}.caption": f"{error}."}) from None
        if not is_sticker(scene.sticker):
            message = "There is no such sticker: upload it first, or take a prompt's."
            raise ValidationError({f"scenes.{index}.sticker": message})
        checked.append(Scene(caption=caption, sticker=scene.sticker))
    if len(set(checked)) < len(checked):
        raise ValidationError({"scenes": "A caption is here twice with the same sticker: ask for it once."})
    return checked


def is_sticker(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name.endswith(".png") and store.exists(name)


def look_at(preview: Preview) -> None:
    """Its page has asked for it: somebody waits."""
    now = timezone.now()
    if preview.seen_at < now - SEEN_AGAIN:
        Preview.objects.filter(pk=preview.pk, ended_at=None).update(seen_at=now)


def cancel_preview(preview_id: int) -> None:
    """Ends it, and stops its clips that nobody else waits for, running ones too."""
    if Preview.objects.filter(pk=preview_id, ended_at=None).update(ended_at=timezone.now()):
        let_go(Clip.objects.filter(previews=preview_id, wanted_by=None, state__in=WAITING))


def give_up_previews() -> int:
    """A dispatch duty: previews that nobody looked at for a minute end, and queued clips that neither a batch nor a
    preview waits for go. Running ones are let finish. Returns how many it ended or let go."""
    now = timezone.now()
    unseen = Preview.objects.filter(ended_at=None, seen_at__lt=now - LOOKED_AT)
    return unseen.update(ended_at=now) + let_go(Clip.objects.filter(wanted_by=None, state=ClipState.QUEUED))


def let_go(clips: QuerySet[Clip]) -> int:
    """Of these clips, which no batch wants, takes those that no preview waits for. A batch may still show one that had
    failed in it: that is failed again."""
    looked_at = PreviewClip.objects.filter(clip=OuterRef("pk"), preview__ended_at=None)
    with transaction.atomic():
        found = clips.filter(~Exists(looked_at)).order_by("id").values_list("id", flat=True)[:ROWS_A_TURN]
        ids = list(found)
        if not ids:
            return 0
        locked = list(Clip.objects.select_for_update().filter(pk__in=ids).order_by("id").values_list("id", flat=True))
        # Read again: somebody may have asked for one while its lock was waited for.
        unwanted = list(Clip.objects.filter(~Exists(looked_at), pk__in=locked, wanted_by=None, state__in=WAITING))
        shown = set(Clip.objects.filter(pk__in=locked).exclude(candidates=None).values_list("id", flat=True))
        gone = [clip.pk for clip in unwanted if clip.pk not in shown]
        Clip.objects.filter(pk__in=shown.intersection(clip.pk for clip in unwanted)).update(
            state=ClipState.FAILED, lease_until=None
        )
        Clip.objects.filter(pk__in=gone).delete()
        for clip in unwanted:
            if clip.state == ClipState.RUNNING:
                transaction.on_commit(partial(send_drop, worker=clip.worker, keys=[clip.key]), robust=True)
    return len(unwanted)


def forget_previews() -> int:
    """A dispatch duty: previews asked for a week ago go, and with them their clips that nothing else refers to.
    Returns how many previews went."""
    with transaction.atomic():
        old = Preview.objects.select_for_update().filter(asked_at__lt=timezone.now() - KEPT).order_by("id")
        ids = list(old.values_list("id", flat=True)[:ROWS_A_TURN])
        if not ids:
            return 0
        clips = list(PreviewClip.objects.filter(preview__in=ids).values_list("clip_id", flat=True))
        Preview.objects.filter(pk__in=ids).delete()
        locked = Clip.objects.select_for_update().filter(pk__in=clips).order_by("id").values_list("id", flat=True)
        done = Clip.objects.filter(pk__in=list(locked), state__in=[ClipState.READY, ClipState.FAILED], wanted_by=None)
        done.filter(candidates=None, examples=None, previews=None).delete()
    return len(ids)
