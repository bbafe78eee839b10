"""The rule of a selection of labels: what is in it, and what makes a clip shareable."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from annotator.annotation.models import Revision
from annotator.generation.models import TaskKind
from annotator.prompts.models import Split
from annotator.quality.queries import set_aside_now
from annotator.quality.weighted_votes import share_probabilities
from annotator.releases.judged import JudgedTask

ASSIGNMENT = "annotation__assignment"
TASK = f"{ASSIGNMENT}__task"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A clip is shareable where at least `least_shares` of its task's annotations would share it, or, where votes are
    weighed, with a probability of `least_probability`. Tasks with fewer annotations than `least_annotations` are left
    out, and so are clips that somebody passed over for a reason of `reasons_excluded`. Empty `batches` are all of them.
    People who are set aside are never in it.

    `with_surplus`: annotations that came when no slot was left are in it too, marked, and counted nowhere.
    """

    batches: tuple[int, ...] = ()
    splits: tuple[str, ...] = (Split.HITL.value,)
    least_shares: int = 1
    least_annotations: int = 1
    reasons_excluded: tuple[str, ...] = ()
    least_probability: float | None = None
    with_surplus: bool = False

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Rule":
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()
        }
        return cls(**values)

    def stored(self) -> dict[str, Any]:
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    def select(self, task: JudgedTask) -> JudgedTask | None:
        """What of a judged task is in the selection; None where nothing is."""
        if task.counted < self.least_annotations:
            return None
        if not self.reasons_excluded:
            return task
        out = {
            vote.clip
            for annotation in task.annotations
            for vote in annotation.votes
            if not set(self.reasons_excluded).isdisjoint(vote.reasons)
        }
        return task.without(out) if out else task

    def shareable(self, task: JudgedTask) -> list[bool]:
        """By clip of the task."""
        of_clips = zip(task.shares, task.clips, strict=True)
        return [self.labels(shares=shares, probability=clip.probability) for shares, clip in of_clips]

    def labels(self, *, shares: int, probability: float | None) -> bool:
        """A clip with so many shares, or, where votes are weighed, with this probability, as shareable or not."""
        if self.least_probability is None:
            return shares >= self.least_shares
        return probability is not None and probability >= self.least_probability


def probabilities(rule: Rule) -> dict[int, float]:
    """By candidate, where the rule weighs votes; over all that its batches' people said. Raises NotInstalledError."""
    if rule.least_probability is None:
        return {}
    return share_probabilities(batches=rule.batches or None)


def revisions(rule: Rule) -> QuerySet[Revision]:
    """What the rule looks at: of people who are not set aside, and, unless it says otherwise, counted."""
    aside = Exists(set_aside_now().filter(person=OuterRef(f"{ASSIGNMENT}__user")))
    found = speaking_revisions(rule).filter(~aside)
    return found if rule.with_surplus else found.filter(annotation__counted=True)


def speaking_revisions(rule: Rule) -> QuerySet[Revision]:
    """Everybody's current revisions on ordinary tasks of the rule's batches and splits."""
    found = Revision.objects.filter(
        **{"current": True, f"{TASK}__kind": TaskKind.ORDINARY, f"{TASK}__prompt__split__in": rule.splits}
    )
    return found.filter(**{f"{TASK}__batch__in": rule.batches}) if rule.batches else found
