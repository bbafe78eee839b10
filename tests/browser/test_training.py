"""Training in the browser: a run asked for, followed as it learns, cancelled and resumed."""

import io
import math
from collections.abc import Callable

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.media import store
from annotator.releases.exporting import write_next_export
from annotator.releases.models import Purpose
from annotator.releases.rule import Rule
from annotator.training.models import Trainer, TrainingRun
from annotator.training.results import record
from inference_worker.messages import TrainerHeartbeat, TrainingProgress
from tests.annotator.actors import checkpoint
from tests.annotator.released import a_judging, frozen
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]


@pytest.fixture
def adam(transactional_db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN)


def a_curve(rows: int) -> list[dict[str, float]]:
    return [
        {
            "step": 10 * n, "clips": 80 * n, "progress": n / 100, "seconds": 4.0 * n, "clips_per_s": 20.0, "lr": 1e-3,
            "x0": 0.5 * math.exp(-n / 20), "flow": 0.2 * math.exp(-n / 10),
        }
        for n in range(1, rows + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_a_run_is_asked_for_followed_cancelled_and_resumed(
    visit: Visitor, adam: User, monkeypatch: pytest.MonkeyPatch, phone: bool
) -> None:
    monkeypatch.setattr("annotator.training.handing_out.send_train", lambda **order: None)
    a_judging(adam)
    spring = frozen("spring", adam, Rule(), Purpose.TRAINING)
    checkpoint("general-small")
    browser = visit(adam, phone=phone)
    page = browser.go(f"/releases/{spring.public_id}")
    page.get_by_role("link", name="Train on it").click()
    page.get_by_label("Name").fill("Student 1")
    page.get_by_label("Starts from").select_option("general-small")
    expect(page.get_by_label("Release", exact=True)).to_have_value(str(spring.public_id))
    expect(page.get_by_label("Budget, in clips seen")).to_have_attribute("placeholder", "9600")
    page.get_by_label("Budget, in clips seen").fill("20000")
    page.get_by_label("Batch").fill("16")
    page.get_by_text("More settings").click()
    page.get_by_label("Warmup steps").fill("few")
    page.get_by_role("button", name="Queue it").click()
    expect(page.get_by_text("Small letters, digits").last).to_be_visible()
    page.get_by_label("Name").fill("student-1")
    page.get_by_role("button", name="Queue it").click()
    complaint = "A whole number from 1 to 1000000000 is expected, not 'few'."
    expect(page.get_by_text(complaint, exact=True)).to_be_visible()
    page.get_by_label("Warmup steps").fill("50")
    page.get_by_role("button", name="Queue it").click()
    expect(page.get_by_role("heading", name="student-1")).to_be_visible()
    expect(page.get_by_text("It waits for a trainer, and for its release to be packed.")).to_be_visible()

    write_next_export()
    record(kind="TrainerHeartbeat", data=TrainerHeartbeat(trainer="tom", device="cpu").to_json())
    run = TrainingRun.objects.get()
    assert (run.config["clips"], run.config["batch"], run.config["optimiser"]["warmup_steps"]) == (20000, 16, 50)
    sheet = io.BytesIO()
    Image.new("RGB", (512, 128), "#d8e4ff").save(sheet, "PNG")
    progress = TrainingProgress(
        trainer="tom", run=str(run.public_id), attempt=1, curve=a_curve(40), sheet=store.put(sheet.getvalue(), "png")
    )
    record(kind="TrainingProgress", data=progress.to_json())
    expect(page.get_by_role("region", name="Loss: x0")).to_be_visible()
    expect(page.get_by_text("20.0 clips a second")).to_be_visible()
    expect(page.get_by_role("img", name="The newest samples of student-1")).to_be_visible()
    monkeypatch.setattr("annotator.training.outbox.send_stop", lambda **order: None)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("queued", exact=True)).to_be_visible()
    browser.check()


def test_the_list_says_when_nobody_trains(visit: Visitor, adam: User) -> None:
    browser = visit(adam)
    page = browser.go("/training")
    expect(page.get_by_text("No training run yet")).to_be_visible()
    TrainingRun.objects.create(
        name="student-1", recipe="distil", initial=checkpoint("plain"), created_by=adam, config={"clips": 10}
    )
    page.reload()
    expect(page.get_by_text("No trainer is running")).to_be_visible()
    Trainer.objects.create(name="tom", device="cpu", last_seen_at=timezone.now())
    expect(page.get_by_text("No trainer is running")).to_have_count(0)
    expect(page.get_by_role("link", name="student-1")).to_contain_text("Distillation of plain")
    browser.check()
