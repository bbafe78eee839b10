"""Exports are asked for, cancelled and deleted."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.releases.layouts import LAYOUTS
from annotator.releases.models import ClipFiles, Export, ExportState, Layout, Purpose, Release, ReleaseState
from annotator.releases.releases import check_rule
from annotator.releases.rule import Rule

UNFINISHED = [ExportState.QUEUED, ExportState.WRITING]


class ExportStateError(Exception):
    """An export that is not in a state for what was asked."""


def ask_export(
    *,
    release: Release | None,
    rule: Rule,
    layout: Layout,
    by: User,
    clips: ClipFiles = ClipFiles.NONE,
    only_shareable: bool = False,
) -> Export:
    """Queues an export of a release, or of what `rule` selects now; `manage.py work` writes it. Of a release, its own
    rule holds. Raises ValidationError."""
    if release is None:
        check_rule(rule, purpose=Purpose.MEASURING)
    elif release.state != ReleaseState.FROZEN:
        raise ValidationError({"release": f"{release.name} is {release.state}: only a frozen release can be exported."})
    kinds = LAYOUTS[layout].clip_kinds
    if clips not in kinds:
        raise ValidationError({"clips": f"This layout takes one of {', '.join(kinds)}."})
    with transaction.atomic():
        export = Export.objects.create(
            release=release,
            rule=release.rule if release else rule.stored(),
            layout=layout,
            clips=clips,
            only_shareable=only_shareable,
            created_by=by,
        )
        name = release.name if release else "labels"
        after = {"layout": layout.value, "clips": clips.value, "rule": export.rule}
        record(verb="export.asked", by=by, subject=export, name=name, after=after)
    return export


def cancel_export(export: Export) -> None:
    """Raises ExportStateError where it has ended already."""
    cancelled = Export.objects.filter(pk=export.pk, state__in=UNFINISHED).update(
        state=ExportState.CANCELLED, lease_until=None, ended_at=timezone.now()
    )
    export.refresh_from_db()
    if not cancelled:
        raise ExportStateError(f"This export is {export.state} already.")


def forget_export(export: Export) -> None:
    """Takes an ended export off the list; its file goes with the next sweep. Raises ExportStateError."""
    try:
        deleted, _ = Export.objects.filter(pk=export.pk).exclude(state__in=UNFINISHED).delete()
    except ProtectedError:
        raise ExportStateError("A training run learns from this file: it stays.") from None
    if not deleted:
        raise ExportStateError("This export is being written: cancel it first.")
