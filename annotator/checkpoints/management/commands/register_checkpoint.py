from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.checkpoints.models import CheckpointRole
from annotator.checkpoints.registration import RegistrationError, register_checkpoint


class Command(BaseCommand):
    help = (
        "Registers a checkpoint, after checking and hashing its files: a folder with checkpoint.json, safetensors and "
        "README.md, or with the engine.json of a public pipeline, or the URI of one. Running it again changes nothing "
        "but what is given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("place", metavar="FOLDER_OR_URI")
        parser.add_argument("--role", choices=CheckpointRole.values, help="default: teacher")
        parser.add_argument("--name", help="default: the name that the folder says")

    def handle(self, *args: Any, **options: Any) -> None:
        role = CheckpointRole(options["role"]) if options["role"] else None
        try:
            checkpoint, new = register_checkpoint(place=options["place"], role=role, name=options["name"])
        except RegistrationError as error:
            raise CommandError(str(error)) from None
        verb = "Registered" if new else "Known already:"
        self.stdout.write(
            f"{verb} {checkpoint.role} {checkpoint.name}, {checkpoint.parameters:,} parameters, "
            f"sha256 {checkpoint.sha256[:12]}…, at {checkpoint.uri}"
        )
