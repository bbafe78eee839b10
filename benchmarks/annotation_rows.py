"""Batches by the hundred thousand: one task through the models, the others multiplied from it inside the database.

A process of its own, for the database that DATABASE_URL names: a `Wish` as JSON on standard input, what was made as
JSON on standard output. Every column that a row has is copied, so that new ones need nothing here.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import Role, User
from annotator.checkpoints.models import Checkpoint, CheckpointRole, Engine
from annotator.generation.lines import open_tasks
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Source, Task
from annotator.prompts.models import Prompt, PromptSet
from benchmarks.annotation_pictures import draw
from benchmarks.annotation_wish import Made, Wish

CANDIDATES = 4
SHEET = {"frames": 8, "columns": 4, "cell": 320, "frame_rate": 8}
# Keys in order: entered at random, their indexes would take longer than all else.
FIRST_NUMBER = 10**9
DIGEST = {
    "postgresql": "md5(random()::text) || md5(random()::text)",
    "sqlite": "lower(hex(randomblob(32)))",
}


def multiply(first: Model, copies: int, **columns: str) -> None:
    """`copies` more rows like `first`, whose ids follow on its own. In `columns`, i counts from 1."""
    fields = [str(field.column) for field in first._meta.concrete_fields]
    columns = {"id": f"{first.pk} + i", **columns}
    values = ", ".join(columns.get(name, f"t.{name}") for name in fields)
    table = first._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(fields)}) "
            "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < %s) "
            f"SELECT {values} FROM {table} t CROSS JOIN numbers WHERE t.id = %s AND i <= %s",
            [copies, first.pk, copies],
        )
        for statement in connection.ops.sequence_reset_sql(no_style(), [type(first)]):
            cursor.execute(statement)


def make_batch(*, tasks: int, overlap: int, owner: User, checkpoints: list[Checkpoint]) -> Batch:
    name = f"{Batch.objects.count() + 1}: {tasks} tasks, overlap {overlap}"
    prompt_set = PromptSet.objects.create(name=name, created_by=owner)
    batch = Batch.objects.create(
        name=name, prompt_set=prompt_set, prompt_count=tasks, filled_at=timezone.now(), overlap=overlap,
        seed_base=1, person_share=1, created_by=owner,
    )  # fmt: skip
    for checkpoint in checkpoints:
        Source.objects.create(batch=batch, checkpoint=checkpoint, clips_per_prompt=CANDIDATES // len(checkpoints))
    digest = sha256(name.encode()).hexdigest()
    prompt = Prompt.objects.create(
        prompt_set=prompt_set, external_id="p", caption="a happy dog jumping, number 0", sticker=f"{digest}.png"
    )
    clip = Clip.objects.create(
        key=digest, checkpoint=checkpoints[0], caption=prompt.caption, sticker=prompt.sticker, settings={},
        seed=1, sampler_version=1, grouping=digest, state=ClipState.READY, sheet=f"{digest}.webp",
        animation=f"{digest}.webp", master=f"{digest}.webp", media=SHEET, ready_at=timezone.now(),
    )  # fmt: skip
    task = Task.objects.create(batch=batch, prompt=prompt, missing_clips=0, overlap=overlap)
    with transaction.atomic():
        open_tasks(batch.pk, [task.pk])
    task.refresh_from_db()
    candidate = Candidate.objects.create(task=task, clip=clip)

    random, picture = DIGEST[connection.vendor], f"({DIGEST[connection.vendor]}) || '.webp'"
    last = tasks - 1
    multiply(prompt, last, external_id=f"'p' || ({FIRST_NUMBER} + i)", caption="'a happy dog jumping, number ' || i",
             sticker=f"({random}) || '.png'")  # fmt: skip
    multiply(
        clip, tasks * CANDIDATES - 1, key=f"'{digest[:40]}' || ({FIRST_NUMBER} + i)", sheet=picture, animation=picture,
        checkpoint_id=f"{checkpoints[0].pk} + i %% {len(checkpoints)}",
    )  # fmt: skip
    multiply(task, last, prompt_id=f"{prompt.pk} + i", position=f"{task.position} + i")
    multiply(candidate, tasks * CANDIDATES - 1, task_id=f"{task.pk} + i / {CANDIDATES}", clip_id=f"{clip.pk} + i")
    Batch.objects.filter(pk=batch.pk).update(next_position=(task.position or 0) + tasks)
    return batch


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


@contextmanager
def foreign_keys_unchecked() -> Iterator[None]:
    """What is multiplied from one row fits together as that row did; looking up ten million keys takes minutes."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = origin")
        # Only what was filled: told that a table is empty, PostgreSQL plans to read all of it, and keeps to that plan
        # while it grows.
        filled = ", ".join(model._meta.db_table for model in (Prompt, Clip, Task, Candidate))
        cursor.execute(f"VACUUM (ANALYZE) {filled}")
        # On disk before a clock starts: flushed in its midst, what was just made held people up by half a second.
        cursor.execute("CHECKPOINT")


def make(wish: Wish) -> Made:
    owner = User.objects.create_user("rosa", role=Role.RESEARCHER)
    checkpoints = [
        Checkpoint.objects.create(
            name=name, role=CheckpointRole.TEACHER, engine=Engine.STICKER_DIFFUSION, uri=f"checkpoints/{name}",
            sha256=sha256(name.encode()).hexdigest(), parameters=1,
        )
        for name in ("first", "second")
    ]  # fmt: skip
    people = [User.objects.create_user(f"annotator-{number}") for number in range(wish.people)]
    with foreign_keys_unchecked():
        batches = [
            make_batch(tasks=tasks, overlap=overlap, owner=owner, checkpoints=checkpoints)
            for tasks, overlap in wish.batches
        ]
    for batch in batches if wish.pictures else []:
        draw(batch)
    return Made([session_of(user) for user in people], [str(batch.public_id) for batch in batches])


def main() -> None:
    json.dump(asdict(make(Wish(**json.load(sys.stdin)))), sys.stdout)
