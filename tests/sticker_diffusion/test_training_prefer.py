"""Preference learning: of a task's clips the network comes to expect the shared ones more than its reference did."""

import math
from pathlib import Path

import pytest
import torch

from sticker_diffusion.checkpoint import load_checkpoint
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.training import student_runs
from sticker_diffusion.training.config import OptimiserSettings, PreferSettings
from sticker_diffusion.training.prefer import Preferring
from sticker_diffusion.training.preference_pairs import PairsSettings
from sticker_diffusion.training.run_settings import read_run_settings
from sticker_diffusion.training.student_runs import prefer
from tests.sticker_diffusion.small_release import release_folder
from tests.sticker_diffusion.small_run import small_bank, small_checkpoint

EDGES = torch.arange(15.0)
WHOLE = slice(None)


def clip(task: int | None, label: bool) -> dict[str, object]:
    return {"task_id": task, "label": label, "text": f"task {task} {'shared' if label else 'passed over'}"}


def settings_of(folder: Path, **changes: object) -> PreferSettings:
    """Over two tasks, of three clips and of two, and one whose clips were all shared."""
    release = folder / "release"
    if not release.exists():
        release_folder(
            release, clip(7, True), clip(7, False), clip(3, False), clip(3, True), clip(7, False), clip(5, True)
        )
        small_checkpoint(folder / "initial")
    usual = {
        "initial": str(folder / "initial"),
        "data": PairsSettings(str(release)),
        "clips": 48,
        "batch": 4,
        "threads": 1,
        "dtype": "float32",
        "optimiser": OptimiserSettings(lr=3e-3, warmup_steps=2, ema=0.5),
    }
    return PreferSettings(**{**usual, **changes})  # type: ignore[arg-type]


def recipe_of(settings: PreferSettings) -> Preferring:
    pairs = settings.data.source(frames=8, size=16, edges=EDGES)
    return Preferring(settings, load_checkpoint(Path(settings.initial)), pairs)


def test_each_shared_clip_meets_each_other_of_its_own_task_once_a_round(tmp_path: Path) -> None:
    pairs = settings_of(tmp_path).data.source(frames=8, size=16, edges=EDGES)
    for _ in range(2):
        shared, passed = pairs.batch(3)
        assert sorted(zip(shared.captions, passed.captions, strict=True)) == [
            ("task 3 shared", "task 3 passed over"),
            ("task 7 shared", "task 7 passed over"),
            ("task 7 shared", "task 7 passed over"),
        ]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (
            [clip(1, True), clip(2, False)],
            "no task has both a shared clip and one that was not; pack the release with all",
        ),
        ([clip(1, True), clip(None, False)], "pairs need a task_id and a label in every line"),
    ],
)
def test_a_release_without_pairs_is_refused(lines: list[dict[str, object]], complaint: str, tmp_path: Path) -> None:
    data = PairsSettings(str(release_folder(tmp_path / "release", *lines)))
    with pytest.raises(SettingsError, match=complaint):
        data.source(frames=8, size=16, edges=EDGES)


def test_the_loss_begins_at_the_logarithm_of_two(tmp_path: Path) -> None:
    recipe = recipe_of(settings_of(tmp_path))
    loss, record = recipe.loss(recipe.draw(), WHOLE, progress=0.0)
    assert float(loss.detach()) == pytest.approx(math.log(2), abs=1e-6)
    assert record["preferred"] == 0


def test_the_gradient_makes_the_shared_clip_expected_and_the_other_not(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    recipe = recipe_of(settings)
    pairs, parameters = recipe.draw(), recipe.parameters()
    loss, _ = recipe.loss(pairs, WHOLE, progress=0.0)
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    difference = recipe._error(recipe.network, pairs.shared) - recipe._error(recipe.network, pairs.passed)
    expected = torch.autograd.grad(difference.mean(), parameters, allow_unused=True)
    for ours, theirs in zip(gradients, expected, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:  # the derivative of −log σ(−βx) at 0 is β/2
            torch.testing.assert_close(ours, settings.beta / 2 * theirs, rtol=1e-3, atol=1e-3)
    length = sum(float(gradient.square().sum()) for gradient in gradients if gradient is not None) ** 0.5
    for direction, falls in ((-1, True), (1, False)):
        moved = recipe_of(settings)
        with torch.no_grad():
            for parameter, gradient in zip(moved.parameters(), gradients, strict=True):
                if gradient is not None:
                    parameter.add_(gradient, alpha=direction * 1e-3 / length)
            assert (float(moved.loss(pairs, WHOLE, progress=0.0)[0]) < math.log(2)) == falls


def test_a_run_learns_the_preference_and_ends_with_a_checkpoint_of_its_own(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert prefer(settings, tmp_path / "out", bank=small_bank)
    made = load_checkpoint(tmp_path / "out" / "checkpoint")
    assert made.description.provenance.recipe["command"] == "prefer"
    assert "pairs of clips of release" in made.description.provenance.data["stickers"]
    recipe = recipe_of(settings)
    recipe.network.load_state_dict(made.network.state_dict())
    drawn = recipe.draw()
    loss, record = recipe.loss(drawn, WHOLE, progress=0.0)
    assert float(loss.detach()) < 0.9 * math.log(2)
    assert record["preferred"] >= 0.75


def test_the_committed_configuration_is_read() -> None:
    file = Path(student_runs.__file__).parent / "configs" / "prefer.yaml"
    assert read_run_settings(PreferSettings, file, data={"release": "somewhere"}).data.release == "somewhere"
    assert f"--config sticker_diffusion/training/configs/{file.name}" in file.read_text()
