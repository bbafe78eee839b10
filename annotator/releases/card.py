"""The README of an export: a dataset card as Hugging Face reads it, with what every column means."""

import json
from typing import Any

from django.utils import timezone

from annotator.releases.archive import SUMS
from annotator.releases.judged import JudgedTask
from annotator.releases.layouts.writing import LayoutKind
from annotator.releases.models import ClipFiles, Export, Layout
from annotator.releases.rule import Rule


class Card:
    """`licences` are those of the prompt sets, gathered while the labels are written."""

    def __init__(self, export: Export, kind: LayoutKind) -> None:
        self.export, self.kind = export, kind
        self.prompt_sets = set[str]()

    def heard(self, task: JudgedTask) -> JudgedTask:
        self.prompt_sets.add(task.prompt_set)
        return task

    def text(self, *, counts: dict[str, Any], licences: dict[str, str]) -> str:
        release = self.export.release
        name = release.name if release else "Labels"
        licence = release.licence if release else ""
        lines = [
            *front_matter(self.kind, name=name, present=counts["splits"]),
            f"# {name}",
            "",
            *([release.description, ""] if release and release.description else []),
            about(self.export, counts),
            "",
            "## What is selected",
            "",
            *(f"- {sentence}" for sentence in sentences(Rule.of(self.export.rule))),
            "",
            "## Columns",
            "",
            "| column | meaning |",
            "|---|---|",
            *(f"| `{column}` | {meaning} |" for column, meaning in self.kind.columns.items()),
            "",
            f"Read it with `{self.kind.reading}`. `sha256sum --check {SUMS}` checks every file.",
            "",
            "Annotators are pseudonyms: the same person has the same one in all exports of one installation, and "
            "nothing in the files leads back to them. Comments are their own words.",
            "",
            "## Licence",
            "",
            licence or "No licence was stated for these labels.",
            "",
            *(f"- Prompts of {name}: {said or 'no licence was stated'}" for name, said in sorted(licences.items())),
            "",
        ]
        return "\n".join(lines)


def front_matter(kind: LayoutKind, *, name: str, present: set[str]) -> list[str]:
    """YAML, in which every JSON string is one."""
    files = [(split, file) for split, file in kind.data_files.items() if file in present]
    lines = ["---", f"pretty_name: {json.dumps(name, ensure_ascii=False)}", "tags: [stickers, human-preferences]"]
    if files:
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for split, file in files:
            lines += [f"  - split: {split}", f"    path: {file}"]
    return [*lines, "---", ""]


def about(export: Export, counts: dict[str, Any]) -> str:
    release = export.release
    source = (
        f"Release {release.name}, frozen {release.frozen_at:%Y-%m-%d}, sha256 `{release.sha256}`"
        if release and release.frozen_at
        else f"Labels as they were on {timezone.now():%Y-%m-%d %H:%M} UTC"
    )
    clips = "" if export.clips == ClipFiles.NONE else f" Clips come as: {ClipFiles(export.clips).label}."
    return f"{source}. {Layout(export.layout).label}: {counts['rows']:,} rows of {counts['tasks']:,} tasks.{clips}"


def sentences(rule: Rule) -> list[str]:
    """A rule in words."""
    said = [
        f"Batches: {', '.join(map(str, rule.batches)) if rule.batches else 'all'}. Splits: {', '.join(rule.splits)}.",
        f"Tasks with at least {rule.least_annotations} annotations.",
        f"A clip is shareable where at least {rule.least_shares} of them would share it."
        if rule.least_probability is None
        else f"A clip is shareable where that is {rule.least_probability:.0%} likely or more, with people weighed by "
        "how often they are right (Dawid and Skene 1979).",
        "Nothing of people who were set aside.",
    ]
    if rule.reasons_excluded:
        said.append(f"No clip that somebody passed over for: {', '.join(rule.reasons_excluded)}.")
    if rule.with_surplus:
        said.append("Annotations that came when enough others had judged are there, marked, and count nowhere.")
    return said
