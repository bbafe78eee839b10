"""Judged tasks, row by row, for tests of what comes after judging."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import count
from uuid import uuid4

from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.models import Annotation, Assignment, AssignmentState, Revision, Verdict
from annotator.checkpoints.models import Checkpoint, CheckpointRole, Engine
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Task, TaskKind, TaskState
from annotator.prompts.models import Prompt, PromptSet

numbers = count(1)


def a_hash() -> str:
    return sha256(str(next(numbers)).encode()).hexdigest()


def a_checkpoint(name: str, role: CheckpointRole = CheckpointRole.TEACHER) -> Checkpoint:
    return Checkpoint.objects.create(
        name=name, role=role, engine=Engine.STICKER_DIFFUSION, uri=f"checkpoints/{name}", sha256=a_hash(), parameters=1
    )


@dataclass
class Judging:
    """A batch over `checkpoints`; every call of `judge` adds a judged task."""

    by: User
    checkpoints: list[Checkpoint]
    name: str = "Spring batch"
    set_name: str = "Spring"
    batch: Batch = field(init=False)

    def __post_init__(self) -> None:
        prompt_set, _ = PromptSet.objects.get_or_create(name=self.set_name, defaults={"created_by": self.by})
        self.batch = Batch.objects.create(
            name=self.name, prompt_set=prompt_set, seed_base=1, created_by=self.by, overlap=3
        )

    def prompt(self, caption: str = "a dog jumping") -> Prompt:
        return Prompt.objects.create(
            prompt_set=self.batch.prompt_set,
            external_id=f"p{next(numbers)}",
            caption=caption,
            sticker=f"{a_hash()}.png",
        )

    def task(self, prompt: Prompt | None = None, *, kind: TaskKind = TaskKind.ORDINARY) -> Task:
        """With one ready clip of each checkpoint."""
        prompt = prompt or self.prompt()
        task = Task.objects.create(
            batch=self.batch, prompt=prompt, kind=kind, missing_clips=0, overlap=3, state=TaskState.DONE
        )
        for checkpoint in self.checkpoints:
            clip = Clip.objects.create(
                key=a_hash(),
                checkpoint=checkpoint,
                caption=prompt.caption,
                sticker=prompt.sticker,
                settings={"steps": 8, "size": 320, "text_scale": 1.5},
                seed=2**40 + next(numbers),
                sampler_version=1,
                grouping=a_hash(),
                state=ClipState.READY,
                sheet=f"{a_hash()}.webp",
                animation=f"{a_hash()}.webp",
                master=f"{a_hash()}.webp",
                media={"frames": 8, "columns": 4, "cell": 320, "frame_rate": 8},
            )
            Candidate.objects.create(task=task, clip=clip)
        return task

    def judge(
        self,
        task: Task,
        by: User,
        *,
        shareable: set[Checkpoint],
        counted: bool = True,
        comment: str = "",
        reasons: Sequence[str] = (),
    ) -> Annotation:
        """One submission; a second one for the same person is a revision that supersedes the first. What is not
        shareable is so for these reasons."""
        candidates = list(task.candidates.select_related("clip__checkpoint").order_by("-id"))
        assignment, _ = Assignment.objects.get_or_create(
            task=task,
            user=by,
            defaults={
                "slots": [candidate.pk for candidate in candidates],
                "state": AssignmentState.SUBMITTED,
                "leased_at": timezone.now(),
                "lease_until": timezone.now() + timedelta(minutes=15),
            },
        )
        annotation, _ = Annotation.objects.get_or_create(assignment=assignment, defaults={"counted": counted})
        annotation.revisions.update(current=False)
        Task.objects.filter(pk=task.pk).update(tally_due=True)
        revision = Revision.objects.create(
            annotation=annotation,
            submission=uuid4(),
            number=annotation.revisions.count() + 1,
            none_shareable=not shareable,
            elapsed_ms=4200,
            device="keyboard",
            comment=comment,
        )
        Verdict.objects.bulk_create(
            Verdict(
                revision=revision,
                candidate=candidate,
                slot=slot,
                shareable=candidate.clip.checkpoint in shareable,
                reasons=[] if candidate.clip.checkpoint in shareable else list(reasons),
            )
            for slot, candidate in enumerate(candidates, start=1)
        )
        return annotation
