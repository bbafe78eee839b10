import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.accounts.owners import owner
from annotator.checkpoints.models import Checkpoint
from annotator.generation.batches import create_batch
from annotator.generation.choosing import PromptFilter
from annotator.generation.estimates import Estimate, estimate_batch
from annotator.generation.filling import fill_batch
from annotator.generation.models import Reason
from annotator.generation.planning import SourceRequest
from annotator.prompts.models import PromptSet, Split


class Command(BaseCommand):
    help = "Queues a batch: prompts of a set, animated by one or more checkpoints, to be judged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--set", required=True, help="the prompt set's name")
        parser.add_argument(
            "--source",
            action="append",
            required=True,
            metavar="CHECKPOINT[:CLIPS[:SETTING=VALUE,…]]",
            help="a checkpoint, its clips a prompt (default 1), sampler settings: teacher-a:2:steps=25; repeat it",
        )
        parser.add_argument("--split", action="append", choices=Split.values, help="default: hitl; repeat it for both")
        parser.add_argument(
            "--words", action="append", metavar="WORD", help="only captions with it; repeat it for any of"
        )
        parser.add_argument("--unused", action="store_true", help="only prompts that no batch has had")
        parser.add_argument("--sample", type=int, metavar="N", help="so many of them, always the same ones")
        parser.add_argument("--overlap", type=int, default=1, help="people who judge each task")
        parser.add_argument("--priority", type=int, default=0, help="higher goes first")
        parser.add_argument("--person-share", type=float, default=0.3, help="of the batch that one person may judge")
        parser.add_argument("--gold-rate", type=float, default=0, help="share of tasks with a known answer, up to 0.3")
        parser.add_argument("--repeat-rate", type=float, default=0, help="share of tasks given again, up to 0.2")
        parser.add_argument("--instructions", default="", help="shown to annotators")
        parser.add_argument("--pooled", action="store_true", help="only people let in, on its page, may annotate it")
        parser.add_argument(
            "--reason", action="append", choices=Reason.values, help="offered for what is not picked; repeat it"
        )
        parser.add_argument("--seed-base", type=int, help="an earlier batch's, to ask for its clips again")
        parser.add_argument("--dry-run", action="store_true", help="only says how much it would be")
        parser.add_argument("--owner", help="username; default: the first admin or researcher")

    def handle(self, *args: Any, **options: Any) -> None:
        prompt_set = PromptSet.objects.filter(name=options["set"]).first()
        if prompt_set is None:
            known = ", ".join(PromptSet.objects.order_by("name").values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no prompt set {options['set']!r}; there are: {known}.")
        asked: dict[str, Any] = {
            "prompt_set_id": prompt_set.pk,
            "sources": [self.source(text) for text in options["source"]],
            "chosen": PromptFilter(
                splits=options["split"] or [Split.HITL],
                words=options["words"] or [],
                unused_only=options["unused"],
                sample=options["sample"],
            ),
            "seed_base": options["seed_base"],
        }
        try:
            if options["dry_run"]:
                self.tell(estimate_batch(**asked))
                return
            batch = create_batch(
                **asked,
                name=options["name"],
                overlap=options["overlap"],
                priority=options["priority"],
                person_share=options["person_share"],
                gold_rate=options["gold_rate"],
                repeat_rate=options["repeat_rate"],
                instructions=options["instructions"],
                pooled=options["pooled"],
                reasons=options["reason"] or [],
                created_by=owner(options["owner"]),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        while fill_batch(batch.pk):
            pass
        batch.refresh_from_db()
        clips = batch.prompt_count * sum(source.clips_per_prompt for source in batch.sources.all())
        self.stdout.write(f"Batch {batch.pk}, {batch.name}: {batch.prompt_count} tasks, {clips} clips.")

    def tell(self, estimate: Estimate) -> None:
        self.stdout.write(f"{estimate.tasks} tasks, {estimate.clips} clips, {estimate.already_there} already there.")
        for source in estimate.sources:
            pace = "not measured yet" if source.seconds_a_clip is None else f"{source.seconds_a_clip:.1f} s each"
            roughly = ", with other settings" if source.same_settings is False else ""
            told = f"{source.to_make} to make, {pace}{roughly}" if source.to_make else "nothing to make"
            self.stdout.write(f"  {source.checkpoint}: {told}")
        if estimate.worker_seconds is None:
            self.stdout.write("How long it takes is not known before each checkpoint has made a clip.")
        else:
            minutes = f"{estimate.worker_seconds / 60:.1f} minutes of one worker"
            self.stdout.write(f"{minutes}; {estimate.workers} of them run now.")

    def source(self, text: str) -> SourceRequest:
        name, _, rest = text.partition(":")
        clips, _, pairs = rest.partition(":")
        checkpoint = Checkpoint.objects.filter(name=name).first()
        if checkpoint is None:
            known = ", ".join(Checkpoint.objects.order_by("name").values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no checkpoint {name!r}; there are: {known}.")
        if clips and not clips.isdecimal():
            raise CommandError(f"{text!r}: the number of clips is expected after the first colon, not {clips!r}.")
        return SourceRequest(
            checkpoint_id=checkpoint.pk, settings=self.settings(pairs), clips_per_prompt=int(clips or 1)
        )

    def settings(self, pairs: str) -> dict[str, Any]:
        """`steps=25,dtype=float32`: values are JSON where they can be read so, else text."""
        settings: dict[str, Any] = {}
        for pair in filter(None, pairs.split(",")):
            name, equals, value = pair.partition("=")
            if not equals:
                raise CommandError(f"{pair!r}: SETTING=VALUE is expected.")
            try:
                settings[name] = json.loads(value)
            except json.JSONDecodeError:
                settings[name] = value
        return settings
