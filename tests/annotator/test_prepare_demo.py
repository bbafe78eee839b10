"""What the demo prepares: accounts, prompts, shipped checkpoints with their lineage, and a first batch."""

from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from annotator.accounts.models import User
from annotator.api.management.commands import prepare_demo
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Batch
from annotator.prompts.models import Prompt
from demo.machine import ROOT
from tests.annotator.test_checkpoints import write_checkpoint


@pytest.fixture
def demo(tmp_path: Path, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.DEMO = True
    monkeypatch.setattr(prepare_demo, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(prepare_demo.Command, "collect_static", lambda self: None)
    return tmp_path


def test_the_first_batch_is_of_the_best_two(demo: Path) -> None:
    write_checkpoint(demo / "demo-teacher", name="demo-teacher", seed=1, parent="general")
    write_checkpoint(demo / "plain", name="plain", seed=2, parent="general")
    write_checkpoint(demo / "general", name="general", seed=3)
    write_checkpoint(demo / "teacher-bend", name="teacher-bend", seed=4, parent="general")
    for _ in range(2):
        call_command("prepare_demo")
    assert User.objects.count() == 3
    assert Prompt.objects.count() >= 24
    parents = dict(Checkpoint.objects.values_list("name", "parent__name"))
    assert parents == {"general": None, "demo-teacher": "general", "plain": "general", "teacher-bend": "general"}
    sources = Batch.objects.get().sources.order_by("checkpoint__name")
    assert list(sources.values_list("checkpoint__name", "clips_per_prompt")) == [("demo-teacher", 2), ("plain", 2)]
    shipped = {file.parent.name for file in (ROOT / "checkpoints").glob("*/checkpoint.json")}
    assert shipped.issuperset(prepare_demo.SHOWN_FIRST)


def test_a_lone_checkpoint_makes_all_of_the_first_batch(demo: Path) -> None:
    write_checkpoint(demo / "general", name="general", seed=3)
    call_command("prepare_demo")
    sources = Batch.objects.get().sources
    assert list(sources.values_list("checkpoint__name", "clips_per_prompt")) == [("general", 4)]
