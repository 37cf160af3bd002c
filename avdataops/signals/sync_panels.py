"""One clock's offset over a drive as a part of an SVG: its pieces, its jumps and its refusals."""

from collections.abc import Callable, Iterator
from html import escape
from itertools import pairwise

from avdataops.ports.lineage_views import printable
from avdataops.signals.sync_view import Link, Stretch

PANEL_HEIGHT = 112
MAX_PIECES = 400
"""Pieces of one clock that are drawn: the first ones."""
_TOP, _BOTTOM, _LEFT = 24, 96, 66
_LEAST_MS = 0.1
_WHOLE_MS = 100.0
_LONGEST = 50

_Place = Callable[[float], float]


def draw_panel(link: Link, span_ns: tuple[int, int], width: float) -> str:
    """Return the panel from its upper left corner, ``PANEL_HEIGHT`` high.

    Offsets are drawn from that at the start, which the head tells: what matters is how a clock
    moves, and its offset may be days.
    """
    pieces = link.pieces[:MAX_PIECES]
    ends = [end for one in pieces if one.offset_ms is not None for end in one.offset_ms]
    base = ends[0] if ends else 0.0
    low, high = _range([end - base for end in ends])
    start_ns, stop_ns = span_ns

    def x_of(t_ns: float) -> float:
        share = (t_ns - start_ns) / max(stop_ns - start_ns, 1)
        return _LEFT + (width - _LEFT) * min(max(share, 0.0), 1.0)

    def y_of(offset_ms: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (offset_ms - base - low) / (high - low)

    parts = [_label(0, 14, _head(link, base if ends else None), "")]
    parts += [_refusal(one, x_of) for one in pieces if one.offset_ms is None]
    if ends:
        parts += _axis(base, (low, high), y_of, width)
        parts += _curve(pieces, x_of, y_of)
    frame = f'x="{_LEFT}" y="{_TOP}" width="{width - _LEFT:g}" height="{_BOTTOM - _TOP}"'
    parts.append(f'<rect class="frame" {frame}/>')
    return "".join(parts)


def _head(link: Link, base_ms: float | None) -> str:
    name = printable(link.clock if link.stream is None else f"{link.clock} of {link.stream}")
    name = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    told = f"{name} → {link.reference} ({link.method})"
    return told if base_ms is None else f"{told}: {base_ms:+,.1f} ms"


def _range(offsets_ms: list[float]) -> tuple[float, float]:
    """Return the lowest and highest offset with room around them."""
    low, high = min(offsets_ms, default=0.0), max(offsets_ms, default=0.0)
    room = max((high - low) * 0.15, _LEAST_MS)
    return low - room, high + room


def _refusal(one: Stretch, x_of: _Place) -> str:
    left, right = x_of(one.start_ns), x_of(one.stop_ns)
    why = escape(printable(one.refused or ""))
    return (
        f'<rect class="refused" x="{left:.1f}" y="{_TOP}" width="{max(right - left, 2):.1f}"'
        f' height="{_BOTTOM - _TOP}"><title>{why}</title></rect>'
    ) + (_label(left + 6, _TOP + 20, _brief(one.refused or "", right - left), "soft"))


def _brief(why: str, width: float) -> str:
    fits = int(width / 6.5)
    if fits < len("refused"):
        return ""
    return why if len(why) <= fits else f"{why[: fits - 1]}…"


def _axis(base: float, limits: tuple[float, float], y_of: _Place, width: float) -> Iterator[str]:
    """Yield the line at the offset of the start, and labels in ms from there."""
    yield f'<path class="grid" d="M{_LEFT} {y_of(base):.1f}H{width:g}"/>'
    for value in limits:
        yield _label(_LEFT - 6, y_of(base + value) + 4, _signed(value), "soft end")


def _signed(value_ms: float) -> str:
    return f"{value_ms:+,.0f} ms" if abs(value_ms) >= _WHOLE_MS else f"{value_ms:+.3g} ms"


def _curve(pieces: tuple[Stretch, ...], x_of: _Place, y_of: _Place) -> Iterator[str]:
    """Yield the pieces of the model, and a broken line where one does not begin at the last."""
    known = [(one, one.offset_ms) for one in pieces if one.offset_ms is not None]
    lines = "".join(
        f"M{x_of(one.start_ns):.1f} {y_of(ends[0]):.1f}L{x_of(one.stop_ns):.1f} {y_of(ends[1]):.1f}"
        for one, ends in known
    )
    yield f'<path class="model" d="{lines}"/>'
    for (_, before), (one, after) in pairwise(known):
        if abs(after[0] - before[1]) > _LEAST_MS:
            x = x_of(one.start_ns)
            yield f'<path class="jump" d="M{x:.1f} {y_of(before[1]):.1f}V{y_of(after[0]):.1f}"/>'


def _label(x: float, y: float, text: str, kind: str) -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{named}>{escape(printable(text))}</text>'
