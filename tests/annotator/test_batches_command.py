"""`manage.py create_batch`: the same batch from a command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotator.generation import filling
from annotator.generation.models import Batch, Clip
from tests.annotator.actors import checkpoint
from tests.annotator.studio import GpuWorker, clips_of, owner, prompt_set, queued_batch, source

pytestmark = pytest.mark.django_db


def create(*sources: str, prompts: str, **options: object) -> str:
    out = StringIO()
    asked = [word for source in sources for word in ("--source", source)]
    call_command("create_batch", "Nightly", "--set", prompts, *asked, stdout=out, **options)
    return out.getvalue()


def test_it_makes_the_whole_batch_however_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 6)
    checkpoint("teacher-a")
    checkpoint("student-b")
    prompts = prompt_set(5)
    said = create(
        "teacher-a:2:steps=25,dtype=float32,bucket=null",
        "student-b",
        prompts=prompts.name,
        overlap=2,
        reason=["edges"],
        pooled=True,
    )
    batch = Batch.objects.get()
    assert said == f"Batch {batch.pk}, Nightly: 5 tasks, 15 clips.\n"
    assert Clip.objects.count() == 15
    assert (batch.overlap, batch.reasons, batch.pooled, batch.created_by) == (2, ["edges"], True, owner())
    settings = batch.sources.get(checkpoint__name="teacher-a").settings
    assert (settings["steps"], settings["dtype"], settings["bucket"]) == (25, "float32", None)


def test_a_dry_run_says_how_much_it_would_be_and_makes_nothing() -> None:
    known, _ = checkpoint("teacher-a"), checkpoint("student-b")
    prompts = prompt_set(5)
    earlier = queued_batch(prompts=prompts, sources=[source(known, 2)])
    GpuWorker().finish(*clips_of(earlier)[:2])
    GpuWorker().beat()
    said = create("teacher-a:2", "student-b", prompts=prompts.name, sample=4, dry_run=True)
    assert said.splitlines() == [
        "4 tasks, 12 clips, 0 already there.",
        "  teacher-a: 8 to make, 1.5 s each",
        "  student-b: 4 to make, not measured yet",
        "How long it takes is not known before each checkpoint has made a clip.",
    ]
    said = create("teacher-a:2:steps=16", prompts=prompts.name, dry_run=True)
    assert said.splitlines()[1:] == [
        "  teacher-a: 10 to make, 3.0 s each, with other settings",
        "0.5 minutes of one worker; 1 of them run now.",
    ]
    assert Batch.objects.get() == earlier


def test_only_the_prompts_asked_for_are_taken() -> None:
    checkpoint("teacher-a")
    create("teacher-a:2", prompts=prompt_set(12).name, words=["number 1"], unused=True, sample=2)
    batch = Batch.objects.get()
    assert (batch.prompt_count, batch.words, batch.unused_only, batch.sample) == (2, ["number 1"], True, 2)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("nobody", "There is no checkpoint 'nobody'; there are: teacher-a."),
        ("teacher-a:many", "the number of clips is expected after the first colon, not 'many'"),
        ("teacher-a:2:steps", "'steps': SETTING=VALUE is expected"),
        ("teacher-a:2:steps=99", "steps is 99: a whole number from 1 to 50 is expected."),
        ("teacher-a", "2 to 9 candidates and these sources make 1"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_made(asked: str, says: str) -> None:
    checkpoint("teacher-a")
    with pytest.raises(CommandError, match=says.replace("(", r"\(")):
        create(asked, prompts=prompt_set(1).name)
    assert not Batch.objects.exists()


def test_an_unknown_set_lists_those_there_are() -> None:
    checkpoint("teacher-a")
    known = prompt_set(1).name
    with pytest.raises(CommandError, match=f"no prompt set 'Spring'; there are: {known}"):
        create("teacher-a:2", prompts="Spring")
