from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.accounts.owners import owner
from annotator.prompts.models import Split
from annotator.releases.checking import check_release
from annotator.releases.comparing import compare
from annotator.releases.freezing import freeze_next_release
from annotator.releases.management.commands.export_labels import frozen
from annotator.releases.manifest import ManifestError
from annotator.releases.models import Purpose, Release, ReleaseState
from annotator.releases.releases import create_release
from annotator.releases.rule import Rule
from inference_worker.blobs import BlobError


class Command(BaseCommand):
    help = "Makes, lists, verifies and compares releases."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        make = verbs.add_parser("make", help="freeze labels under a name")
        make.add_argument("name")
        make.add_argument("--purpose", choices=Purpose.values, default=Purpose.TRAINING.value)
        make.add_argument("--batch", type=int, action="append", default=[], metavar="N", help="default: all; repeat it")
        make.add_argument("--split", action="append", choices=Split.values, help="default: hitl; repeat it")
        make.add_argument("--least-shares", type=int, default=1, metavar="K", help="with which a clip is shareable")
        make.add_argument("--least-annotations", type=int, default=1, metavar="N", help="leave out tasks with fewer")
        make.add_argument("--licence", default="")
        make.add_argument("--owner", help="username; default: the first admin or researcher")
        verbs.add_parser("list", help="all of them, newest first")
        verify = verbs.add_parser("verify", help="check manifest, labels and every file of the clips")
        verify.add_argument("name")
        against = verbs.add_parser("compare", help="what two releases have apart")
        against.add_argument("name")
        against.add_argument("other")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {"make": self.make, "list": self.show_all, "verify": self.verify, "compare": self.compare}
        try:
            verbs[options["verb"]](options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except (ManifestError, BlobError) as error:
            raise CommandError(f"{str(error).rstrip('.')}.") from None

    def make(self, options: dict[str, Any]) -> None:
        release = create_release(
            name=options["name"],
            purpose=Purpose(options["purpose"]),
            rule=Rule(
                batches=tuple(options["batch"]),
                splits=tuple(options["split"] or [Split.HITL.value]),
                least_shares=options["least_shares"],
                least_annotations=options["least_annotations"],
            ),
            licence=options["licence"],
            by=owner(options["owner"]),
        )
        while release.state == ReleaseState.QUEUED and freeze_next_release():
            release.refresh_from_db()
        if release.state == ReleaseState.FAILED:
            raise CommandError(f"{release.name}: {release.error}")
        self.stdout.write(f"{release.name} is {release.state}. {summary(release)}".rstrip())

    def show_all(self, options: dict[str, Any]) -> None:
        for release in Release.objects.order_by("-id"):
            state = "withdrawn" if release.withdrawn_at else release.state
            self.stdout.write(f"{release.name}  {release.purpose}  {state}  {summary(release)}".rstrip())

    def verify(self, options: dict[str, Any]) -> None:
        release = frozen(options["name"])
        found = check_release(release)
        for problem in found:
            self.stderr.write(problem)
        if found:
            raise CommandError(f"{release.name} is not what was frozen: {len(found)} problems.")
        self.stdout.write(f"{release.name} is what was frozen. {summary(release)}")

    def compare(self, options: dict[str, Any]) -> None:
        for name, value in compare(frozen(options["name"]), frozen(options["other"])).items():
            if name != "changes":
                self.stdout.write(f"{name.replace('_', ' ')}: {value:,}")


def summary(release: Release) -> str:
    if not release.counts:
        return release.error
    counts = release.counts
    clips = f"{counts['clips']:,} clips, {counts['shareable']:,} of them shareable"
    return f"{clips}, of {counts['tasks']:,} tasks; sha256 {release.sha256}"
