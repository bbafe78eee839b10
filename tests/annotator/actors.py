"""Named people who act over the API, and batches that are ready to be judged without a model having run."""

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from annotator.accounts.models import Role, User
from annotator.annotation.models import Assignment
from annotator.checkpoints.models import Checkpoint, CheckpointRole, Engine
from annotator.generation.lines import open_tasks
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Source, Task
from annotator.prompts.models import Prompt, PromptSet

SHEET = {"frames": 8, "columns": 4, "cell": 320, "frame_rate": 8}
AT_ONCE = 5000
numbers = count(1)

Json = dict[str, Any]


def blob(what: str, extension: str) -> str:
    """A blob name as it would look; there are no bytes behind it."""
    return f"{sha256(what.encode()).hexdigest()}.{extension}"


def person(username: str = "", role: Role = Role.ANNOTATOR) -> User:
    return User.objects.create_user(username or f"{role}-{next(numbers)}", password="just a test", role=role)


def checkpoint(name: str = "", role: CheckpointRole = CheckpointRole.TEACHER) -> Checkpoint:
    name = name or f"model-{next(numbers)}"
    digest = sha256(name.encode()).hexdigest()
    return Checkpoint.objects.create(
        name=name,
        role=role,
        engine=Engine.STICKER_DIFFUSION,
        uri=f"file:///models/{name}",
        sha256=digest,
        parameters=1000,
    )


def open_batch(
    *,
    tasks: int = 3,
    candidates: int = 4,
    overlap: int = 1,
    checkpoints: int = 2,
    person_share: float = 1.0,
    **more: Any,
) -> Batch:
    """A batch whose clips are all ready and whose tasks are all open, in the order of their prompts.

    The candidates of a task come from `checkpoints` models in turn. Made in bulk: 100,000 tasks take about a minute.
    """
    number = next(numbers)
    owner = User.objects.filter(role=Role.RESEARCHER).first() or person(role=Role.RESEARCHER)
    prompt_set = PromptSet.objects.create(name=f"Set {number}", licence="CC0-1.0", created_by=owner)
    models = [checkpoint() for _ in range(checkpoints)]
    batch = Batch.objects.create(
        name=f"Batch {number}", prompt_set=prompt_set, splits=["hitl"], prompt_count=tasks, filled_at=timezone.now(),
        overlap=overlap, seed_base=number, person_share=person_share, created_by=owner, **more,
    )  # fmt: skip
    for model in models:
        Source.objects.create(batch=batch, checkpoint=model, clips_per_prompt=-(-candidates // checkpoints))
    for first in range(0, tasks, AT_ONCE):
        fill(batch, models, range(first, min(tasks, first + AT_ONCE)), candidates)
    batch.refresh_from_db()
    return batch


def fill(batch: Batch, models: list[Checkpoint], indices: range, candidates: int) -> None:
    prompts = Prompt.objects.bulk_create(
        Prompt(
            prompt_set=batch.prompt_set, external_id=f"p{index}", caption=f"a sticker, number {index}, jumping",
            sticker=blob(f"sticker {batch.pk} {index}", "png"),
        )
        for index in indices
    )  # fmt: skip
    clips = Clip.objects.bulk_create(
        ready_clip(batch, prompt, models[place % len(models)], place)
        for prompt in prompts
        for place in range(candidates)
    )
    tasks = Task.objects.bulk_create(
        Task(batch=batch, prompt=prompt, missing_clips=0, overlap=batch.overlap) for prompt in prompts
    )
    owners = [task for task in tasks for _ in range(candidates)]
    Candidate.objects.bulk_create(Candidate(task=task, clip=clip) for task, clip in zip(owners, clips, strict=True))
    place_in_line(batch, tasks)


def place_in_line(batch: Batch, tasks: list[Task]) -> None:

    for first in range(0, len(tasks), 200):
        with transaction.atomic():
            open_tasks(batch.pk, [task.pk for task in tasks[first : first + 200]])


def ready_clip(batch: Batch, prompt: Prompt, model: Checkpoint, place: int) -> Clip:
    key = sha256(f"{batch.pk} {prompt.pk} {model.pk} {place}".encode()).hexdigest()
    return Clip(
        key=key, checkpoint=model, caption=prompt.caption, sticker=prompt.sticker, settings={"steps": 8}, seed=place,
        sampler_version=1, grouping=model.sha256, wanted_by=batch, state=ClipState.READY, attempt=1,
        sheet=blob(f"sheet {key}", "webp"), animation=blob(f"animation {key}", "webp"),
        master=blob(f"master {key}", "webp"), media=SHEET, ready_at=timezone.now(),
    )  # fmt: skip


def answer(assignment: Json, *shareable: int, revision: int = 1, **more: Any) -> Json:
    """The body of a submission that calls these slots shareable."""
    return {
        "submission": str(uuid4()),
        "revision": revision,
        "shareable": list(shareable),
        "none": not shareable,
        "elapsed_ms": 4000,
        "watched_ms": [1500] * len(assignment["slots"]),
        "device": "keyboard",
        **more,
    }


@dataclass
class Actor:
    """Somebody signed in, and what they can do on the annotate page. Answers that are no 200 fail the test."""

    user: User
    client: APIClient = field(default_factory=APIClient)

    def __post_init__(self) -> None:
        self.client.force_login(self.user)

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        response = self.client.get(f"/api/v1/{path}", query)
        assert response.status_code == status, response.content
        return response.json()

    def post(self, path: str, body: Json | None = None, status: int = 200) -> Any:
        response = self.client.post(f"/api/v1/{path}", body or {}, format="json")
        assert response.status_code == status, response.content
        return response.json()

    def put(self, path: str, body: Json, status: int = 200) -> Any:
        response = self.client.put(f"/api/v1/{path}", body, format="json")
        assert response.status_code == status, response.content
        return response.json()

    def patch(self, path: str, body: Json, status: int = 200) -> Any:
        response = self.client.patch(f"/api/v1/{path}", body, format="json")
        assert response.status_code == status, response.content
        return response.json()

    def lease(self, batch: Batch, count: int = 4, holding: list[str] | None = None) -> Any:
        return self.post(f"annotate/batches/{batch.public_id}/leases/", {"count": count, "holding": holding or []})

    def take_one(self, batch: Batch) -> Json:
        """The one task in hand; fails if the person got none."""
        (assignment,) = self.lease(batch, count=1)["assignments"]
        taken: Json = assignment
        return taken

    def submit(self, assignment: Json, *shareable: int, status: int = 200, want: int = 0, **more: Any) -> Any:
        body = answer(assignment, *shareable, want=want, **more)
        return self.put(f"annotate/assignments/{assignment['id']}/", body, status=status)

    def skip(self, assignment: Json, reason: str = "", want: int = 0) -> Any:
        return self.post(f"annotate/assignments/{assignment['id']}/skip/", {"reason": reason, "want": want})

    def flag(self, assignment: Json, kind: str, slot: int | None = None, status: int = 200) -> Any:
        body = {"kind": kind, "slot": slot, "want": 0}
        return self.post(f"annotate/assignments/{assignment['id']}/flag/", body, status=status)

    def judge_all(self, batch: Batch) -> int:
        """Judges until nothing is left for this person; how many tasks that were."""
        judged = 0
        while assignments := self.lease(batch)["assignments"]:
            for assignment in assignments:
                self.submit(assignment, 1)
                judged += 1
        return judged


def annotator(name: str = "") -> Actor:
    return Actor(person(name, Role.ANNOTATOR))


def researcher(name: str = "") -> Actor:
    return Actor(person(name, Role.RESEARCHER))


def admin(name: str = "") -> Actor:
    return Actor(person(name, Role.ADMIN))


def row(assignment: Json) -> Assignment:
    return Assignment.objects.select_related("task").get(pk=assignment["id"])


def overdue(*assignments: Json) -> None:
    """Moves the end of these leases into the past."""
    ids = [assignment["id"] for assignment in assignments]
    Assignment.objects.filter(pk__in=ids).update(lease_until=timezone.now() - timedelta(seconds=1))
