"""How large each part of `make loop` is, and why; and which checkpoint plays which part.

Whole, it is to end within 45 minutes on two cores: some 15 minutes of generation and 20 of training. What a clip costs
in each stage, from which this is reckoned, stands in docs/experiments.md (2026-11-27).
"""

from __future__ import annotations

from dataclasses import dataclass

TEACHERS = ("teacher-rigid", "teacher-squash", "teacher-bend")
GENERAL = "general"
BASE = "general-small"
"""What every student starts from: half of the teachers' parameters, camera moves only."""
ORACLE = "plain"
"""One large model that saw the clips of all three teachers, mixed: what a perfect merger could have become."""
STUDENT, UNFILTERED, DISTILLED = "loop-student", "loop-unfiltered", "loop-distilled"
PARTS = {
    "general": GENERAL,
    **{name: name for name in TEACHERS},
    "student_before": BASE,
    "student_unfiltered": UNFILTERED,
    "student_after": STUDENT,
    "student_distilled": DISTILLED,
    "oracle": ORACLE,
}
"""The nine candidates of a blind task, as many as one can hold: part → checkpoint."""
SHIPPED = (GENERAL, BASE, *TEACHERS, ORACLE)
GUIDED = (BASE, UNFILTERED, STUDENT)
"""Students are asked with guidance, which their distillation then makes one pass of three. The shipped teachers gain
nothing by it (docs/experiments.md, 2026-11-22), and are asked as they are shipped."""

FAMILIES_IN_TURN = ("rigid", "squash", "bend", "rigid", "squash", "bend", "particles")
"""Each teacher knows one of the first three best, so these have equal parts. All teachers draw particles alike, and a
student, which has to paint them, is not what is asked about here: a seventh."""

HITL_BATCH, BLIND_BATCH = "HITL, three teachers (simulated annotators, judge A)", "Blind, all (simulated, judge B)"
PROMPT_SET = "Loop (simulated)"
RELEASE = "loop-labels"


@dataclass(frozen=True)
class Plan:
    """`finetune_clips` is the budget of each student, `distil_clips` that of the distillation, in clips seen.

    `bank` is how many training stickers the replayed camera moves show; None are all of the font.
    """

    hitl_prompts: int = 192
    """Of three clips each; about half of them are shared, so that each family has some sixty clips to learn from."""
    blind_prompts: int = 128
    """Twice each held-out sticker that is in the repository: a rate of a half to some ± 8 points."""
    people: int = 6
    overlap: int = 3
    least_shares: int = 2
    """Two of three: one slip of the finger teaches nothing."""
    steps: int = 4
    """Teachers name as many verbs in four as in eight (docs/experiments.md, 2026-11-26)."""
    size: int = 192
    """Pixels of the frames: metrics look at 64, sharpness is relative, and 320 take twice as long to encode."""
    text_scale: float = 2.0
    image_scale: float = 1.2
    """What a guidance-distilled checkpoint takes by default."""
    finetune_clips: int = 4000
    """Four to five a second on one core without bfloat16; each clip of the release is seen some twelve times."""
    distil_clips: int = 1000
    batch: int = 8
    bank: int | None = None
    sheet_prompts: int = 16
    resamples: int = 10_000
    seed: int = 20261127

    def settings_of(self, checkpoint: str) -> str:
        """As `manage.py create_batch --source` reads them."""
        plain = f"steps={self.steps},size={self.size}"
        guided = f",text_scale={self.text_scale},image_scale={self.image_scale}" if checkpoint in GUIDED else ""
        return plain + guided

    def source(self, checkpoint: str) -> str:
        return f"{checkpoint}:1:{self.settings_of(checkpoint)}"

    def passes_of(self, checkpoint: str) -> int:
        """Of the network for a clip: three a step with guidance, but for the last step (sampler.py)."""
        return (3 if checkpoint in GUIDED else 1) * (self.steps - 1) + 1


WHOLE = Plan()
SMALL = Plan(
    hitl_prompts=6, blind_prompts=3, people=3, steps=2, size=96, finetune_clips=8, distil_clips=4, batch=4, bank=8,
    sheet_prompts=3,
)  # fmt: skip
"""Every stage once; its figures say nothing."""
