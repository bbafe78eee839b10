"""What lineage speaks of, each as a kind, a key by which it is asked for, a name, and a page where it has one."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import TextChoices

from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Batch, Clip
from annotator.promotion.models import Promotion
from annotator.prompts.models import Prompt
from annotator.releases.models import Export, Release
from annotator.training.models import TrainingRun

SHORT = 12


class Kind(TextChoices):
    """The kinds that have a lineage of their own."""

    CHECKPOINT = "checkpoint"
    RELEASE = "release"
    CLIP = "clip"
    LABEL = "label"
    PROMPT = "prompt"
    PERSON = "person"
    PROMOTION = "promotion"


@dataclass(frozen=True, kw_only=True)
class Node:
    """`how` says in what way it is connected; `key` is empty where it has no lineage of its own."""

    kind: str
    key: str = ""
    name: str
    how: str = ""
    href: str = ""
    withdrawn: bool = False

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def checkpoint_node(checkpoint: Checkpoint, how: str) -> Node:
    return Node(kind=Kind.CHECKPOINT, key=str(checkpoint.pk), name=checkpoint.name, how=how)


def release_node(release: Release, how: str) -> Node:
    return Node(
        kind=Kind.RELEASE, key=str(release.public_id), name=release.name, how=how,
        href=f"/releases/{release.public_id}", withdrawn=release.withdrawn_at is not None,
    )  # fmt: skip


def clip_node(clip: Clip, how: str) -> Node:
    return Node(kind=Kind.CLIP, key=clip.key, name=f"{clip.caption} ({clip.key[:SHORT]}…)", how=how)


def prompt_node(prompt: Prompt, how: str) -> Node:
    return Node(
        kind=Kind.PROMPT, key=str(prompt.pk), name=prompt.caption, how=how, href=f"/prompts/{prompt.prompt_set_id}",
        withdrawn=prompt.withdrawn_at is not None,
    )  # fmt: skip


def batch_node(batch: Batch, how: str) -> Node:
    return Node(kind="batch", name=batch.name, how=how, href=f"/batches/{batch.pk}")


def promotion_node(promotion: Promotion, how: str) -> Node:
    return Node(
        kind=Kind.PROMOTION, key=str(promotion.pk), name=f"{promotion.checkpoint}, {promotion.promoted_at:%Y-%m-%d}",
        how=how, href=f"/batches/{promotion.batch_id}/selection", withdrawn=promotion.revoked_at is not None,
    )  # fmt: skip


def run_node(run: TrainingRun, how: str) -> Node:
    return Node(kind="training run", name=run.name, how=how)


def export_node(export: Export, how: str) -> Node:
    return Node(kind="export", name=f"{export.get_layout_display()}, {export.state}", how=how, href="/releases")
