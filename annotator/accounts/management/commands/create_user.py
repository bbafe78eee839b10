from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.accounts.models import Role
from annotator.accounts.people import create_person


class Command(BaseCommand):
    help = "Makes an account. Without --password it is entered by `manage.py signin_link NAME`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, default=Role.ANNOTATOR)
        parser.add_argument("--password", action="store_true", help="ask for a password at the terminal")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass("Password: ") if options["password"] else None
        try:
            user = create_person(username=options["username"], role=Role(options["role"]), password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{user.username} is here as {user.role}.")
