"""A plot of values with their intervals, as SVG."""

from __future__ import annotations

import html
from collections.abc import Sequence

WIDTH, LABELS, LINE, MARGIN = 900, 380, 26, 30
INK = "currentColor"


def interval_plot(rows: Sequence[tuple[str, Sequence[float]]], *, low: float, high: float) -> str:
    """One row a value, low end and high end, over an axis in percent from `low` to `high`."""

    def x(value: float) -> float:
        return LABELS + (WIDTH - LABELS - MARGIN) * (value - low) / (high - low)

    bottom = LINE * len(rows) + 8
    parts = []
    for tick in range(5):
        at = low + (high - low) * tick / 4
        parts.append(
            f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="0" y2="{bottom}" stroke="{INK}" stroke-opacity=".2"/>'
            f'<text x="{x(at):.1f}" y="{bottom + 16}" text-anchor="middle">{percent(at)} %</text>'
        )
    for number, (label, (value, start, end)) in enumerate(rows):
        y = LINE * number + LINE / 2
        parts.append(
            f'<text x="{LABELS - 12}" y="{y + 4}" text-anchor="end">{html.escape(label)}</text>'
            f'<line x1="{x(start):.1f}" x2="{x(end):.1f}" y1="{y}" y2="{y}" stroke="{INK}" stroke-width="2"/>'
            f'<circle cx="{x(value):.1f}" cy="{y}" r="5" fill="{INK}"><title>{percent(value)} %, '
            f"{percent(start)} to {percent(end)}</title></circle>"
        )
    return f'<svg viewBox="0 0 {WIDTH} {bottom + 24}" role="img">{"".join(parts)}</svg>'


def percent(value: float) -> str:
    return f"{100 * value:.0f}".replace("-", "−")
