"""Where places and stretches of a map lie along the driven route, and when the ego was there.

The context table has, about once a second, how far the ego has come along its route and how far
what is on it is ahead and behind.  Between two ticks the ego is taken to drive evenly, so a
boundary is told to a fraction of the way between them.
"""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive, Unknown
from avdataops.signals.arrays import Floats, Pairs, Times, segments
from avdataops.signals.coverage import NO_SIGNALS, known_spans, missing
from avdataops.signals.nullable import floats

_SAME_M = 5.0
"""Two sights of one place along the route agree within this."""
NO_MATCH = 0.8
"""Confidence at most, where the map match tells no probability."""
SURE = 0.95
"""Confidence at most: the map may be older than the road."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Ticks of one unbroken piece of the driven route."""

    rows: slice
    """Of the known ticks."""
    t: Times
    s_m: Floats
    """Never decreasing."""


@dataclass(frozen=True, slots=True)
class RouteTicks:
    """Known ticks of the driven route."""

    t: Times
    columns: dict[str, Floats]
    legs: tuple[Leg, ...]

    def column(self, name: str) -> Floats:
        """Return a column at the known ticks, NaN throughout if there is none."""
        return floats(self.columns, name, self.t.size)


@dataclass(frozen=True, slots=True)
class Visit:
    """A stretch of time in which the ego was somewhere on its route."""

    start_ns: int
    stop_ns: int
    truncated: bool
    """The route was not known before its start or after its end."""
    from_m: float
    """Along the route, of what was visited."""
    to_m: float
    rows: slice
    """Known ticks around it."""

    @property
    def duration_s(self) -> float:
        """How long it lasted."""
        return (self.stop_ns - self.start_ns) / NS_PER_S


def route_ticks(drive: Drive) -> tuple[RouteTicks, list[Unknown]]:
    """Return the ticks at which the route is known, and where it is not."""
    context = drive.context or NO_SIGNALS
    s = floats(context.columns, "route_m", context.t_ns.size)
    known = np.isfinite(s)
    spans = {"matched road": known_spans(context.t_ns, known, context.max_gap_ns)}
    lost = missing(drive.start_ns, drive.stop_ns, spans, context.max_gap_ns)
    t, s = context.t_ns[known], s[known]
    columns = {
        name: column[known] for name, column in context.columns.items() if column.dtype != object
    }
    legs = []
    for first, stop in segments(t, context.max_gap_ns):
        # The way begins anew where the route was lost.
        cuts = first + 1 + np.flatnonzero(np.diff(s[first:stop]) < 0)
        for a, b in zip([first, *cuts], [*cuts, stop], strict=True):
            if b - a > 1:
                legs.append(Leg(slice(int(a), int(b)), t[a:b], s[a:b]))
    return RouteTicks(t, columns, tuple(legs)), lost


def places(ticks: RouteTicks, leg: Leg, name: str) -> Floats:
    """Return where along a leg the places of one kind lie, as its ticks see them.

    ``NAME_ahead_m`` and ``NAME_behind_m`` of the context table tell them; a place that the ego
    never comes to counts as well.
    """
    ahead, behind = (ticks.column(f"{name}_{side}_m")[leg.rows] for side in ("ahead", "behind"))
    seen = np.concatenate((leg.s_m + ahead, leg.s_m - behind))
    return _distinct(seen[np.isfinite(seen)])


def around(ticks: RouteTicks, name: str, before_m: float, after_m: float) -> list[Visit]:
    """Return when the ego was near places of one kind; neighbours that overlap are one visit."""
    found: list[Visit] = []
    for leg in ticks.legs:
        joined: list[list[float]] = []
        for place in places(ticks, leg, name).tolist():
            if joined and place - before_m <= joined[-1][1]:
                joined[-1][1] = place + after_m
            else:
                joined.append([place - before_m, place + after_m])
        found += [one for low, high in joined if (one := _visit(leg, low, high)) is not None]
    return found


def inside(ticks: RouteTicks, name: str) -> list[Visit]:
    """Return when the ego was in stretches of one kind, such as tunnels.

    A stretch has a beginning where it was ahead and an end where it was behind; the ticks in it
    have 0 for both.
    """
    found: list[Visit] = []
    for leg in ticks.legs:
        ahead, behind = (ticks.column(f"{name}_{side}_m")[leg.rows] for side in ("ahead", "behind"))
        # A tick inside tells neither end.
        here = (ahead == 0) & (behind == 0)
        begins = _distinct((leg.s_m + ahead)[np.isfinite(ahead) & ~here])
        ends = _distinct((leg.s_m - behind)[np.isfinite(behind) & ~here])
        within = leg.s_m[here]
        for low, high in _stretches(begins, ends, within):
            visit = _visit(leg, low, high)
            if visit is not None:
                found.append(visit)
    return found


def _stretches(begins: Floats, ends: Floats, within: Floats) -> list[tuple[float, float]]:
    """Return beginnings with the end that follows, infinite where it was not seen."""
    marks = sorted(
        [(x, 0) for x in begins.tolist()]
        + [(x, 1) for x in within.tolist()]
        + [(x, 2) for x in ends.tolist()]
    )
    found: list[tuple[float, float]] = []
    low: float | None = None
    for place, kind in marks:
        if kind == 0 and low is None:
            low = place
        elif kind == 1 and low is None:
            low = -np.inf
        elif kind == 2:  # noqa: PLR2004 - an end
            found.append((-np.inf if low is None else low, place))
            low = None
    if low is not None:
        found.append((low, np.inf))
    return found


def _visit(leg: Leg, low_m: float, high_m: float) -> Visit | None:
    """Return when a leg was between two places; None if it never was."""
    if high_m <= leg.s_m[0] or low_m >= leg.s_m[-1]:
        return None
    start = _passing(leg, low_m, side="left")
    stop = _passing(leg, high_m, side="right")
    if stop <= start:
        return None
    first = int(np.searchsorted(leg.t, start, side="right")) - 1
    last = int(np.searchsorted(leg.t, stop, side="left"))
    return Visit(
        start_ns=start,
        stop_ns=stop,
        truncated=bool(low_m < leg.s_m[0] or high_m > leg.s_m[-1]),
        from_m=low_m,
        to_m=high_m,
        rows=slice(leg.rows.start + max(first, 0), leg.rows.start + min(last, leg.t.size - 1) + 1),
    )


def _passing(leg: Leg, place_m: float, *, side: str) -> int:
    """Return when the leg came to a place (left), or left it (right); its ends outside of it."""
    if side == "left":
        row = int(np.searchsorted(leg.s_m, place_m, side="left"))
    else:
        row = int(np.searchsorted(leg.s_m, place_m, side="right"))
    if row == 0:
        return int(leg.t[0])
    if row == leg.t.size:
        return int(leg.t[-1])
    step = float(leg.s_m[row] - leg.s_m[row - 1])
    share = (place_m - float(leg.s_m[row - 1])) / step
    return int(leg.t[row - 1]) + round(share * float(leg.t[row] - leg.t[row - 1]))


def below(ticks: RouteTicks, name: str, level: float) -> Pairs:
    """Return when a column is at or below a level, on straight lines between the known ticks.

    Shape (n, 2), half-open times in ns.
    """
    found: list[tuple[int, int]] = []
    for leg in ticks.legs:
        x = ticks.column(name)[leg.rows]
        low = (x <= level).astype(np.int8)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], low, [0]))))
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            start = _level_at(leg.t, x, a - 1, level) if a else int(leg.t[0])
            stop = _level_at(leg.t, x, b - 1, level) if b < x.size else int(leg.t[-1])
            if stop > start:
                found.append((start, stop))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _level_at(t: Times, x: Floats, row: int, level: float) -> int:
    """Return when the line from a row to the next is at a level; the known end if one is NaN."""
    here, there = float(x[row]), float(x[row + 1])
    if not np.isfinite(here + there):
        return int(t[row + 1] if np.isnan(here) else t[row])
    return int(t[row]) + round((level - here) / (there - here) * float(t[row + 1] - t[row]))


def match_confidence(ticks: RouteTicks, rows: slice) -> float:
    """Return how sure the matched road is at some ticks: the mean probability, 0.95 at most."""
    p = ticks.column("match_probability")[rows]
    known = p[np.isfinite(p)]
    return min(float(known.mean()), SURE) if known.size else NO_MATCH


def _distinct(places_m: Floats) -> Floats:
    """Return the middles of groups of places that lie within 5 m of their neighbour."""
    ordered = np.sort(places_m)
    if ordered.size == 0:
        return ordered
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered) > _SAME_M) + 1)
    return np.array([float(np.median(group)) for group in groups])
