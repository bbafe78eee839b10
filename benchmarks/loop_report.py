"""The report of a loop: figures as JSON, a table, and a page with a plot and contact sheets."""

from __future__ import annotations

import html
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.loop_figures import Floats, Resamples, loop_figures, shares_by_prompt
from benchmarks.loop_plan import ORACLE, PARTS, STUDENT, TEACHERS, Plan
from benchmarks.loop_plot import interval_plot
from benchmarks.loop_prompts import family_of
from benchmarks.loop_sheets import SHEET, write_sheets
from benchmarks.loop_stages import Kept, Stage
from sticker_diffusion.stickers.motions import FAMILIES

Json = dict[str, Any]
TITLES = {
    "general": "general: camera moves only",
    **{name: name for name in TEACHERS},
    "best_of_teachers": "best of the three for each prompt (a ceiling)",
    "student_before": "student before: half the size, camera moves only",
    "student_unfiltered": "control: the same on unfiltered clips",
    "student_after": "student after",
    "student_distilled": "student, guidance-distilled",
    "oracle": f"oracle: {ORACLE}, large, on all teachers' clips",
}
DIFFERENCES = {
    "lift_over_best": "student − best teacher",
    "lift_over_unfiltered": "student − control on unfiltered clips",
    "lift_over_before": "student − student before",
    "distilled_minus_student": "distilled − student",
    "distilled_over_best": "distilled − best teacher",
    "oracle_minus_student": "oracle − student",
}


def report(plan: Plan, *, out: Path, kept: Kept, stages: Sequence[Stage]) -> Json:
    """Writes index.html, figures.json and the sheets into `out`. Returns the figures."""
    collected, clips = kept.of("collect"), kept.of("look")["clips"]
    prompts, shares = shares_by_prompt(collected["verdicts"], list(PARTS.values()))
    resamples = Resamples(len(prompts), times=plan.resamples)
    taken: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        taken[clip["checkpoint"]].append(clip["sample_seconds"])
    counts, seconds = kept.of("release")["counts"], kept.seconds(stages)
    figures: Json = {
        "report": "loop",
        "simulated": True,
        "minutes": round(sum(seconds.values()) / 60, 1),
        **loop_figures(shares, parts=PARTS, teachers=TEACHERS, resamples=resamples),
        "by_family": by_family(prompts, shares),
        "parameters": collected["parameters"],
        "steps": plan.steps,
        "passes": {part: plan.passes_of(checkpoint) for part, checkpoint in PARTS.items()},
        "seconds_per_clip": {part: round(median(taken[checkpoint]), 3) for part, checkpoint in PARTS.items()},
        "prompts": {"hitl": counts["tasks"], "blind": len(prompts)},
        "released_clips": counts["shareable"],
        "judged_clips": counts["clips"],
        "annotations": {"a": kept.of("choose")["annotations"], "b": kept.of("judge")["annotations"]},
        "stage_seconds": seconds,
    }
    write_sheets(clips, prompts=spread(prompts, plan.sheet_prompts), blobs=(out / "blobs").as_uri(), folder=out)
    (out / "figures.json").write_text(json.dumps(figures, indent=2))
    (out / "index.html").write_text(
        page(plan, figures, {stage.title: seconds[stage.name] for stage in stages}), encoding="utf-8"
    )
    return figures


def by_family(prompts: Sequence[str], shares: Mapping[str, Floats]) -> Json:
    """Share rates of each part over the prompts of a family; a family without prompts is left out."""
    places = {family: [i for i, prompt in enumerate(prompts) if family_of(prompt) == family] for family in FAMILIES}
    return {
        family: {
            "prompts": len(of),
            **{part: round(float(np.nanmean(shares[checkpoint][of])), 3) for part, checkpoint in PARTS.items()},
        }
        for family, of in places.items()
        if of
    }


def spread(prompts: Sequence[str], count: int) -> list[str]:
    """So many, at even distances: prompts go by families in turn, so all of them are among these."""
    taken = min(count, len(prompts))
    return [prompts[i * len(prompts) // taken] for i in range(taken)]


def rates_of(figures: Json) -> dict[str, list[float]]:
    """By part, in the order of TITLES."""
    rates = {**figures["share_rate"], **figures["share_rate"]["teachers"]}
    return {part: rates[part] for part in TITLES}


def percent(interval: Sequence[float], *, signed: bool = False) -> str:
    value, low, high = (f"{100 * each:{'+' if signed else ''}.0f}".replace("-", "−") for each in interval)
    return f"{value} % ({low} to {high})"


def table(figures: Json) -> Table:
    shown = Table(title="Share rates by simulated annotators, blind, on held-out prompts", title_justify="left")
    for column in ("", "share rate", "parameters", "passes", "s a clip"):
        shown.add_column(column, justify="left" if column == "" else "right")
    for part, interval in rates_of(figures).items():
        shown.add_row(*row(figures, part, interval))
    shown.add_section()
    for key, title in DIFFERENCES.items():
        shown.add_row(title, percent(figures[key], signed=True))
    return shown


def row(figures: Json, part: str, interval: Sequence[float]) -> list[str]:
    own = part in PARTS
    return [
        TITLES[part],
        percent(interval),
        f"{figures['parameters'][part]:,}" if own else "",
        str(figures["passes"][part]) if own else "",
        f"{figures['seconds_per_clip'][part]:.2f}" if own else "",
    ]


def page(plan: Plan, figures: Json, seconds: Mapping[str, float]) -> str:
    e = html.escape
    families = list(figures["by_family"])
    rates = rates_of(figures)
    rows = "".join(
        f"<tr><th>{e(cells[0])}</th>" + "".join(f"<td>{cell}</td>" for cell in cells[1:]) + "</tr>"
        for cells in (row(figures, part, interval) for part, interval in rates.items())
    )
    differences = "".join(
        f"<tr><th>{e(title)}</th><td>{percent(figures[key], signed=True)}</td></tr>"
        for key, title in DIFFERENCES.items()
    )
    of_families = "".join(
        f"<tr><th>{e(TITLES[part])}</th>"
        + "".join(f"<td>{100 * figures['by_family'][family][part]:.0f} %</td>" for family in families)
        + "</tr>"
        for part in PARTS
    )
    heads = "".join(f"<th>{family} ({figures['by_family'][family]['prompts']})</th>" for family in families)
    stages = "".join(f"<tr><th>{e(name)}</th><td>{s:.0f} s</td></tr>" for name, s in seconds.items())
    return PAGE.format(
        hitl=figures["prompts"]["hitl"], blind=figures["prompts"]["blind"], judged=figures["judged_clips"],
        released=figures["released_clips"], student=STUDENT, overlap=plan.overlap, least=plan.least_shares,
        steps=plan.steps, size=plan.size, minutes=figures["minutes"], clips=plan.finetune_clips,
        warning="" if plan.finetune_clips >= 1000 else "<p class=warning>A quick look: with budgets this small the "
        "figures say nothing. It only shows that every stage runs.</p>",
        plot=interval_plot([(TITLES[part], interval) for part, interval in rates.items()], low=0, high=1),
        lifts=interval_plot([(title, figures[key]) for key, title in DIFFERENCES.items()], low=-1, high=1),
        rows=rows, differences=differences, heads=heads, families=of_families, stages=stages, sheet=SHEET,
        resamples=f"{plan.resamples:,}",
    )  # fmt: skip


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The loop, measured by simulated annotators</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: #8886 }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }}
th, td {{ padding: .3rem .8rem; border-bottom: 1px solid var(--line); text-align: right }}
th:first-child {{ text-align: left; font-weight: normal; min-width: 12rem }} thead th {{ font-weight: 600 }}
.wide {{ overflow-x: auto }} img {{ max-width: none; image-rendering: auto; border-radius: 8px }}
svg {{ width: 100%; height: auto; max-width: 60rem; min-width: 40rem }}
svg text {{ fill: currentColor; font-size: 13px }}
.warning {{ padding: .6rem 1rem; border-left: 4px solid #c70; background: #c702 }}
</style>
<h1>The loop, measured by simulated annotators</h1>
<p><strong>Nobody in this report is a person.</strong> Simulated annotators decide by a clip's measured figures: judge A
chose what the student learnt from, judge B, with other rules and other people, judged all models blind. Their share
rates compare models with each other; they are not what people would share.</p>{warning}
<p>{hitl} prompts on training stickers, three teachers, {judged} clips judged by {overlap} annotators each; the
{released} that {least} or more of them would share are the release. Student and control saw {clips:,} clips each, of
the release or of as many unfiltered ones, with camera moves as replay. {blind} prompts on stickers that no model has
seen, {steps} steps, {size} pixels. {minutes} minutes in all.</p>
<h2>Share rates</h2><div class="wide">{plot}</div>
<div class="wide"><table><thead><tr><th></th><th>share rate (95 %)</th><th>parameters</th><th>passes a clip</th>
<th>seconds a clip</th></tr></thead>{rows}</table></div>
<p>Intervals are of {resamples} resamples of the prompts. The ceiling takes for each prompt the teacher's clip that
most would share, by the verdicts that rate it, so a little chance is in it. Seconds are of sampling, up to
four clips at once on one thread, while another core samples others.</p>
<h2>Differences</h2><div class="wide">{lifts}</div>
<table>{differences}</table>
<p>Paired by prompt. The best teacher is chosen anew in every resample.</p>
<h2>By family of verbs</h2>
<p>In brackets, how many prompts: share rates without an interval, to see who is good at what.</p>
<div class="wide"><table><thead><tr><th></th>{heads}</tr></thead>{families}</table></div>
<h2>The same held-out prompts through every model</h2>
<div class="wide"><img src="{sheet}.webp" alt="One row a prompt: the sticker, then each model's clip"></div>
<p>As stills: <a href="{sheet}-stills.webp">{sheet}-stills.webp</a>.</p>
<h2>How long it took</h2><table>{stages}</table></html>
"""
