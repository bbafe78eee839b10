"""Judged batches by the hundred thousand tasks, multiplied inside PostgreSQL."""

from hashlib import sha256

from django.db import connection
from django.utils import timezone

from annotator.accounts.models import Role, User
from annotator.checkpoints.models import Checkpoint, CheckpointRole, Engine
from annotator.generation.models import Task, TaskState
from benchmarks.annotation_rows import CANDIDATES, foreign_keys_unchecked, make_batch
from inference_worker.messages import grouping_key

OVERLAP = 3
PEOPLE = 20
VERBS = 24

# One statement a table; tasks and people count from 0. The chance to be shareable is the checkpoint's and the prompt's.
FILL = {
    "clips": """
        UPDATE generation_clip c SET metrics = jsonb_build_object('verb_asked', 'verb ' || t.prompt_id %% {verbs}),
            grouping = g.grouping, timings = jsonb_build_object('sample', 0.5 + random()),
            provenance = '{{"device": "cpu"}}'
        FROM generation_candidate k JOIN generation_task t ON t.id = k.task_id, (VALUES {groupings}) g (id, grouping)
        WHERE k.clip_id = c.id AND c.checkpoint_id = g.id""",
    "assignments": """
        INSERT INTO annotation_assignment (uuid, task_id, user_id, slots, state, lease_until, skip_reason, leased_at)
        SELECT gen_random_uuid(), t.id, {first_person} + (t.id * 7 + n * 3) %% {people}, '[]', 'submitted', now(), '',
            now()
        FROM generation_task t, generate_series(0, {overlap} - 1) n""",
    "annotations": """
        INSERT INTO annotation_annotation (assignment_id, counted, created_at)
        SELECT uuid, true, now() FROM annotation_assignment""",
    "revisions": """
        INSERT INTO annotation_revision (annotation_id, submission, number, current, none_shareable, elapsed_ms,
            watched_ms, device, comment, created_at)
        SELECT id, gen_random_uuid(), 1, true, false, 2000 + random() * 6000, '[]', 'keyboard', '', now()
        FROM annotation_annotation""",
    "verdicts": """
        INSERT INTO annotation_verdict (revision_id, candidate_id, slot, shareable, reasons)
        SELECT r.id, k.id, 1 + (k.id + r.id) %% {candidates},
            random() < 0.15 + 0.1 * (c.checkpoint_id %% 4) + 0.02 * (t.prompt_id %% 13), '[]'
        FROM annotation_revision r JOIN annotation_annotation a ON a.id = r.annotation_id
        JOIN annotation_assignment s ON s.uuid = a.assignment_id JOIN generation_task t ON t.id = s.task_id
        JOIN generation_candidate k ON k.task_id = t.id JOIN generation_clip c ON c.id = k.clip_id""",
    "enrolments": """
        INSERT INTO annotation_enrolment (batch_id, user_id, cursor, judged, to_repeat)
        SELECT t.batch_id, s.user_id, 0, count(*), '[]'
        FROM annotation_assignment s JOIN generation_task t ON t.id = s.task_id GROUP BY 1, 2""",
}


def make_judged(*, tasks: int) -> None:
    """One batch of four checkpoints' clips, wholly judged by OVERLAP people a task."""
    owner = User.objects.create_user("rosa", role=Role.RESEARCHER)
    people = [User.objects.create_user(f"annotator-{number}") for number in range(PEOPLE)]
    checkpoints = [
        Checkpoint.objects.create(
            name=name, role=role, engine=Engine.STICKER_DIFFUSION, uri=f"checkpoints/{name}",
            sha256=sha256(name.encode()).hexdigest(), parameters=1,
        )
        for name, role in [*((f"teacher-{letter}", CheckpointRole.TEACHER) for letter in "abc"),
                           ("student", CheckpointRole.STUDENT)]
    ]  # fmt: skip
    groupings = ", ".join(f"({each.pk}, '{grouping_key(checkpoint=each.sha256, settings={})}')" for each in checkpoints)
    given = {
        "groupings": groupings,
        "verbs": VERBS, "first_person": people[0].pk, "people": PEOPLE, "overlap": OVERLAP, "candidates": CANDIDATES
    }  # fmt: skip
    with foreign_keys_unchecked():
        make_batch(tasks=tasks, overlap=OVERLAP, owner=owner, checkpoints=checkpoints)
        with connection.cursor() as cursor:
            for statement in FILL.values():
                cursor.execute(statement.format(**given), [])
        Task.objects.update(state=TaskState.DONE, open_slots=0, counted=OVERLAP, done_at=timezone.now(), tally_due=True)
