"""On whose behalf a command acts."""

from django.core.management.base import CommandError

from annotator.accounts.models import Role, User


def owner(username: str | None) -> User:
    """The one who is named, else the first admin or researcher. Raises CommandError."""
    people = User.objects.filter(is_active=True).exclude(role=Role.ANNOTATOR).order_by("role", "pk")
    user = people.filter(username=username).first() if username else people.first()
    if user is None:
        who = f"no active admin or researcher {username!r}" if username else "no admin or researcher yet"
        raise CommandError(f"There is {who}: `manage.py create_user NAME --role admin` makes one.")
    return user
