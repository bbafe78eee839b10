import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from annotator.accounts.models import Role, User
from annotator.accounts.people import demo_person
from annotator.checkpoints.models import Checkpoint
from annotator.checkpoints.registration import RegistrationError, parents_first, register_checkpoint
from annotator.generation.batches import create_batch
from annotator.generation.models import Batch
from annotator.generation.planning import SourceRequest
from annotator.prompts.models import PromptSet

PROMPTS = settings.BASE_DIR / "demo" / "prompts.csv"
PROMPT_SET = "Emoji stickers"
LICENCE = "SIL Open Font License 1.1 (Noto Emoji)"
CHECKPOINTS = settings.BASE_DIR / "checkpoints"
CANDIDATES = 4
# The best two that are shipped (docs/experiments.md), for a first impression; bases and teachers of one family wait.
SHOWN_FIRST = ("plain", "demo-teacher")
INSTRUCTIONS = "Pick every video that you would send to a friend: it should do what the caption says, and look right."


class Command(BaseCommand):
    help = "Prepares the demo: tables, static files, one account a role, prompts, checkpoints, a first batch."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is for the demo only: set STICKERLOOP_DEMO=1, or run make demo.")
        call_command("migrate", verbosity=0)
        self.collect_static()
        for role in Role:
            demo_person(role=role)
        if not PromptSet.objects.filter(name=PROMPT_SET).exists():
            call_command("import_prompts", PROMPTS, set=PROMPT_SET, licence=LICENCE, stdout=self.stdout)
        for folder in parents_first([file.parent for file in sorted(CHECKPOINTS.glob("*/checkpoint.json"))]):
            self.register(folder)
        if not Batch.objects.exists():
            self.queue_first_batch()

    def register(self, folder: Path) -> None:
        """What was changed since under its old name is left out: the demo's earlier batches name the old weights."""
        try:
            checkpoint, new = register_checkpoint(place=str(folder))
        except RegistrationError as error:
            self.stderr.write(f"{folder.name} is not registered: {error}")
        else:
            if new:
                self.stdout.write(f"Checkpoint {checkpoint.name}: {checkpoint.parameters:,} parameters.")

    def collect_static(self) -> None:
        """Only when a file was added, removed or changed since the last time."""
        seen = hashlib.sha256()
        for finder in get_finders():
            for path, storage in finder.list([]):
                status = Path(storage.path(path)).stat()
                seen.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        if not stamp.exists() or stamp.read_text() != seen.hexdigest():
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
            stamp.write_text(seen.hexdigest())

    def queue_first_batch(self) -> None:
        best = Checkpoint.objects.filter(name__in=SHOWN_FIRST)
        judged = best if best.exists() else Checkpoint.objects.all()
        checkpoints = list(judged.order_by("id")[:CANDIDATES])
        if not checkpoints:
            raise CommandError(f"There is no checkpoint in {CHECKPOINTS}: fetch the whole repository.")
        shares = [CANDIDATES // len(checkpoints) + (n < CANDIDATES % len(checkpoints)) for n in range(len(checkpoints))]
        batch = create_batch(
            name="First batch",
            prompt_set_id=PromptSet.objects.get(name=PROMPT_SET).pk,
            sources=[
                SourceRequest(checkpoint_id=checkpoint.pk, settings={}, clips_per_prompt=share)
                for checkpoint, share in zip(checkpoints, shares, strict=True)
            ],
            created_by=User.objects.get(username=Role.RESEARCHER.value),
            instructions=INSTRUCTIONS,
            person_share=1.0,
        )
        self.stdout.write(f"The first batch is queued: {batch.prompt_count} prompts, {CANDIDATES} clips each.")
