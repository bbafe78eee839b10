"""The whole way of a clip through real processes, one of which is killed: nothing is lost, nothing is done twice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.accounts.models import User
from annotator.checkpoints.registration import register_checkpoint
from annotator.generation.batches import create_batch
from annotator.generation.models import Batch, Clip, ClipState, Task, TaskState
from annotator.generation.planning import SourceRequest
from annotator.prompts.prompts import add_prompt, create_prompt_set
from tests.conftest import Live
from tests.inference_worker.conftest import save_tiny_checkpoint

STICKERS = sorted((Path(__file__).parents[2] / "demo" / "stickers").glob("*.png"))
PROMPTS, CLIPS_PER_PROMPT = 8, 3


@pytest.fixture
def batch(researcher: User, tmp_path: Path) -> Batch:
    checkpoint, _ = register_checkpoint(place=str(save_tiny_checkpoint(tmp_path / "tiny")))
    prompt_set = create_prompt_set(name="Killed", by=researcher, licence="OFL-1.1")
    for sticker in STICKERS[:PROMPTS]:
        add_prompt(prompt_set=prompt_set, caption=f"a {sticker.stem} jumping", image=sticker.read_bytes())
    source = SourceRequest(
        checkpoint_id=checkpoint.pk,
        settings={"steps": 20, "size": 64, "dtype": "float32"},
        clips_per_prompt=CLIPS_PER_PROMPT,
    )
    return create_batch(name="Killed", prompt_set_id=prompt_set.pk, sources=[source], created_by=researcher)


def ready() -> int:
    return Clip.objects.filter(state=ClipState.READY).count()


def in_hand() -> bool:
    return Clip.objects.filter(state=ClipState.RUNNING).exists()


@pytest.mark.processes
@pytest.mark.timeout(240)
def test_a_batch_completes_within_a_minute_of_a_killed_workers_return(
    live: Live, batch: Batch, wait_until: Callable[..., None]
) -> None:
    # Without the niceness of the Procfile: on a busy machine it would be what is measured.
    live.lines["worker"] = "python -m inference_worker"
    live.start("dispatcher")
    live.start("results")
    worker = live.start("worker")
    wait_until(lambda: ready() >= 4 and in_hand(), seconds=120, what="four clips are ready, and others in hand")
    worker.popen.kill()
    worker.popen.wait()
    assert in_hand(), "killed with work in hand"
    before = dict(Clip.objects.filter(state=ClipState.READY).values_list("key", "ready_at"))
    assert len(before) < PROMPTS * CLIPS_PER_PROMPT

    live.start("worker")
    wait_until(lambda: ready() == PROMPTS * CLIPS_PER_PROMPT, seconds=60, what="every clip is ready")
    clips = list(Clip.objects.all())
    assert len({clip.key for clip in clips}) == len(clips) == PROMPTS * CLIPS_PER_PROMPT
    assert {clip.key: clip.ready_at for clip in clips if clip.key in before} == before, (
        "what was ready stayed as it was"
    )
    assert max(clip.attempt for clip in clips) == 2
    tasks = list(Task.objects.filter(batch=batch))
    assert {(task.state, task.missing_clips) for task in tasks} == {(TaskState.OPEN, 0)}
    assert sorted(task.position or 0 for task in tasks) == list(range(1, PROMPTS + 1)), "each opened once"
