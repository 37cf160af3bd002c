"""Object lists as tracks: rows of one road user in order of time, id switches mended."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Indices, Pairs, Times
from avdataops.signals.coverage import NOTHING, known_spans
from avdataops.signals.intervals import complement, drop_short, union

_VELOCITY_ROWS = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one track id without a gap, in order of time."""

    rows: Indices
    start_ns: int
    stop_ns: int


def split_tracks(t: Times, track_id: NDArray[Any], max_gap_ns: int) -> tuple[Piece, ...]:
    """Return the pieces of all tracks, by their start; an id that is silent longer begins anew.

    Rows may come in any order; of two rows of one id at one time the first given stays.
    """
    if t.size == 0:
        return ()
    code = np.unique(track_id.astype(str), return_inverse=True)[1]
    order = np.lexsort((t, code))
    same = code[order[1:]] == code[order[:-1]]
    step = np.diff(t[order])
    keep = np.append(True, ~(same & (step == 0)))
    order = order[keep]
    same = code[order[1:]] == code[order[:-1]]
    cuts = np.flatnonzero(~same | (np.diff(t[order]) > max_gap_ns)) + 1
    pieces = (
        Piece(rows, int(t[rows[0]]), int(t[rows[-1]]))
        for rows in np.split(order.astype(np.int64), cuts)
    )
    return tuple(sorted(pieces, key=lambda piece: (piece.start_ns, int(piece.rows[0]))))


def join_switched(
    t: Times, x_m: Floats, y_m: Floats, pieces: tuple[Piece, ...], *, gap_ns: int, reach_m: float
) -> tuple[Indices, ...]:
    """Return the rows of each road user, joining pieces that a changed id had cut apart.

    A piece goes on in the piece that begins within ``gap_ns`` after its end, within ``reach_m`` of
    where its last motion leads; the nearest such pair wins, each piece is used once.  Source:
    nearest-neighbour association with constant velocity, as in SORT (Bewley et al. 2016).
    """
    if not pieces:
        return ()
    stops = np.array([piece.stop_ns for piece in pieces], dtype=np.int64)
    by_stop = np.argsort(stops, kind="stable")
    ordered = stops[by_stop]
    offers: list[tuple[float, int, int]] = []
    for number, piece in enumerate(pieces):
        low = int(np.searchsorted(ordered, piece.start_ns - gap_ns, side="left"))
        high = int(np.searchsorted(ordered, piece.start_ns, side="left"))
        first = piece.rows[0]
        for earlier in by_stop[low:high].tolist():
            place = _led_to(t, x_m, y_m, pieces[earlier].rows, piece.start_ns)
            miss = float(np.hypot(place[0] - x_m[first], place[1] - y_m[first]))
            if miss <= reach_m:
                offers.append((miss, earlier, number))
    return _chains(pieces, offers)


def _led_to(t: Times, x_m: Floats, y_m: Floats, rows: Indices, at_ns: int) -> tuple[float, float]:
    """Return where the last motion of a track leads at a later time, relative to ego."""
    recent = rows[-_VELOCITY_ROWS:]
    last = recent[-1]
    span_ns = int(t[last] - t[recent[0]])
    share = (at_ns - int(t[last])) / span_ns if span_ns > 0 else 0.0
    return (
        float(x_m[last] + share * (x_m[last] - x_m[recent[0]])),
        float(y_m[last] + share * (y_m[last] - y_m[recent[0]])),
    )


def _chains(pieces: tuple[Piece, ...], offers: list[tuple[float, int, int]]) -> tuple[Indices, ...]:
    goes_on: dict[int, int] = {}
    came_from: dict[int, int] = {}
    for _, earlier, later in sorted(offers):
        if earlier not in goes_on and later not in came_from:
            goes_on[earlier] = later
            came_from[later] = earlier
    chains = []
    for number in range(len(pieces)):
        if number in came_from:
            continue
        chain = [number]
        while chain[-1] in goes_on:
            chain.append(goes_on[chain[-1]])
        chains.append(np.concatenate([pieces[link].rows for link in chain]))
    return tuple(chains)


def list_spans(
    t: Times, gaps: tuple[Pairs, ...], start_ns: int, stop_ns: int, max_gap_ns: int
) -> Pairs:
    """Return when an object list was delivered, so that "no object" is an answer.

    ``gaps`` holds the silences of each of its streams, because a list without objects has no rows;
    without any stream known, only times between rows close to each other count.
    """
    if not gaps:
        stamps = np.unique(t)
        return known_spans(stamps, np.ones(stamps.size, dtype=np.bool_), max_gap_ns)
    alive = NOTHING
    for silent in gaps:
        alive = union(alive, complement(drop_short(silent, max_gap_ns + 1), start_ns, stop_ns))
    return alive


def nearest_ahead(t: Times, x_m: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return for each row the least ``x_m`` of the rows at its time that are ``inside``, or inf.

    The object list's rows at one time are one picture of the road.
    """
    stamps, number = np.unique(t, return_inverse=True)
    least = np.full(stamps.size, np.inf)
    np.minimum.at(least, number[inside], x_m[inside])
    return np.asarray(least[number])


def closing_speed(t: Times, x_m: Floats, vx_mps: Floats, ego_mps: Floats) -> Floats:
    """Return ego speed minus object speed along x; from positions where the list has no speed."""
    if t.size < 2:  # noqa: PLR2004 - a slope needs two samples
        return np.asarray(ego_mps - vx_mps)
    by_position = -np.gradient(x_m, t / NS_PER_S - t[0] / NS_PER_S)
    return np.where(np.isfinite(vx_mps), ego_mps - vx_mps, by_position)
