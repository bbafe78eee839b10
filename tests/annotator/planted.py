"""Simulated annotators with planted truth.

A verdict is a Rasch model's: P(shareable) = σ(θ of the checkpoint + ease of the prompt + leniency of the person), plus
`first_slot` where the clip stands first. Given prompt and person, the odds that i is chosen and j passed over are then
exp(θ_i - θ_j) exactly, which is what Bradley-Terry estimates.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.models import Annotation, Assignment, AssignmentState, Enrolment, Revision, Verdict
from annotator.generation.models import Task
from annotator.quality.sums import Judged, PromptSums

EASE = 1.0


def sigmoid(logits: Any) -> Any:
    return 1 / (1 + np.exp(-logits))


@dataclass(frozen=True)
class World:
    qualities: tuple[float, ...] = (-1.0, -0.5, 0.0, 0.6)
    leniency: tuple[float, ...] = (-0.4, 0.0, 0.4)
    first_slot: float = 0.0

    def chances(self, ease: Any) -> Any:
        """(prompts, people, checkpoints): the chance of each verdict, in a slot that is not the first."""
        return sigmoid(ease[:, None, None] + np.array(self.leniency)[None, :, None] + np.array(self.qualities))

    def judged(self, prompts: int, random: np.random.Generator) -> list[PromptSums]:
        """One clip of each checkpoint, judged once by each person, in a shuffled order."""
        ease = random.normal(0, EASE, prompts)
        chances = self.chances(ease)
        slots = np.argsort(random.random(chances.shape), axis=-1) + 1
        raised = sigmoid(np.log(chances / (1 - chances)) + self.first_slot * (slots == 1))
        shareable = random.random(chances.shape) < raised
        made = []
        for prompt in range(prompts):
            sums = PromptSums()
            for person in range(len(self.leniency)):
                sums.add(
                    [
                        Judged(checkpoint, checkpoint, int(slots[prompt, person, checkpoint]), bool(said))
                        for checkpoint, said in enumerate(shareable[prompt, person])
                    ]
                )
            made.append(sums)
        return made

    def true_rates(self) -> Any:
        """(checkpoints,), by integration over the prompts' ease."""
        ease = np.linspace(-8, 8, 4001)
        weight = np.exp(-((ease / EASE) ** 2) / 2)
        in_first, elsewhere = self.chances(ease + self.first_slot), self.chances(ease)
        share = 1 / len(self.qualities)
        chances = (share * in_first + (1 - share) * elsewhere).mean(axis=1)
        return (weight[:, None] * chances).sum(axis=0) / weight.sum()

    def true_slot_effect(self) -> float:
        """How much likelier a clip is shared for standing first."""
        ease = np.linspace(-8, 8, 4001)
        weight = np.exp(-((ease / EASE) ** 2) / 2)
        raised = (self.chances(ease + self.first_slot) - self.chances(ease)).mean(axis=(1, 2))
        return float((weight * raised).sum() / weight.sum())


def column(made: list[PromptSums], name: str) -> Counter[Any]:
    """The shapes of a column of PromptTally, as the database would count them."""
    return Counter(sums.columns()[name] for sums in made)


def write_annotations(made: list[tuple[Task, User, list[int], set[int], int]]) -> None:
    """Counted annotations in the database: task, person, candidates in slot order, which of them are shareable, and the
    milliseconds it took."""
    now = timezone.now()
    assignments = [
        Assignment(
            task=task, user=user, slots=order, state=AssignmentState.SUBMITTED, leased_at=now, lease_until=now
        )
        for task, user, order, _, _ in made
    ]  # fmt: skip
    Assignment.objects.bulk_create(assignments)
    annotations = Annotation.objects.bulk_create(Annotation(assignment=each, counted=True) for each in assignments)
    revisions = Revision.objects.bulk_create(
        Revision(annotation=annotation, submission=uuid4(), number=1, none_shareable=not shareable, elapsed_ms=elapsed)
        for annotation, (_, _, _, shareable, elapsed) in zip(annotations, made, strict=True)
    )
    Verdict.objects.bulk_create(
        Verdict(revision=revision, candidate_id=candidate, slot=slot, shareable=candidate in shareable)
        for revision, (_, _, order, shareable, _) in zip(revisions, made, strict=True)
        for slot, candidate in enumerate(order, start=1)
    )
    Task.objects.filter(pk__in={task.pk for task, *_ in made}).update(tally_due=True)
    for batch, user in {(task.batch_id, user.pk) for task, user, *_ in made}:
        judged = sum(task.batch_id == batch and each.pk == user for task, each, *_ in made)
        Enrolment.objects.create(batch_id=batch, user_id=user, judged=judged)
