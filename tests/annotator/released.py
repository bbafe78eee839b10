"""Judged tasks whose clips have real files, for tests of releases and exports."""

import zipfile
from io import BytesIO
from pathlib import Path

from django.db.models import QuerySet
from PIL import Image, ImageDraw

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Verdict
from annotator.generation.models import Clip, TaskKind
from annotator.media import store
from annotator.prompts.models import Split
from annotator.releases.exporting import write_export
from annotator.releases.freezing import freeze_next_release
from annotator.releases.models import ClipFiles, Export, Layout, Purpose, Release
from annotator.releases.releases import create_release
from annotator.releases.rule import Rule
from tests.annotator.judged import Judging, a_checkpoint

BOTH = tuple(Split.values)


def drawn(number: int, *, lossless: bool) -> bytes:
    """Three frames of a square that moves; another colour for each number."""
    frames = []
    for step in range(3):
        frame = Image.new("RGBA", (48, 48))
        colour = (number * 37 % 256, number * 91 % 256, number * 151 % 256, 255)
        ImageDraw.Draw(frame).rectangle((step * 8, 8, step * 8 + 20, 30), fill=colour)
        frames.append(frame)
    file = BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=125, loop=0, lossless=lossless)
    return file.getvalue()


def give_files() -> None:
    """Every clip and every prompt gets files of its own in the blob store."""
    for clip in Clip.objects.select_related(None):
        clip.animation = store.put(drawn(clip.pk, lossless=False), "webp")
        clip.master = store.put(drawn(clip.pk, lossless=True), "webp")
        clip.sheet = store.put(drawn(clip.pk + 1000, lossless=True), "webp")
        clip.save(update_fields=["animation", "master", "sheet"])
        sticker = BytesIO()
        Image.new("RGBA", (48, 48), (clip.pk % 256, 9, 9, 255)).save(sticker, "PNG")
        name = store.put(sticker.getvalue(), "png")
        for candidate in clip.candidates.select_related("task__prompt"):
            prompt = candidate.task.prompt
            prompt.sticker = name
            prompt.save(update_fields=["sticker"])


def a_judging(by: User) -> Judging:
    """Two checkpoints and four tasks: one with a revised annotation, one of a surplus, one of which nobody would share
    anything, one heldout; comments and reasons of every kind."""
    made = Judging(by, [a_checkpoint("teacher"), a_checkpoint("student")], name="=1+1, the batch")
    teacher, student = made.checkpoints
    first, second, third = (create_person(username=name, role=Role.ANNOTATOR) for name in ("first", "second", "third"))
    task = made.task(made.prompt('a "quoted", dog\N{SNOWMAN}'))
    made.judge(task, first, shareable={teacher}, comment="superseded")
    made.judge(
        task, first, shareable={student}, reasons=["seam_pops", "edges"], comment='=HYPERLINK("http://evil.example")'
    )
    made.judge(task, second, shareable={student, teacher})
    made.judge(task, third, shareable=set(), counted=False, comment="two\nlines, and a comma")
    made.judge(made.task(made.prompt("@dog")), first, shareable={teacher}, comment="-3")
    none = made.task(made.prompt("a cat spinning"))
    made.judge(none, first, shareable=set())
    made.judge(none, second, shareable=set())
    measured = made.prompt("a heldout fox")
    measured.split = Split.HELDOUT
    measured.save(update_fields=["split"])
    made.judge(made.task(measured), second, shareable={student})
    made.judge(made.task(kind=TaskKind.PRACTICE), first, shareable={teacher})
    give_files()
    return made


def current(*, counted: bool = True) -> QuerySet[Verdict]:
    verdicts = Verdict.objects.filter(revision__current=True, candidate__task__kind=TaskKind.ORDINARY)
    if counted:
        verdicts = verdicts.filter(revision__annotation__counted=True)
    return verdicts.select_related(
        "candidate__clip__checkpoint",
        "candidate__task__batch",
        "candidate__task__prompt__prompt_set",
        "revision__annotation__assignment__user",
    ).order_by("candidate__task", "revision", "slot")


def frozen(name: str, by: User, rule: Rule | None = None, purpose: Purpose = Purpose.MEASURING) -> Release:
    release = create_release(name=name, purpose=purpose, rule=rule or Rule(splits=BOTH), by=by, licence="CC-BY-4.0")
    assert freeze_next_release()
    release.refresh_from_db()
    return release


def exported(
    folder: Path,
    layout: Layout,
    *,
    release: Release | None = None,
    rule: Rule | None = None,
    clips: ClipFiles = ClipFiles.NONE,
    only_shareable: bool = False,
) -> Path:
    """An export, unpacked into a folder."""
    stored = release.rule if release else (rule or Rule(splits=BOTH)).stored()
    export = Export(release=release, rule=stored, layout=layout, clips=clips, only_shareable=only_shareable)
    file = folder / f"{layout}.zip"
    write_export(export, file=file, tell=lambda done, of: None)
    unpacked = folder / layout
    with zipfile.ZipFile(file) as archive:
        archive.extractall(unpacked)
    return unpacked
