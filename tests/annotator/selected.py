"""Batches with planted truth: how often each source's clips are shared, and how long they took to make."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from annotator.checkpoints.models import Checkpoint, CheckpointRole
from annotator.generation.choosing import PromptFilter
from annotator.generation.filling import fill_batches
from annotator.generation.models import Batch, Candidate, Clip, Source, Task
from inference_worker.messages import grouping_key
from tests.annotator.actors import checkpoint, person
from tests.annotator.planted import EASE, sigmoid, write_annotations
from tests.annotator.studio import GpuWorker, clips_of, prompt_set, queued_batch, source


@dataclass(frozen=True)
class Planted:
    """`quality`: the log-odds that a clip is shared, on a prompt as easy as any. `seconds` a clip on `device`."""

    name: str
    quality: float
    seconds: float
    role: CheckpointRole = CheckpointRole.STUDENT
    device: str = "one machine"
    passes: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def teacher(name: str, quality: float, seconds: float, **more: Any) -> Planted:
    return Planted(name, quality, seconds, role=CheckpointRole.TEACHER, **more)


def compared(*planted: Planted, prompts: int = 30, people: int = 2, split: str = "heldout", seed: int = 1) -> Batch:
    """A batch with one clip of each a prompt, all generated and judged. Equal names are one checkpoint."""
    models: dict[str, Checkpoint] = {}
    for each in planted:
        models[each.name] = models.get(each.name) or checkpoint(each.name, each.role)
    batch = queued_batch(
        prompts=prompt_set(prompts, split=split),
        chosen=PromptFilter(splits=[split]),
        sources=[source(models[each.name], 1, **each.settings) for each in planted],
    )
    while fill_batches():
        pass
    made = Source.objects.filter(batch=batch).select_related("checkpoint").order_by("pk")
    truth = {
        grouping_key(checkpoint=row.checkpoint.sha256, settings=row.settings): each
        for row, each in zip(made, planted, strict=True)
    }
    random = np.random.default_rng(seed)
    for clip in clips_of(batch):
        arrives(clip, truth[clip.grouping], spread=random.lognormal(0, 0.01))
    judge(batch, truth, people=people, random=random)
    return batch


def arrives(clip: Clip, planted: Planted, *, spread: float) -> None:
    worker = GpuWorker()
    said = {"device": planted.device, "micro_batch": 4, **({"passes": planted.passes} if planted.passes else {})}
    worker.say(replace(worker.ready(clip), timings={"sample": planted.seconds * spread}, provenance=said))


def judge(batch: Batch, truth: dict[str, Planted], *, people: int, random: np.random.Generator) -> None:
    """As planted.World: the prompt's ease and the source's quality make the chance; slots are shuffled."""
    judges = [person() for _ in range(people)]
    made = []
    for task in Task.objects.filter(batch=batch).order_by("pk"):
        ease = random.normal(0, EASE)
        candidates = list(Candidate.objects.filter(task=task).select_related("clip").order_by("pk"))
        for user in judges:
            order = [candidates[index].pk for index in random.permutation(len(candidates))]
            shareable = {
                each.pk for each in candidates if random.random() < sigmoid(ease + truth[each.clip.grouping].quality)
            }
            made.append((task, user, order, shareable, 4000))
    write_annotations(made)
