"""A training run from the page to a source of the next batch, with a real trainer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role
from annotator.accounts.people import create_person
from annotator.checkpoints.registration import register_checkpoint
from annotator.training.models import TrainingRun, TrainingState
from tests.browser.conftest import Visit
from tests.conftest import Live
from tests.sticker_diffusion.small_run import small_checkpoint


@pytest.mark.processes
@pytest.mark.timeout(900)
def test_a_run_is_followed_to_its_checkpoint_which_a_batch_can_use(
    live: Live, visit: Callable[..., Visit], tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    rosa = create_person(username="rosa", role=Role.RESEARCHER)
    register_checkpoint(place=str(small_checkpoint(tmp_path / "general-small")))
    live.lines["trainer"] = f"python -m inference_worker.trainer --runs {tmp_path / 'runs'}"
    for process in ("dispatcher", "results", "trainer"):
        live.start(process)
    browser = visit(rosa)
    page = browser.go("/training/new")
    page.get_by_label("Recipe").select_option("pretrain")
    page.get_by_label("Name").fill("more")
    page.get_by_label("Starts from").select_option("general-small")
    page.get_by_label("Budget, in clips seen").fill("400")
    page.get_by_label("Batch").fill("4")
    page.get_by_text("More settings").click()
    page.get_by_label("Sheet minutes").fill("0.1")
    page.get_by_role("button", name="Queue it").click()
    expect(page.get_by_role("heading", name="more")).to_be_visible()

    patience = 240_000
    expect(page.get_by_role("region", name="Loss: x0")).to_be_visible(timeout=patience)
    expect(page.get_by_text("left, ")).to_be_visible(timeout=patience)
    expect(page.get_by_role("img", name="The newest samples of more")).to_be_visible(timeout=patience)
    run = TrainingRun.objects.get()
    wait_until(lambda: TrainingRun.objects.get().state == TrainingState.DONE, seconds=400, what="the run is done")
    made = page.get_by_role("region", name="What it made")
    expect(made).to_contain_text("more, a student of general-small")
    expect(made).to_contain_text("clips of held-out stickers")
    made.get_by_text("Default sampler settings").click()
    expect(made.get_by_text("dpm++", exact=True)).to_be_visible()
    made.get_by_text("Card", exact=True).click()
    expect(made.get_by_text("Measured on held-out stickers")).to_be_visible()
    browser.check()
    page.get_by_role("link", name="Compare it blind").click()
    run.refresh_from_db()
    assert run.output is not None
    expect(page.get_by_label("Checkpoint", exact=True).first).to_have_value(str(run.output.pk))
    browser.check()
