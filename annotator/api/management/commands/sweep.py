from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.sweeping import sweep


class Command(BaseCommand):
    help = "Deletes blobs that nothing refers to any more, and results on record that no clip waits for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, default=7, help="spare what was put within this time (default: 7)")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, days: float, dry_run: bool, **options: Any) -> None:
        if days < 0:
            raise CommandError("--days is how old a blob has to be: 0 or more, such as 7")
        swept = sweep(older_than=timedelta(days=days), dry=dry_run)
        verb = "would go" if dry_run else "are gone"
        self.stdout.write(f"{swept.blobs:,} blobs and {swept.records:,} records {verb}; {swept.kept:,} blobs stay.")
