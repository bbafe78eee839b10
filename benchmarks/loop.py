"""The whole loop, from the shipped checkpoints to a student that blind annotators have measured: `make loop`.

Three teachers animate prompts through the real queue; simulated annotators choose over the real API; a release of what
they chose trains a student of half the size, which is distilled; then other simulated annotators, by other rules, judge
it blind among its teachers, what it was before, a control on unchosen clips, and an oracle, on held-out prompts.
Nobody in it is a person, and the report says so. STAGES reads top to bottom as the loop. A loop that was killed goes on
when started again with the same --out. Prints a table and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.loop_eyes import Eyes, nearest_motions, recorded, with_nearest
from benchmarks.loop_people import judge_all
from benchmarks.loop_place import PARALLEL, LoopError, Place, forget_database, place
from benchmarks.loop_plan import (
    BASE,
    BLIND_BATCH,
    DISTILLED,
    HITL_BATCH,
    PARTS,
    PROMPT_SET,
    RELEASE,
    SHIPPED,
    SMALL,
    STUDENT,
    TEACHERS,
    UNFILTERED,
    WHOLE,
    Plan,
)
from benchmarks.loop_prompts import keep_bank, write_prompts
from benchmarks.loop_report import report, table
from benchmarks.loop_stages import Json, Kept, Stage, Teller
from benchmarks.loop_training import recipe, unfiltered_folder
from demo.machine import ROOT
from sticker_diffusion.stickers.emoji import EmojiFontMissingError

LICENCE = "SIL Open Font License 1.1 (Noto Emoji)"
RESEARCHER = "rosa"
LOOK_SECONDS = 1.0


@dataclass
class Loop:
    plan: Plan
    at: Place
    kept: Kept


def set_up(loop: Loop, teller: Teller) -> Json:
    """Prompts over training stickers and over held-out ones, and the shipped checkpoints."""
    at, prompts = loop.at, write_prompts(loop.plan, loop.at.folder / "prompts")
    keep_bank(loop.plan, at.folder / ".cache")
    at.command("import_prompts", str(prompts), "--set", PROMPT_SET, "--licence", LICENCE)
    for name in SHIPPED:
        role = "student" if name == BASE else "teacher"
        at.command("register_checkpoint", str(ROOT / "checkpoints" / name), "--role", role)
    return {}


def teach(loop: Loop, teller: Teller) -> Json:
    """Each teacher animates each HITL prompt."""
    return generated(loop, teller, name=HITL_BATCH, split="hitl", checkpoints=TEACHERS)


def choose(loop: Loop, teller: Teller) -> Json:
    """Simulated annotators of judge A say which clips they would share."""
    batch = loop.kept.of("teach")["batch"]
    return judged(loop, batch=batch, kind="a", eyes=recorded(loop.at.do("clips", batch=batch["id"])))


def release(loop: Loop, teller: Teller) -> Json:
    """Their labels are frozen; beside them, as many clips drawn without a look at labels, for the control."""
    at, plan, batch = loop.at, loop.plan, str(loop.kept.of("teach")["batch"]["id"])
    if at.do("release", name=RELEASE) is None:
        least = ["--least-annotations", str(plan.overlap), "--least-shares", str(plan.least_shares)]
        at.command("release", "make", RELEASE, "--batch", batch, *least)
    counts = at.do("release", name=RELEASE)
    if not counts["shareable"]:
        raise LoopError(f"none of {counts['clips']} clips was shared, so there is nothing to learn from")
    packed = at.folder / "judged.zip"
    at.command("export_labels", str(packed), "--layout", "folder", "--clips", "master", "--batch", batch)
    unfiltered_folder(packed, at.folder / "unfiltered", clips=counts["shareable"], seed=plan.seed)
    return {"counts": counts}


def learn(loop: Loop, teller: Teller) -> Json:
    """The student on the release, and the control on the unfiltered clips: same recipe, same budget, side by side."""
    settings = ["--clips", str(loop.plan.finetune_clips), *recipe("student.yaml", batch=loop.plan.batch)]
    data = {STUDENT: RELEASE, UNFILTERED: str(loop.at.folder / "unfiltered")}
    for name, learnt_from in data.items():
        ask_run(loop, name, "finetune", name, "--initial", BASE, "--release", learnt_from, *settings)
    return trained(loop, teller, *data)


def distil(loop: Loop, teller: Teller) -> Json:
    """Guidance distillation of the student: one pass of three."""
    settings = ["--clips", str(loop.plan.distil_clips)]
    settings += recipe("distil_guidance.yaml", batch=loop.plan.batch, threads=PARALLEL)
    goal = ["--teacher", STUDENT, "--goal", "guidance", "--release", RELEASE]
    ask_run(loop, DISTILLED, "distil", DISTILLED, *goal, *settings)
    return trained(loop, teller, DISTILLED)


def show(loop: Loop, teller: Teller) -> Json:
    """All nine animate each held-out prompt."""
    return generated(loop, teller, name=BLIND_BATCH, split="heldout", checkpoints=tuple(PARTS.values()))


def look(loop: Loop, teller: Teller) -> Json:
    """What judge B goes by beside the recorded metrics: the nearest procedural motion."""
    clips = loop.at.do("clips", batch=loop.kept.of("show")["batch"]["id"])
    found = nearest_motions(clips, blobs=loop.at.blobs, processes=PARALLEL, tell=teller.tell)
    return {"nearest": found, "clips": clips}


def judge(loop: Loop, teller: Teller) -> Json:
    """Other simulated annotators, of judge B, say blind what they would share."""
    batch, looked = loop.kept.of("show")["batch"], loop.kept.of("look")
    return judged(loop, batch=batch, kind="b", eyes=with_nearest(recorded(looked["clips"]), looked["nearest"]))


def collect(loop: Loop, teller: Teller) -> Json:
    """The verdicts as an export has them, and how large each model is."""
    packed = loop.at.folder / "verdicts.zip"
    batch = str(loop.kept.of("show")["batch"]["id"])
    loop.at.command("export_labels", str(packed), "--layout", "verdicts-jsonl", "--batch", batch)
    with zipfile.ZipFile(packed) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".jsonl"))
        verdicts = [json.loads(line) for line in archive.read(name).splitlines()]
    kept = ("prompt_external_id", "checkpoint", "shareable", "annotator")
    parameters = loop.at.do("parameters")
    return {
        "verdicts": [{key: verdict[key] for key in kept} for verdict in verdicts],
        "parameters": {part: parameters[checkpoint] for part, checkpoint in PARTS.items()},
    }


STAGES = (
    Stage("set_up", "prompts, checkpoints", set_up),
    Stage("teach", "three teachers animate the HITL prompts", teach),
    Stage("choose", "simulated annotators (judge A) choose", choose),
    Stage("release", "their labels become a release", release),
    Stage("learn", "the student learns, and the control beside it", learn),
    Stage("distil", "the student's guidance is distilled", distil),
    Stage("show", "all nine animate held-out prompts", show),
    Stage("look", "clips are looked at for judge B", look),
    Stage("judge", "other simulated annotators (judge B) judge blind", judge),
    Stage("collect", "verdicts are collected", collect),
)


def generated(loop: Loop, teller: Teller, *, name: str, split: str, checkpoints: Sequence[str]) -> Json:
    """The batch of this name, made where it is missing, once all of its clips are there."""
    at, plan = loop.at, loop.plan
    if at.do("batch", name=name) is None:
        sources = [word for checkpoint in checkpoints for word in ("--source", plan.source(checkpoint))]
        people = ["--overlap", str(plan.overlap), "--person-share", "1"]
        at.command("create_batch", name, "--set", PROMPT_SET, "--split", split, *people, *sources)
    batch = at.do("batch", name=name)
    while True:
        clips = at.ask(f"batches/{batch['id']}/")["progress"]["clips"]
        done, wanted = clips["ready"] + clips["failed"], sum(clips.values())
        teller.tell(done, wanted)
        if done == wanted:
            return {"batch": batch, "clips": clips}
        time.sleep(LOOK_SECONDS)


def judged(loop: Loop, *, batch: Json, kind: str, eyes: Eyes) -> Json:
    """Until every task has as many annotations as its overlap asks for."""
    names = [f"simulated-{kind}-{number}" for number in range(1, loop.plan.people + 1)]
    sessions = loop.at.do("sessions", usernames=names)
    work = judge_all(port=loop.at.port, batch=batch["public_id"], sessions=sessions, kind=kind, eyes=eyes)
    annotations, statuses = asyncio.run(work)
    if refused := {status: count for status, count in statuses.items() if not 200 <= status < 300}:
        raise LoopError(f"the annotators' API refused requests, by status: {refused}")
    progress = loop.at.ask(f"batches/{batch['id']}/")["progress"]
    if progress["counted"] < progress["wanted"]:
        raise LoopError(
            f"{progress['counted']} of {progress['wanted']} annotations are made, and no task is handed out"
        )
    return {"annotations": annotations}


def ask_run(loop: Loop, name: str, *words: str) -> None:
    """Unless it was asked for before."""
    if name not in runs(loop):
        loop.at.command(*words)


def runs(loop: Loop) -> dict[str, Json]:
    return {run["name"]: run for run in loop.at.ask("training-runs/")["results"]}


def trained(loop: Loop, teller: Teller, *names: str) -> Json:
    while True:
        found = [run for name, run in runs(loop).items() if name in names]
        if failed := [run for run in found if run["state"] in {"failed", "cancelled"}]:
            raise LoopError(f"{failed[0]['name']} {failed[0]['state']}: {failed[0]['error']}")
        teller.tell(100 * sum(run["progress"] for run in found) / len(names), 100)
        if all(run["state"] == "done" for run in found):
            return {"runs": {run["name"]: run["public_id"] for run in found}}
        time.sleep(LOOK_SECONDS)


def same_plan(plan: Plan, out: Path) -> None:
    """What is in the folder was made by this plan. Raises LoopError."""
    file = out / "plan.json"
    mine = json.dumps(dataclasses.asdict(plan), indent=2)
    if file.exists() and file.read_text() != mine:
        raise LoopError(f"{out} holds a loop of other settings: delete it, or name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    file.write_text(mine)


def run(plan: Plan, out: Path, console: Console) -> dict[str, Any]:
    """Raises LoopError and EmojiFontMissingError."""
    same_plan(plan, out)
    kept = Kept(out / "stages")
    if any(kept.get(stage.name) is None for stage in STAGES):
        with place(out) as at:
            loop = Loop(plan, at, kept)
            at.command("migrate", "--verbosity", "0")
            at.start(token=at.do("token", username=RESEARCHER))
            kept.run(STAGES, loop, console)
        forget_database(out)
    return report(plan, out=out, kept=kept, stages=STAGES)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a quick look at every stage, with tiny budgets")
    parser.add_argument(
        "--out", type=Path, help="folder of the loop and its report (default: build/loop, or loop-small)"
    )
    options = parser.parse_args(arguments)
    out = options.out or ROOT / "build" / ("loop-small" if options.small else "loop")
    console = Console(stderr=True)
    try:
        figures = run(SMALL if options.small else WHOLE, out.resolve(), console)
    except (LoopError, EmojiFontMissingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Stopped. Started again, the loop in {out} goes on with this stage.", file=sys.stderr)
        return 130
    Console(width=120).print(table(figures))
    print(f"The report is {out / 'index.html'}.")
    print(json.dumps({**figures, "cores": os.cpu_count(), **({"small": True} if options.small else {})}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
