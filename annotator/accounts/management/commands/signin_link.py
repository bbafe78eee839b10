from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.accounts.models import User
from annotator.accounts.signin import signin_path


class Command(BaseCommand):
    help = "Prints a link that signs somebody in until it expires. Whoever has the link is that person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--hours", type=float, default=12, help="how long the link works (default: 12)")
        parser.add_argument("--site", default="http://localhost:8000", help="where the server is reached")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            name = options["username"]
            raise CommandError(f"There is no active account {name!r}: `manage.py create_user {name}` makes one.")
        self.stdout.write(options["site"].rstrip("/") + signin_path(user=user, hours=options["hours"]))
