"""A drive as a picture: weather and light, scenes by type, gaps of streams, over time.

Drawn with presentation attributes and classes only, so that no style is written into the page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from avdataops.api.pages.colours import colour_of
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.lineage_views import printable

MAX_LANES = 60
MAX_MARKS = 400
"""Of one lane; more than that cannot be told apart."""
_WIDTH, _LEFT, _RIGHT = 1000, 190, 990
_LANE, _TOP = 20, 26
_LONGEST = 26
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_MOST_TICKS = 8
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Strip:
    """A stretch of time with one value of the surroundings."""

    start_ns: int
    stop_ns: int
    value: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of the picture."""

    title: str
    marks: tuple[str, ...]
    note: str = ""


def timeline(
    span: TimeRange,
    scenes: Sequence[Scene],
    gaps: Mapping[str, Sequence[tuple[int, int]]],
    strips: Mapping[str, Sequence[Strip]],
) -> str:
    """Return the picture as SVG; names may hold anything, they are escaped."""
    length_ns = max(span.stop_ns - span.start_ns, 1)

    def x_of(t_ns: int) -> float:
        share = (t_ns - span.start_ns) / length_ns
        return round(_LEFT + (_RIGHT - _LEFT) * min(max(share, 0.0), 1.0), 1)

    lanes = [_strip_lane(name, values, x_of) for name, values in strips.items() if values]
    lanes += _scene_lanes(scenes, x_of)
    lanes += [_gap_lane(name, spans, x_of) for name, spans in gaps.items() if spans]
    left_out = max(len(lanes) - MAX_LANES, 0)
    lanes = lanes[:MAX_LANES]
    height = _TOP + len(lanes) * _LANE + (22 if left_out else 6)
    parts = [*_axis(length_ns, height, x_of, span.start_ns)]
    for place, lane in enumerate(lanes):
        top = _TOP + place * _LANE
        parts.append(f'<g transform="translate(0 {top})">')
        parts.append(f'<text class="lane" x="{_LEFT - 8}" y="14">{_short(lane.title)}</text>')
        parts += lane.marks
        parts.append("</g>")
    if left_out:
        parts.append(f'<text x="{_LEFT}" y="{height - 6}">and {left_out} more lanes</text>')
    body = "\n".join(parts)
    return (
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" role="group" '
        f'aria-label="Timeline of the drive">\n{body}\n</svg>'
    )


def strips_of(rows: Iterable[Mapping[str, Any]], value_of: Callable[[Any], str]) -> list[Strip]:
    """Return stretches of equal values of rows in order of time; unknown makes none.

    A row holds until the next one, at most for two seconds.
    """
    found: list[Strip] = []
    for row in rows:
        value, t_ns = value_of(row), row["t_ns"]
        last = found[-1] if found else None
        if last and last.value == value and t_ns <= last.stop_ns:
            found[-1] = Strip(last.start_ns, t_ns + 2 * NS_PER_S, value)
            continue
        if last and last.stop_ns > t_ns:
            found[-1] = Strip(last.start_ns, t_ns, last.value)
        if value:
            found.append(Strip(t_ns, t_ns + 2 * NS_PER_S, value))
    return found


def _scene_lanes(scenes: Sequence[Scene], x_of: Callable[[int], float]) -> list[Lane]:
    by_type: dict[str, list[Scene]] = {}
    for scene in scenes:
        by_type.setdefault(scene.type, []).append(scene)
    return [
        Lane(name.replace("_", " "), tuple(_scene_mark(one, x_of) for one in of_type[:MAX_MARKS]))
        for name, of_type in by_type.items()
    ]


def _scene_mark(scene: Scene, x_of: Callable[[int], float]) -> str:
    x, right = x_of(scene.t_start_ns), x_of(scene.t_end_ns)
    length_s = (scene.t_end_ns - scene.t_start_ns) / NS_PER_S
    told = _safe(f"{scene.type.replace('_', ' ')}, {length_s:.1f} s, {scene.confidence:.2f}")
    return (
        f'<a href="/scenes/{_safe(scene.id)}" aria-label="{told}"><title>{told}</title>'
        f'<rect x="{x}" y="3" width="{max(right - x, 4):.1f}" height="14" rx="2" '
        f'fill="{colour_of(scene.type)}"/></a>'
    )


def _gap_lane(stream: str, spans: Sequence[tuple[int, int]], x_of: Callable[[int], float]) -> Lane:
    marks = tuple(
        f'<rect class="gap" x="{x_of(start)}" y="5" '
        f'width="{max(x_of(stop) - x_of(start), 2):.1f}" height="10">'
        f"<title>{_safe(stream)}: gap of {(stop - start) / NS_PER_S:.2f} s</title></rect>"
        for start, stop in spans[:MAX_MARKS]
    )
    return Lane(f"gap {stream}", marks)


def _strip_lane(name: str, strips: Sequence[Strip], x_of: Callable[[int], float]) -> Lane:
    marks = []
    for one in strips[:MAX_MARKS]:
        x, width = x_of(one.start_ns), max(x_of(one.stop_ns) - x_of(one.start_ns), 1)
        value = _safe(one.value)
        marks.append(
            f'<g class="strip strip-{_class_of(one.value)}"><title>{value}</title>'
            f'<rect x="{x}" y="2" width="{width:.1f}" height="16"/>'
        )
        if width > 8 * len(one.value):
            marks.append(f'<text x="{x + 4}" y="14">{value}</text>')
        marks.append("</g>")
    return Lane(name, tuple(marks))


def _axis(
    length_ns: int, height: int, x_of: Callable[[int], float], start_ns: int
) -> Iterable[str]:
    length_s = length_ns / NS_PER_S
    step_s = next((one for one in _STEPS_S if length_s / one <= _MOST_TICKS), _STEPS_S[-1])
    for place in range(min(int(length_s / step_s) + 1, 1000)):
        x = x_of(start_ns + place * step_s * NS_PER_S)
        told = f"{place * step_s} s" if step_s < _MINUTE_S else f"{place * step_s // _MINUTE_S} min"
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="18" y2="{height}"/>'
        yield f'<text class="tick" x="{x}" y="12">{told}</text>'


def _class_of(value: str) -> str:
    return "".join(char for char in value.lower() if char.isascii() and char.isalnum())[:20]


def _short(text: str) -> str:
    whole = printable(text)
    cut = whole if len(whole) <= _LONGEST else f"{whole[: _LONGEST - 1]}…"
    return f"<title>{escape(whole)}</title>{escape(cut)}"


def _safe(text: str) -> str:
    return escape(printable(text))
