from datetime import datetime

from django.db.models import QuerySet

from annotator.audit.models import Entry


def entries(
    *,
    verb: str = "",
    actor: str = "",
    subject: str = "",
    subject_key: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Entry]:
    """`verb` may be the beginning of one, such as "batch."; `actor` is a username."""
    found: QuerySet[Entry] = Entry.objects.select_related("actor")
    if verb:
        found = found.filter(verb__startswith=verb)
    if actor:
        found = found.filter(actor__username=actor)
    if subject:
        found = found.filter(subject=subject)
    if subject_key:
        found = found.filter(subject_key=subject_key)
    if since is not None:
        found = found.filter(at__gte=since)
    return found if until is None else found.filter(at__lt=until)
