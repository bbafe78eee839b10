from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.accounts.models import Role, User
from annotator.prompts.imports import ImportRefusedError, import_prompts

MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Imports prompts from a CSV file with the columns caption and sticker (an image file, relative to the CSV "
        "file), and if you like external_id and split (hitl or heldout). All of it or nothing; running it again adds "
        "only what is new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("csv", type=Path)
        parser.add_argument("--set", required=True, help="the prompt set's name; made when it is new")
        parser.add_argument("--licence", default="", help="under which the stickers may be used")
        parser.add_argument("--description", default="")
        parser.add_argument("--owner", help="username; default: the first admin or researcher")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            prompt_set, added, there = import_prompts(
                file=options["csv"],
                set_name=options["set"],
                by=self.owner(options["owner"]),
                licence=options["licence"],
                description=options["description"],
            )
        except ImportRefusedError as refusal:
            shown = refusal.problems[:MOST_SHOWN]
            more = len(refusal.problems) - len(shown)
            tail = [f"… and {more} more"] if more else []
            raise CommandError("\n".join(["Nothing was imported:", *shown, *tail])) from None
        self.stdout.write(f"{prompt_set.name}: {added} prompts added, {there} were there already.")

    def owner(self, username: str | None) -> User:
        people = User.objects.filter(is_active=True).exclude(role=Role.ANNOTATOR).order_by("role", "pk")
        user = people.filter(username=username).first() if username else people.first()
        if user is None:
            who = f"no active admin or researcher {username!r}" if username else "no admin or researcher yet"
            raise CommandError(f"There is {who}: `manage.py create_user NAME --role admin` makes one.")
        return user
