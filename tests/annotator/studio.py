"""Batches that wait for clips, and workers that answer as a real one would, without a model having run."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from annotator.accounts.models import Role, User
from annotator.checkpoints.models import Checkpoint
from annotator.generation import batches, results
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Task, TaskState
from annotator.generation.planning import SourceRequest
from annotator.prompts.models import Prompt, PromptSet
from inference_worker.messages import ClipFailed, ClipReady, ClipsReturned, ClipStarted, Heartbeat, Message
from tests.annotator.actors import SHEET, blob, checkpoint, person

numbers = count(1)

METRICS = {
    "motion_size": 2.5,
    "bucket": 9,
    "identity_db": 31.5,
    "seam_ratio": 1.0,
    "frozen": False,
    "verb_seen": "jumping",
    "verb_seen_probability": 0.93,
}


def owner() -> User:
    return User.objects.filter(role=Role.RESEARCHER).first() or person(role=Role.RESEARCHER)


def prompt_set(prompts: int = 2, *, split: str = "hitl") -> PromptSet:
    number = next(numbers)
    made = PromptSet.objects.create(name=f"Prompts {number}", licence="CC0-1.0", created_by=owner())
    Prompt.objects.bulk_create(
        Prompt(
            prompt_set=made,
            external_id=f"p{index}",
            caption=f"a happy dog, number {index}, jumping",
            sticker=blob(f"sticker {number} {index}", "png"),
            split=split,
        )
        for index in range(prompts)
    )
    return made


def source(model: Checkpoint | None = None, clips: int = 2, **settings: Any) -> SourceRequest:
    return SourceRequest(checkpoint_id=(model or checkpoint()).pk, settings=settings, clips_per_prompt=clips)


def queued_batch(
    *, prompts: int | PromptSet = 2, clips: int = 2, sources: Iterable[SourceRequest] = (), **more: Any
) -> Batch:
    """A batch as a researcher makes it, of one checkpoint unless told otherwise."""
    chosen = prompts if isinstance(prompts, PromptSet) else prompt_set(prompts)
    return batches.create_batch(
        name=f"Batch {next(numbers)}",
        prompt_set_id=chosen.pk,
        sources=list(sources) or [source(clips=clips)],
        created_by=owner(),
        **more,
    )


def clips_of(batch: Batch) -> list[Clip]:
    return list(Clip.objects.filter(candidates__task__batch=batch).order_by("id").distinct())


def tasks_of(batch: Batch) -> list[Task]:
    return list(Task.objects.filter(batch=batch).order_by("id"))


def states(batch: Batch) -> list[str]:
    return [task.state for task in tasks_of(batch)]


def missing_by_count(task: Task) -> int:
    """What `missing_clips` should be: candidates in the task whose clip is neither ready nor failed."""
    return (
        Candidate.objects.filter(task=task, dropped=False)
        .exclude(clip__state__in=[ClipState.READY, ClipState.FAILED])
        .count()
    )


def books_balance() -> None:
    """Fails where the counts kept on tasks differ from what their candidates say."""
    for task in Task.objects.all():
        assert task.missing_clips == missing_by_count(task), task
        kept = Candidate.objects.filter(task=task, dropped=False)
        assert not kept.filter(clip__state=ClipState.FAILED).exists(), "a failed clip stayed in its task"
        assert (task.state == TaskState.FILLING) == (task.missing_clips > 0), task.state
        if task.state == TaskState.OPEN:
            assert kept.count() >= 2
            assert task.open_slots == task.overlap - task.counted


@dataclass
class GpuWorker:
    """What one worker says."""

    name: str = "gpu-1"
    micro_batch: int = 4

    def say(self, message: Message) -> None:
        results.record(kind=type(message).__name__, data=message.to_json())

    def beat(self, *held: Clip, stopping: bool = False) -> None:
        self.say(
            Heartbeat(
                worker=self.name,
                worker_version="1",
                device="test",
                micro_batch=self.micro_batch,
                held=[clip.key for clip in held],
                stopping=stopping,
            )
        )

    def start(self, *clips: Clip) -> None:
        self.say(ClipStarted(worker=self.name, keys=[clip.key for clip in clips]))

    def ready(self, clip: Clip) -> ClipReady:
        return ClipReady(
            worker=self.name,
            key=clip.key,
            attempt=clip.attempt,
            sheet=blob(f"sheet {clip.key} {self.name}", "webp"),
            animation=blob(f"animation {clip.key}", "webp"),
            master=blob(f"master {clip.key}", "webp"),
            media=SHEET,
            metrics=METRICS,
            timings={"sample": 1.5},
        )

    def finish(self, *clips: Clip) -> None:
        for clip in clips:
            self.say(self.ready(clip))

    def fail(
        self, clip: Clip, *, attempt: int | None = None, final: bool = False, error: str = "out of memory"
    ) -> None:
        attempt = clip.attempt if attempt is None else attempt
        self.say(ClipFailed(worker=self.name, key=clip.key, attempt=attempt, error=error, final=final))

    def give_back(self, *clips: Clip) -> None:
        self.say(ClipsReturned(worker=self.name, keys=[clip.key for clip in clips]))
