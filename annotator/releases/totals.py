"""What a selection of labels adds up to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from annotator.releases.judged import JudgedTask
from annotator.releases.rule import Rule


@dataclass
class Totals:
    tasks: int = 0
    annotations: int = 0
    verdicts: int = 0
    clips: int = 0
    shareable: int = 0
    prompts: set[Any] = field(default_factory=set)
    people: set[Any] = field(default_factory=set)
    checkpoints: dict[str, list[int]] = field(default_factory=dict)

    def add(self, *, prompt: Any, annotations: int, clips: Iterable[tuple[str, bool]]) -> None:
        """One task; of each clip its checkpoint, and whether it is shareable."""
        self.tasks += 1
        self.prompts.add(prompt)
        self.annotations += annotations
        for checkpoint, shareable in clips:
            self.clips += 1
            self.verdicts += annotations
            self.shareable += shareable
            sums = self.checkpoints.setdefault(checkpoint, [0, 0])
            sums[0] += 1
            sums[1] += shareable

    def add_task(self, task: JudgedTask, rule: Rule) -> None:
        made_by = (clip.checkpoint for clip in task.clips)
        clips = zip(made_by, rule.shareable(task), strict=True)
        self.add(prompt=(task.prompt_set, task.prompt), annotations=task.counted, clips=clips)
        self.people.update(annotation.annotator for annotation in task.annotations)

    def stored(self) -> dict[str, Any]:
        return {
            "tasks": self.tasks,
            "prompts": len(self.prompts),
            "annotations": self.annotations,
            "people": len(self.people),
            "verdicts": self.verdicts,
            "clips": self.clips,
            "shareable": self.shareable,
            "checkpoints": [
                {"name": name, "clips": clips, "shareable": shareable}
                for name, (clips, shareable) in sorted(self.checkpoints.items())
            ],
        }
