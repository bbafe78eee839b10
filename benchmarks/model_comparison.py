"""Checkpoints beside each other: figures by family of verbs, and a sheet of the same prompts through every one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.model_sheets import prompts_sheet
from sticker_diffusion.metrics.evaluation import ClipMeasures, Sampled, summary
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.motions import FAMILIES

PROMPTS = 16
COLUMNS = (
    ("verb", "verb_recognised", "{:.0%}"),
    ("identity dB", "identity_db", "{:.1f}"),
    ("motion", "motion_size", "{:.2f}"),
    ("seam", "seam_ratio", "{:.2f}"),
)


def by_family(clips: Sequence[ClipMeasures]) -> dict[str, dict[str, float | int]]:
    """The summary of each family's clips; a family without clips is left out."""
    grouped = {name: [clip for clip in clips if clip.verb in verbs] for name, verbs in FAMILIES.items()}
    return {name: summary(chosen) for name, chosen in grouped.items() if chosen}


def print_comparison(console: Console, reports: Mapping[str, Mapping[str, Any]]) -> None:
    """One row a checkpoint, one group of columns a family, the best share of recognised verbs of each marked."""
    table = Table(title="by family of verbs, at the default settings", title_justify="left")
    table.add_column("checkpoint")
    families = [name for name in FAMILIES if any(name in report["by_family"] for report in reports.values())]
    for family in families:
        for title, _, _ in COLUMNS:
            table.add_column(f"{family}\n{title}", justify="right")
    best = {
        family: max(report["by_family"].get(family, {}).get("verb_recognised", 0.0) for report in reports.values())
        for family in families
    }
    for name, report in reports.items():
        cells = [name]
        for family in families:
            figures = report["by_family"].get(family)
            for _, key, form in COLUMNS:
                cell = form.format(figures[key]) if figures else "–"
                marked = figures and key == "verb_recognised" and figures[key] == best[family]
                cells.append(f"[bold]{cell}[/bold]" if marked else cell)
        table.add_row(*cells)
    console.print(table)


def write_comparison(sampled: Mapping[str, Sampled], bank: StickerBank, folder: Path) -> Path:
    """models.webp: rows are the same PROMPTS held-out pairs, groups of columns the checkpoints."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "models.webp"
    prompts_sheet(sampled, bank, PROMPTS).save(path, quality=80, method=6)
    return path
