from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.prompts.models import Split
from annotator.releases.exporting import write_export
from annotator.releases.layouts import LAYOUTS
from annotator.releases.manifest import ManifestError
from annotator.releases.models import ClipFiles, Export, Layout, Purpose, Release, ReleaseState
from annotator.releases.releases import check_rule
from annotator.releases.rule import Rule
from inference_worker.blobs import BlobError
from inference_worker.formats.clip import FormatError


class Command(BaseCommand):
    help = "Writes labels as a zip: of a release, or of all that people have judged so far."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("output", type=Path, metavar="FILE", help="the zip to write")
        parser.add_argument("--layout", choices=Layout.values, default=Layout.VERDICTS_JSONL.value)
        parser.add_argument("--clips", choices=ClipFiles.values, default=ClipFiles.NONE.value)
        parser.add_argument("--release", metavar="NAME", help="a frozen release; its own rule holds")
        parser.add_argument(
            "--batch", type=int, action="append", default=[], metavar="N", help="only batch N; repeat it"
        )
        parser.add_argument("--split", action="append", choices=Split.values, help="default: both; repeat it")
        parser.add_argument("--least-shares", type=int, default=1, metavar="K", help="with which a clip is shareable")
        parser.add_argument("--least-annotations", type=int, default=1, metavar="N", help="leave out tasks with fewer")
        parser.add_argument("--with-surplus", action="store_true", help="also annotations that do not count; marked")
        parser.add_argument("--only-shareable", action="store_true", help="of layouts that have one clip a row")

    def handle(self, *args: Any, **options: Any) -> None:
        layout, clips = Layout(options["layout"]), ClipFiles(options["clips"])
        if clips not in LAYOUTS[layout].clip_kinds:
            raise CommandError(f"--clips: this layout takes one of {', '.join(LAYOUTS[layout].clip_kinds)}.")
        release = frozen(options["release"]) if options["release"] else None
        rule = Rule(
            batches=tuple(options["batch"]),
            splits=tuple(options["split"] or Split.values),
            least_shares=options["least_shares"],
            least_annotations=options["least_annotations"],
            with_surplus=options["with_surplus"],
        )
        try:
            check_rule(rule, purpose=Purpose.MEASURING)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        export = Export(
            release=release,
            rule=release.rule if release else rule.stored(),
            layout=layout,
            clips=clips,
            only_shareable=options["only_shareable"],
        )
        rows = self.write(export, options["output"])
        self.stdout.write(f"{rows:,} rows in {options['output']}.")

    def write(self, export: Export, output: Path) -> int:
        """Beside its place, then moved: nobody finds half an export under the name they asked for."""
        beside = output.with_name(f"{output.name}.part")
        try:
            rows = write_export(export, file=beside, tell=lambda done, of: None)
            beside.replace(output)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}") from None
        except (ManifestError, BlobError, FormatError) as error:
            raise CommandError(f"{str(error).rstrip('.')}.") from None
        finally:
            beside.unlink(missing_ok=True)
        return rows


def frozen(name: str) -> Release:
    release = Release.objects.filter(name=name, state=ReleaseState.FROZEN).first()
    if release is None:
        names = Release.objects.filter(state=ReleaseState.FROZEN).order_by("name").values_list("name", flat=True)
        raise CommandError(f"There is no frozen release {name!r}; there are: {', '.join(names) or 'none yet'}.")
    return release
