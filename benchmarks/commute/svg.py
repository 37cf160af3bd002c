"""A picture of columns of panels over time, as SVG text: lines, thresholds, a shaded interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from avdataops.signals.arrays import Floats

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 120, 52, 40, 24
COLOURS = ("#1f5fa8", "#c2571a", "#4a4a4a")
_SHADE, _LIMIT, _INK = "#f3d9a4", "#b3261e", "#333333"
_MOST_POINTS = 600


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity over time; times in seconds, shape (n,), NaN breaks a line."""

    title: str
    lines: Sequence[tuple[Floats, Floats]]
    limits: Sequence[float] = ()
    """Thresholds, drawn dashed."""


@dataclass(frozen=True, slots=True)
class Column:
    """Panels below each other that share their time and one shaded interval."""

    title: str
    span_s: tuple[float, float]
    shaded_s: tuple[float, float]
    panels: Sequence[Panel]


def picture(title: str, columns: Sequence[Column]) -> str:
    """Return the whole SVG document."""
    rows = max((len(one.panels) for one in columns), default=0)
    wide = len(columns) * (LEFT + WIDTH + GAP) + GAP
    high = TOP + 20 + rows * (HEIGHT + GAP + 14) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">',
        f'<g font-family="sans-serif" font-size="11" fill="{_INK}">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{GAP}" y="22" font-size="15">{escape(title)}</text>',
    ]
    for place, column in enumerate(columns):
        x = GAP + LEFT + place * (LEFT + WIDTH + GAP)
        parts.append(f'<text x="{x}" y="{TOP + 8}">{escape(column.title)}</text>')
        for row, panel in enumerate(column.panels):
            y = TOP + 30 + row * (HEIGHT + GAP + 14)
            parts += _panel(panel, column, x, y)
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _panel(panel: Panel, column: Column, x: int, y: int) -> list[str]:
    start, stop = column.span_s
    low, high = _range(panel, start, stop)

    def across(t_s: float) -> float:
        return x + WIDTH * (min(max(t_s, start), stop) - start) / (stop - start)

    def down(value: float) -> float:
        return y + HEIGHT * (high - value) / (high - low)

    a, b = (across(t) for t in column.shaded_s)
    shade = f'width="{max(b - a, 0.8):.1f}" height="{HEIGHT}" fill="{_SHADE}"'
    parts = [
        f'<rect x="{a:.1f}" y="{y}" {shade}/>',
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="{_INK}"/>',
        f'<text x="{x}" y="{y - 4}">{escape(panel.title)}</text>',
    ]
    for value in (low, high):
        text = f"{value:.3g}"
        parts.append(f'<text x="{x - 4}" y="{down(value) + 4:.1f}" text-anchor="end">{text}</text>')
    for t, anchor in ((start, "start"), (stop, "end")):
        text = f"{t:.0f} s"
        parts.append(
            f'<text x="{across(t):.1f}" y="{y + HEIGHT + 12}" text-anchor="{anchor}">{text}</text>'
        )
    parts += [
        f'<line x1="{x}" x2="{x + WIDTH}" y1="{down(limit):.1f}" y2="{down(limit):.1f}"'
        f' stroke="{_LIMIT}" stroke-dasharray="5 3"/>'
        for limit in panel.limits
    ]
    for colour, (t_s, values) in zip(COLOURS, panel.lines, strict=False):
        d = path([(across(float(s)), down(float(v))) for s, v in _thin(t_s, values, start, stop)])
        if d:
            parts.append(f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
    return parts


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return the ``d`` of a path that lifts the pen wherever a coordinate is NaN."""
    words: list[str] = []
    drawing = False
    for x, y in points:
        known = bool(np.isfinite(x) and np.isfinite(y))
        if known:
            words.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        drawing = known
    return " ".join(words)


def _thin(t: Floats, x: Floats, start: float, stop: float) -> list[tuple[float, float]]:
    inside = np.flatnonzero((t >= start) & (t <= stop))
    rows = inside[:: max(1, -(-inside.size // _MOST_POINTS))]
    return list(zip(t[rows].tolist(), x[rows].tolist(), strict=True))


def _range(panel: Panel, start: float, stop: float) -> tuple[float, float]:
    """Return the lowest and the highest value to show, a little apart even when all are alike."""
    values = [float(one) for one in panel.limits]
    for t, x in panel.lines:
        seen = x[(t >= start) & (t <= stop) & np.isfinite(x)]
        values += [float(seen.min()), float(seen.max())] if seen.size else []
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = max((high - low) * 0.08, 0.05)
    return low - margin, high + margin
