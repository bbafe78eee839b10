"""Distillation: a student begins as its teacher, its targets are exact, and it learns them."""

import dataclasses
from pathlib import Path

import pytest
import torch

from sticker_diffusion.checkpoint import FORMAT_VERSION, Checkpoint, Description, Provenance
from sticker_diffusion.conditioning import DropoutRates, draw_dropout
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.guidance import GuidanceScales, clamp_premultiplied, guided_x0
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.solvers import new_solver
from sticker_diffusion.training.clip_source import ClipsSettings
from sticker_diffusion.training.config import DistilSettings, OptimiserSettings
from sticker_diffusion.training.distil import Distillation
from sticker_diffusion.training.loop import Budget, TrainingLoop
from sticker_diffusion.training.noising import kept_conditions
from sticker_diffusion.training.release_clips import ReleasedClips
from sticker_diffusion.training.run_folder import RunFolder
from sticker_diffusion.training.starting import deaf_to_scales
from sticker_diffusion.training.teacher import CLEAN, Teacher, ddim_step, solved_back, step_grid
from tests.sticker_diffusion.conftest import conditions_of, random_clip
from tests.sticker_diffusion.small_release import release_folder

SCHEDULE = NoiseSchedule(ScheduleSettings())
EDGES = tuple(float(edge) for edge in range(15))


def checkpoint_of(network: AnimationNetwork, distilled: Distilled | None = None) -> Checkpoint:
    description = Description(
        format_version=FORMAT_VERSION,
        name="teacher",
        architecture=network.architecture,
        schedule=ScheduleSettings(),
        bucket_edges=EDGES,
        sampler=SamplerSettings(),
        provenance=Provenance(),
        distilled=distilled,
    )
    return Checkpoint(Path("teacher"), description, network.eval())


@pytest.fixture
def clips(tmp_path: Path) -> ReleasedClips:
    return ReleasedClips(release_folder(tmp_path / "release", {}, {}, {}), frames=8, size=16, edges=torch.tensor(EDGES))


def settings_of(goal: str, **changes: object) -> DistilSettings:
    usual = {"teacher": "t", "goal": goal, "data": ClipsSettings(), "clips": 96, "batch": 4, "dtype": "float32"}
    return DistilSettings(**{**usual, **changes})  # type: ignore[arg-type]


def test_a_student_that_is_deaf_to_scales_gives_its_teacher_s_conditional_output(
    tiny_network: AnimationNetwork,
) -> None:
    x, stickers = random_clip(tiny_network.architecture, 2)
    t = torch.tensor([999, 300])
    scales = torch.tensor([[3.0, 1.5], [2.0, 1.0]])
    with torch.no_grad():
        conditions = conditions_of(tiny_network, stickers, ["a dog jumping", "a cat waving"])
        conditional = tiny_network(x, t, conditions).x0
        assert (tiny_network(x, t, conditions, scales).x0 - conditional).abs().max() > 1e-3
        deaf_to_scales(tiny_network)
        assert torch.equal(tiny_network(x, t, conditions).x0, conditional)
        torch.testing.assert_close(tiny_network(x, t, conditions, scales).x0, conditional, atol=1e-6, rtol=0)


def test_the_target_of_guidance_is_what_the_sampler_makes_of_three_passes(
    tiny_network: AnimationNetwork, clips: ReleasedClips
) -> None:
    batch = clips.batch(2)
    kept = draw_dropout(2, DropoutRates(text=0, both=0, bucket=0, manner=0))
    x, _ = random_clip(tiny_network.architecture, 2)
    t = torch.tensor([999, 400])
    conditions = kept_conditions(tiny_network, batch, kept)
    target = Teacher(checkpoint_of(tiny_network), SCHEDULE, torch.device("cpu")).target(
        x, t[:, None], batch=batch, kept=kept, scales=torch.tensor([[2.5, 1.3], [2.5, 1.3]])
    )
    with torch.no_grad():
        guided, _ = guided_x0(
            lambda x_t, t, c: tiny_network(x_t, t, c).x0,
            x,
            t,
            conditions=conditions,
            null_text=tiny_network.text(["", ""]),
            scales=GuidanceScales(text=2.5, image=1.3),
        )
    torch.testing.assert_close(target, clamp_premultiplied(guided), atol=1e-5, rtol=0)
    assert (target[:, :, :3] <= target[:, :, 3:] + 1e-6).all()


def test_two_ddim_steps_of_a_perfect_denoiser_solved_back_give_the_exact_clip() -> None:
    generator = torch.Generator().manual_seed(0)
    x0 = torch.rand(8, 2, 4, 4, 4, generator=generator) * 2 - 1
    for steps in (8, 4, 2, 1):
        grid = step_grid(ScheduleSettings(), steps)
        times = grid[torch.arange(8) % steps]
        t, middle, end = times.unbind(1)
        x_t = SCHEDULE.add_noise(x0, torch.randn(x0.shape, generator=generator), t)
        x_middle = ddim_step(x_t, x0, t, middle, SCHEDULE)
        x_end = ddim_step(x_middle, x0, middle, end, SCHEDULE)
        torch.testing.assert_close(solved_back(x_t, x_end, t, end, SCHEDULE), x0, atol=2e-4, rtol=0)


def test_one_step_to_the_target_lands_where_the_teacher_s_two_do(
    tiny_network: AnimationNetwork, clips: ReleasedClips
) -> None:
    batch = clips.batch(2)
    kept = draw_dropout(2, DropoutRates(text=0, both=0, bucket=0, manner=0))
    x, _ = random_clip(tiny_network.architecture, 2)
    times = step_grid(ScheduleSettings(), 4)[[0, 3]]
    t, middle, end = times.unbind(1)
    scales = torch.full((2, 2), 1.4)
    teacher = Teacher(checkpoint_of(tiny_network, Distilled(2.0, 2.0)), SCHEDULE, torch.device("cpu"))
    target = teacher.target(x, times, batch=batch, kept=kept, scales=scales)
    with torch.no_grad():
        conditions = kept_conditions(tiny_network, batch, kept)
        x_middle = ddim_step(x, teacher.x0(x, t, conditions, scales), t, middle, SCHEDULE)
        x_end = ddim_step(x_middle, teacher.x0(x_middle, middle, conditions, scales), middle, end, SCHEDULE)
    torch.testing.assert_close(ddim_step(x, target, t, end, SCHEDULE), x_end, atol=1e-4, rtol=0)
    assert int(end[1]) == CLEAN


def test_the_student_s_steps_are_the_sampler_s_and_ddim_goes_the_sampler_s_way() -> None:
    for steps in (8, 4, 2, 1):
        solver = new_solver(ScheduleSettings(), steps, "ddim")
        grid = step_grid(ScheduleSettings(), steps)
        assert grid[:, 0].tolist() == solver.timesteps.tolist()
        assert grid[1:, 0].tolist() == grid[:-1, 2].tolist()
    generator = torch.Generator().manual_seed(0)
    solver, grid = new_solver(ScheduleSettings(), 8, "ddim"), step_grid(ScheduleSettings(), 8)
    theirs = ours = torch.randn(1, 2, 4, 4, 4, generator=generator)
    for row in grid:
        x0 = torch.rand(ours.shape, generator=generator)
        theirs = solver.step(x0, row[0], theirs).prev_sample
        ours = ddim_step(ours, x0, row[:1], row[2:], SCHEDULE)
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("goal", ["guidance", "steps"])
def test_a_student_learns_its_target_and_leaves_its_teacher_alone(
    goal: str, tiny_network: AnimationNetwork, clips: ReleasedClips, tmp_path: Path
) -> None:
    teacher = checkpoint_of(tiny_network)
    settings = settings_of(goal, optimiser=OptimiserSettings(lr=3e-3, warmup_steps=2, ema=0.9))
    recipe = Distillation(settings, teacher, None, clips)
    before = {name: tensor.clone() for name, tensor in tiny_network.state_dict().items()}
    beginning = recipe.state_dict()
    first = float(recipe.loss(recipe.draw(), slice(None), progress=0.0)[0].detach())
    loop = TrainingLoop(
        recipe=recipe,
        settings=settings.optimiser,
        budget=Budget(160, None),
        batch=4,
        folder=RunFolder(tmp_path / goal),
        save_minutes=60,
        sheet_minutes=60,
    )
    loop.run()
    recipe.load_state_dict(beginning)
    assert float(recipe.loss(recipe.draw(), slice(None), progress=0.0)[0].detach()) < 0.8 * first
    for name, tensor in tiny_network.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    text = {name: tensor for name, tensor in recipe.network.state_dict().items() if name.startswith("text.")}
    assert all(torch.equal(tensor, before[name]) for name, tensor in text.items())


def test_a_smaller_student_takes_the_teacher_s_place(
    tiny_network: AnimationNetwork, tiny_architecture: Architecture, clips: ReleasedClips
) -> None:
    unet = dataclasses.replace(tiny_architecture.unet, widths=(8, 16))
    small = AnimationNetwork(dataclasses.replace(tiny_architecture, unet=unet))
    recipe = Distillation(settings_of("guidance"), checkpoint_of(tiny_network), checkpoint_of(small), clips)
    assert sum(p.numel() for p in recipe.network.parameters()) < sum(p.numel() for p in tiny_network.parameters())
    loss, _ = recipe.loss(recipe.draw(), slice(None), progress=0.0)
    loss.backward()
    assert recipe.network.text.get_parameter(next(iter(dict(recipe.network.text.named_parameters())))).grad is not None


@pytest.mark.parametrize(
    ("distilled", "settings", "complaint"),
    [
        (Distilled(3.0, 1.5), {"goal": "guidance"}, "guidance-distilled already"),
        (Distilled(2.0, 1.5, 8), {"goal": "steps", "steps": 4}, "up to 2 and 1.5"),
        (Distilled(3.0, 1.5, 8), {"goal": "steps", "steps": 2}, "give 4"),
    ],
)
def test_networks_that_do_not_go_together_are_refused(
    tiny_network: AnimationNetwork,
    clips: ReleasedClips,
    distilled: Distilled,
    settings: dict[str, object],
    complaint: str,
) -> None:
    with pytest.raises(SettingsError, match=complaint):
        Distillation(settings_of(**settings), checkpoint_of(tiny_network, distilled), None, clips)  # type: ignore[arg-type]
