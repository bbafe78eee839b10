from typing import Any, NoReturn

from django.conf import settings
from django.db import models


class AppendOnlyError(TypeError):
    """An entry is written once."""


class Entries(models.QuerySet["Entry"]):
    def update(self, **columns: Any) -> NoReturn:
        raise AppendOnlyError("An audit entry never changes.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("An audit entry is never deleted.")


class Entry(models.Model):
    """Who did what and when. Written in the transaction of the change that it tells of, and never changed: a trigger in
    the database refuses it, whoever asks.

    `actor` is null for what the system or a command did. `verb` is one of `sentences.VERBS`. The subject is named as it
    was called then. `before` and `after` have only what changed.
    """

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="audit_entries")
    verb = models.CharField(max_length=40)
    subject = models.CharField(max_length=40)
    subject_key = models.CharField(max_length=40)
    subject_name = models.CharField(max_length=300)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    objects = Entries.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "subject_key"], name="audit_by_subject"),
            models.Index(fields=["verb"], name="audit_by_verb"),
        ]

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("An audit entry never changes.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnlyError("An audit entry is never deleted.")
