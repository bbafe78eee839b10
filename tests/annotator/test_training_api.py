"""Training runs over HTTP and by command: researchers queue, watch, cancel and resume them."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command, load_command_class
from pytest_django import DjangoAssertNumQueries

from annotator.checkpoints.models import Checkpoint
from annotator.training.models import TrainingRun, TrainingState
from annotator.training.results import record
from inference_worker.messages import TrainerHeartbeat, TrainingProgress
from tests.annotator.actors import Actor, annotator, checkpoint, researcher

pytestmark = pytest.mark.django_db


@pytest.fixture
def base() -> Checkpoint:
    return checkpoint("general-small")


@pytest.fixture
def rosa() -> Actor:
    return researcher("rosa")


def body(**changes: Any) -> dict[str, Any]:
    usual = {
        "name": "student",
        "recipe": "finetune",
        "initial": "general-small",
        "data_folder": "/releases/spring",
        "config": {"clips": 100},
    }
    return {**usual, **changes}


def test_a_run_is_queued_watched_cancelled_and_resumed(rosa: Actor, base: Checkpoint, sent: list[Any]) -> None:
    made = rosa.post("training-runs/", body(), status=201)
    place = f"training-runs/{made['public_id']}/"
    assert (made["state"], made["progress"], made["minutes_left"], made["curve"]) == ("queued", 0, None, [])
    record(kind="TrainerHeartbeat", data=TrainerHeartbeat(trainer="tom", device="cpu").to_json())
    curve = [{"step": 25, "clips": 25, "progress": 0.25, "seconds": 60.0, "total": 0.5}]
    progress = TrainingProgress(trainer="tom", run=made["public_id"], attempt=1, curve=curve, sheet="a.png")
    record(kind="TrainingProgress", data=progress.to_json())
    seen = rosa.get(place)
    assert (seen["state"], seen["progress"], seen["minutes_left"]) == ("running", 0.25, 3.0)
    assert (seen["curve"], seen["sheet"], seen["trainer"]) == (curve, "/media/a.png", "tom")
    assert rosa.post(f"{place}cancel/", status=200)["state"] == "cancelled"
    rosa.post(f"{place}cancel/", status=409)
    assert rosa.post(f"{place}resume/", status=200)["state"] == "queued"
    rosa.post(f"{place}resume/", status=409)


def test_what_is_wrong_is_said_by_field(rosa: Actor, base: Checkpoint) -> None:
    assert "initial" in str(rosa.post("training-runs/", body(initial="nobody"), status=400))
    wrong = rosa.post("training-runs/", body(config={"optimiser": {"lr": 7}}), status=400)
    assert wrong["fields"]["config"] == ["optimiser.lr: a number from 0 to 1 is expected, not 7."]
    assert "release" in str(rosa.post("training-runs/", body(data_folder=""), status=400))


def test_annotators_see_and_steer_no_runs(rosa: Actor, base: Checkpoint) -> None:
    made = rosa.post("training-runs/", body(), status=201)
    anna = annotator("anna")
    anna.get("training-runs/", status=403)
    anna.get("training-recipes/", status=403)
    anna.get(f"training-runs/{made['public_id']}/", status=403)
    anna.post("training-runs/", body(), status=403)
    anna.post(f"training-runs/{made['public_id']}/cancel/", status=403)
    rosa.get("training-runs/00000000-0000-0000-0000-000000000000/", status=404)


def test_the_list_costs_the_same_however_many_there_are(
    rosa: Actor, base: Checkpoint, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        rosa.post("training-runs/", body(name=f"student-{number}"), status=201)
    with django_assert_num_queries(2):
        listed = rosa.get("training-runs/")
    assert [run["name"] for run in listed["results"]] == [f"student-{number}" for number in (4, 3, 2, 1, 0)]
    assert "curve" not in listed["results"][0]


def test_commands_queue_runs_and_say_when_nobody_trains(rosa: Actor, base: Checkpoint) -> None:
    said = StringIO()
    call_command(
        "finetune", "student", "--initial=general-small", "--release=/r", "--clips=10", "--set=data.replay=0.5",
        "--set=dtype=float32", stdout=said,
    )  # fmt: skip
    assert "Queued HITL finetune student, from general-small." in said.getvalue()
    assert "inference_worker.trainer" in said.getvalue()
    run = TrainingRun.objects.get()
    assert (run.config["data"]["replay"], run.config["dtype"], run.config["clips"]) == (0.5, "float32", 10)
    record(kind="TrainerHeartbeat", data=TrainerHeartbeat(trainer="t", device="cpu", stopping=True).to_json())
    said = StringIO()
    call_command("distil", "fast", "--teacher=general-small", "--goal=steps", "--steps=4", "--minutes=2", stdout=said)
    assert "No trainer" not in said.getvalue()
    run = TrainingRun.objects.latest("id")
    given = {key: run.config[key] for key in ("goal", "steps", "minutes")}
    assert (given, run.data) == ({"goal": "steps", "steps": 4, "minutes": 2.0}, "")
    assert run.state == TrainingState.QUEUED
    call_command("pretrain", "more", "--initial=general-small", "--set=domain=camera", stdout=StringIO())
    assert TrainingRun.objects.latest("id").config["domain"] == "camera"


def test_recipes_say_what_each_setting_means(rosa: Actor) -> None:
    finetune, *others = rosa.get("training-recipes/")
    assert [recipe["recipe"] for recipe in others] == ["distil", "prefer", "pretrain"]
    assert (finetune["name"], finetune["release"]) == ("HITL finetune", "needed")
    replay = next(setting for setting in finetune["settings"] if setting["key"] == "data.replay")
    assert (replay["kind"], replay["default"], replay["usual"]) == ("number", 0.25, True)
    assert replay["expected"] == "a number from 0 to 0.99"
    assert "not forgotten" in replay["means"]


def test_a_commands_help_lists_its_settings() -> None:
    said = load_command_class("annotator.training", "finetune").create_parser("manage.py", "finetune").format_help()
    assert "  data.replay: a number from 0 to 0.99 (default: 0.25)\n      Share of each batch" in said
    assert "goal" not in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--initial=nobody", "--clips=1"], "there are: general-small"),
        (["--initial=general-small", "--clips=1", "--minutes=1"], "One budget is expected"),
        (["--initial=general-small", "--set=lr=1"], "lr: a run of the recipe HITL finetune has no such setting"),
        (["--initial=general-small", "--clips=1", "--set=lr"], "KEY=VALUE"),
    ],
)
def test_a_command_that_could_not_work_says_why(
    rosa: Actor, base: Checkpoint, arguments: list[str], complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("finetune", "student", "--release=/r", *arguments)
