"""The sync of one measurement as an SVG: streams over the drive, and the offset of each clock.

Same tables, same bytes.  However many streams and hours, there are at most ``MAX_LANES`` rows,
one mark per column of pixels and ``MAX_PANELS`` panels.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from avdataops.model.time import NS_PER_MS, NS_PER_S, format_time
from avdataops.ports.lineage_views import printable
from avdataops.signals.clock_table import STAMPS
from avdataops.signals.gnss_ties import GNSS_METHOD
from avdataops.signals.sync_panels import PANEL_HEIGHT, draw_panel
from avdataops.signals.sync_view import Lane, Link, SyncView

MAX_LANES = 200
"""More streams than this are only counted; those with refusals, steps and gaps stay."""
MAX_PANELS = 24
MAX_STEPS = 50
"""Jumps of one clock that are marked; a clock with more is broken."""

_WIDTH, _LEFT, _RIGHT = 1200, 290, 960
_LANE, _TOP, _COLUMNS, _MARGIN = 18, 78, 2, 16
_LONGEST_NAME = 34
_FIGURES = (1040, 1115, 1175)
_TICKS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)
_MOST_TICKS = 9
_STYLE = """
text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1b1f24}
.page{fill:#fff}.soft{fill:#57606a}.head{font-weight:600}.end{text-anchor:end}
.middle{text-anchor:middle}.bar{fill:#4393c3}.first .bar,.bar.first{fill:#1b7837}
.gap{stroke:#d6604d;stroke-width:12;fill:none}
.many{stroke-width:6}.grid{stroke:#d0d7de;fill:none}
.step{fill:#8250df;stroke:#fff;stroke-width:.8}.refused{fill:#fddbc7}.model{stroke:#0969da;
stroke-width:1.8;fill:none}.jump{stroke:#8250df;stroke-dasharray:3 2;fill:none}
.frame{fill:none;stroke:#d0d7de}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.soft{fill:#9da7b1}
.grid,.frame{stroke:#3d444d}.refused{fill:#67382c}.model{stroke:#58a6ff}.step{stroke:#0d1117}
.step{fill:#bc8cff}.jump{stroke:#bc8cff}.bar.first,.first .bar{fill:#3fa55a}}
"""


def sync_picture(view: SyncView, title: str) -> str:
    """Return the SVG; names may hold anything, they are escaped."""
    placed = [one for one in view.lanes if one.refused is None]
    start_ns = min((one.first_ns for one in placed), default=0)
    stop_ns = max((one.last_ns for one in placed), default=0)
    span_ns = max(stop_ns - start_ns, NS_PER_MS)

    def x_of(t_ns: int) -> float:
        share = (t_ns - start_ns) / span_ns
        return _LEFT + (_RIGHT - _LEFT) * min(max(share, 0.0), 1.0)

    reference = next((one.clock for one in placed if one.method == "reference"), "UTC")
    since = format_time(start_ns // NS_PER_MS * NS_PER_MS)
    told = f"{_duration(span_ns)} from {since}, on {reference}"
    lanes, bottom = _lanes(view.lanes, x_of)
    parts = [
        _text(_MARGIN, 26, f"Sync of {title}", "head"),
        _text(_MARGIN, 46, told if placed else "no stream with messages", "soft"),
        *_legend(),
        *_axis(start_ns, span_ns, x_of, bottom),
        *lanes,
    ]
    links = _worth_a_panel(view.links)
    parts += _panels(links[:MAX_PANELS], (start_ns, start_ns + span_ns), bottom + 44)
    height = bottom + 44 + -(-min(len(links), MAX_PANELS) // _COLUMNS) * PANEL_HEIGHT + 12
    if len(links) > MAX_PANELS:
        parts.append(_text(_MARGIN, height + 4, f"and {len(links) - MAX_PANELS} more", "soft"))
        height += 16
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        f' width="{_WIDTH}" height="{height}" role="img">\n'
        f"<title>Sync of {_safe(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="page" width="{_WIDTH}" height="{height}"/>\n{body}\n</svg>\n'
    )


def _lanes(lanes: Sequence[Lane], x_of: Callable[[int], float]) -> tuple[list[str], int]:
    """Return the rows under the heads of their clocks, and where they end."""
    shown = _most_telling(lanes)
    parts: list[str] = []
    y = _TOP + 12
    for clock, group in groupby(shown, key=lambda one: one.clock):
        same = list(group)
        parts.append(_text(_MARGIN, y + 13, _clock_line(clock, same[0]), "head"))
        y += _LANE + 3
        for lane in same:
            parts += _lane(lane, y, x_of)
            y += _LANE
        y += 6
    if len(shown) < len(lanes):
        more = f"and {len(lanes) - len(shown)} more streams, none with more gaps than these"
        parts.append(_text(_MARGIN, y + 13, more, "soft"))
        y += _LANE
    return parts, y


def _most_telling(lanes: Sequence[Lane]) -> list[Lane]:
    """Return at most ``MAX_LANES``, in their order."""
    order = sorted(lanes, key=lambda one: (one.refused is None, not one.steps, -len(one.gaps)))
    kept = {one.stream for one in order[:MAX_LANES]}
    return [one for one in lanes if one.stream in kept]


def _clock_line(clock: str, lane: Lane) -> str:
    if lane.method == "reference":
        return f"clock {clock}: the reference"
    if lane.method == GNSS_METHOD:
        return f"clock {clock}: taken to UTC by the time of satellites"
    if lane.refused is not None:
        return f"clock {clock}: not tied to the reference"
    return f"clock {clock}: tied by {lane.method}"


def _lane(lane: Lane, y: int, x_of: Callable[[int], float]) -> Iterator[str]:
    name = _shortened(lane.stream, _LONGEST_NAME)
    yield f"<g><title>{_safe(lane.stream)}</title>{_text(_MARGIN + 10, y + 13, name)}</g>"
    if lane.refused is not None:
        told = _shortened(f"not placed: {lane.refused}", 105)
        yield f"<g><title>{_safe(lane.refused)}</title>{_text(_LEFT, y + 13, told, 'soft')}</g>"
        return
    left, right = x_of(lane.first_ns), x_of(lane.last_ns)
    kind = "bar first" if lane.method == "reference" else "bar"
    yield (
        f'<rect class="{kind}" x="{left:.1f}" y="{y + 3}" width="{max(right - left, 2):.1f}"'
        ' height="12"/>'
    )
    yield from _gaps(lane, y, x_of)
    for at_ns, step_ms in lane.steps[:MAX_STEPS]:
        told = f"the clock of its stamps jumped by {step_ms:+.1f} ms"
        x = x_of(at_ns)
        yield (f'<path class="step" d="M{x:.1f} {y}l5 9l-5 9l-5-9z"><title>{told}</title></path>')
    yield from _figures(lane, y)


def _gaps(lane: Lane, y: int, x_of: Callable[[int], float]) -> Iterator[str]:
    """Yield one path of the pixels in one gap each, and one of those that many gaps share."""
    touched: Counter[int] = Counter()
    for start_ns, stop_ns in lane.gaps:
        touched.update(range(int(x_of(start_ns)), int(x_of(stop_ns)) + 1))
    for kind, top, is_shared in (("gap", y + 9, False), ("gap many", y + 12, True)):
        columns = sorted(x for x, gaps in touched.items() if (gaps > 1) is is_shared)
        if columns:
            runs = "".join(f"M{left} {top}h{wide}" for left, wide in _runs(columns))
            yield f'<path class="{kind}" d="{runs}"/>'


def _runs(columns: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where neighbouring columns begin and how many there are; they rise."""
    for _, run in groupby(enumerate(columns), key=lambda one: one[1] - one[0]):
        same = [x for _, x in run]
        yield same[0], len(same)


def _figures(lane: Lane, y: int) -> Iterator[str]:
    rate = "" if lane.rate_hz is None else f"{lane.rate_hz:.4g} Hz"
    share = "" if lane.coverage is None else f"{lane.coverage:.1%}"
    gaps = f"{len(lane.gaps):,}" if lane.gaps else ""
    for x, told in zip(_FIGURES, (rate, share, gaps), strict=True):
        if told:
            yield _text(x, y + 13, told, "soft end")


def _legend() -> Iterator[str]:
    signs = (
        ('<rect class="bar first" y="-9" width="22" height="10"/>', "on the reference clock"),
        ('<rect class="bar" y="-9" width="22" height="10"/>', "on a clock tied to it"),
        ('<path class="gap" d="M0-4h22"/>', "gap"),
        ('<path class="gap many" d="M0-1h22"/>', "many short gaps"),
        ('<path class="step" d="M11-13l5 9l-5 9l-5-9z"/>', "clock jumped"),
        ('<rect class="refused" y="-9" width="22" height="10"/>', "no model"),
    )
    x = 360.0
    for sign, meaning in signs:
        yield f'<g transform="translate({x:g} 46)">{sign}{_text(28, 0, meaning, "soft")}</g>'
        x += 52 + 6.6 * len(meaning)


def _axis(start_ns: int, span_ns: int, x_of: Callable[[int], float], bottom: int) -> Iterator[str]:
    """Yield the lines and labels of the time since the start."""
    fits = (step for step in _TICKS_S if span_ns / (step * NS_PER_S) <= _MOST_TICKS)
    step_ns = next(fits, span_ns // NS_PER_S) * NS_PER_S
    for tick_ns in range(0, span_ns + 1, step_ns):
        x = x_of(start_ns + tick_ns)
        yield f'<path class="grid" d="M{x:.1f} {_TOP + 6}V{bottom}"/>'
        yield _text(x, _TOP, _clock_face(tick_ns), "soft middle")
    for x, told in zip(_FIGURES, ("rate", "received", "gaps"), strict=True):
        yield _text(x, _TOP, told, "soft end")


def _worth_a_panel(links: Iterable[Link]) -> list[Link]:
    """Return ties first, then the stamps that jump or are refused, then the other ones.

    Stamps of the recorder's own clock that never jump are taken as they are: nothing to see.
    """

    def is_told(link: Link) -> bool:
        return len(link.pieces) > 1 or any(one.offset_ms is None for one in link.pieces)

    shown = [link for link in links if is_told(link) or link.method != "as_stamped"]
    return sorted(shown, key=lambda link: (link.clock == STAMPS, not is_told(link)))


def _panels(links: Sequence[Link], span_ns: tuple[int, int], top: int) -> Iterator[str]:
    if links:
        yield _text(
            _MARGIN, top - 12, "Offset of each clock over the drive, from that at its start", "head"
        )
    wide = (_WIDTH - 2 * _MARGIN) / _COLUMNS
    for place, link in enumerate(links):
        row, column = divmod(place, _COLUMNS)
        inside = draw_panel(link, span_ns, wide - _MARGIN)
        at = f"translate({_MARGIN + column * wide:g} {top + row * PANEL_HEIGHT})"
        yield f'<g transform="{at}">{inside}</g>'


def _clock_face(t_ns: int) -> str:
    minutes, seconds = divmod(t_ns // NS_PER_S, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _duration(span_ns: int) -> str:
    return f"{span_ns / NS_PER_S:.1f} s" if span_ns < 600 * NS_PER_S else _clock_face(span_ns)


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{named} xml:space="preserve">{_safe(text)}</text>'


def _shortened(text: str, longest: int) -> str:
    """Return ``text`` with its middle left out: names differ at both ends."""
    text, half = printable(text), longest // 2
    return text if len(text) <= longest else f"{text[: half - 1]}…{text[-half:]}"


def _safe(text: str) -> str:
    return escape(printable(text))
