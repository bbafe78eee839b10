"""Two releases side by side: what only one of them has, and what they say otherwise of the same clips."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from annotator.releases.judged import JudgedTask
from annotator.releases.manifest import opened
from annotator.releases.models import Release
from annotator.releases.rule import Rule

MOST_SHOWN = 50


def compare(one: Release, other: Release) -> dict[str, Any]:
    """Both are read once, task by task, for both are sorted so. Raises ManifestError and BlobError."""
    counts: Counter[str] = Counter()
    changes: list[dict[str, Any]] = []
    with opened(one) as ones, opened(other) as others:
        for before, after in side_by_side(ones, others):
            if before is None or after is None:
                counts["tasks_only_here" if after is None else "tasks_only_there"] += 1
                continue
            counts["tasks_in_both"] += 1
            heard = [{annotation.submission for annotation in task.annotations} for task in (before, after)]
            counts["annotations_only_here"] += len(heard[0] - heard[1])
            counts["annotations_only_there"] += len(heard[1] - heard[0])
            labels = [labelled(before, Rule.of(one.rule)), labelled(after, Rule.of(other.rule))]
            counts["clips_in_both"] += len(labels[0].keys() & labels[1].keys())
            changed = [key for key, label in labels[0].items() if labels[1].get(key, label) != label]
            counts["labels_changed"] += len(changed)
            for key in changed[: MOST_SHOWN - len(changes)]:
                changes.append(
                    {
                        "prompt_set": before.prompt_set,
                        "prompt": before.prompt,
                        "caption": before.caption,
                        "clip": key,
                        "shareable_here": labels[0][key],
                        "shareable_there": labels[1][key],
                    }
                )
    return {**{name: counts[name] for name in COUNTED}, "changes": changes}


COUNTED = (
    *("tasks_in_both", "tasks_only_here", "tasks_only_there", "clips_in_both", "labels_changed"),
    *("annotations_only_here", "annotations_only_there"),
)


def labelled(task: JudgedTask, rule: Rule) -> dict[str, bool]:
    keys = (clip.key for clip in task.clips)
    return dict(zip(keys, rule.shareable(task), strict=True))


def side_by_side(
    ones: Iterator[JudgedTask], others: Iterator[JudgedTask]
) -> Iterator[tuple[JudgedTask | None, JudgedTask | None]]:
    one, other = next(ones, None), next(others, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.task < other.task):
            yield one, None
            one = next(ones, None)
        elif one is None or other.task < one.task:
            yield None, other
            other = next(others, None)
        else:
            yield one, other
            one, other = next(ones, None), next(others, None)
