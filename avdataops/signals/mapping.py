"""Columns of a stream read as one canonical signal: in its unit, frame and words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.signals.arrays import Floats, Times
from avdataops.signals.columns import floats, own_rows, times
from avdataops.signals.geo import wrap_pi
from avdataops.signals.usable import passes
from avdataops.tables.signals import Match

MIN_COURSE_SPEED_MPS = 2.0
"""Below it the direction of a measured velocity is mostly noise."""
GRAVITY_MPS2 = (7.0, 12.0)
"""What the median specific force of an inertial unit that feels gravity may be."""
_XX, _YY = 0, 4


@dataclass(frozen=True, slots=True)
class Reading:
    """Samples of one canonical signal; NaN is unknown."""

    t: Times
    x: Floats
    """In the signal's unit; for words the place in ``Signal.words``."""
    strange: tuple[str, ...] = ()
    """Texts that are none of the signal's words."""


def read(match: Match, table: pa.Table) -> Reading:
    """Return the signal that ``table`` holds by ``match``; it needs ``t_ns`` and ``match.needs``.

    Rows where the rule's condition does not hold are unknown.
    """
    t = times(table["t_ns"])
    columns = {role: table[name] for role, name in match.columns.items()}
    strange: tuple[str, ...] = ()
    if match.candidate.reading == "text":
        x, strange = _words(match, columns["value"])
    else:
        x = _READINGS[match.candidate.reading](match, columns)
    if match.where is not None and match.candidate.where is not None:
        x = np.where(passes(match.candidate.where, table[match.where]), x, np.nan)
    own = own_rows(np.isfinite(x))
    return Reading(t[own], x[own], strange)


_Columns = Mapping[str, pa.ChunkedArray]


def _scaled(match: Match, columns: _Columns, role: str = "value") -> Floats:
    return floats(columns[role]) * match.scales[role]


def _length(match: Match, columns: _Columns) -> Floats:
    return np.hypot(_scaled(match, columns, "x"), _scaled(match, columns, "y"))


def _course(match: Match, columns: _Columns) -> Floats:
    x, y = _scaled(match, columns, "x"), _scaled(match, columns, "y")
    return np.where(np.hypot(x, y) >= MIN_COURSE_SPEED_MPS, np.arctan2(y, x), np.nan)


def _compass(match: Match, columns: _Columns) -> Floats:
    return wrap_pi(np.pi / 2 - _scaled(match, columns))


def _level_rate(match: Match, columns: _Columns) -> Floats:
    rate = np.column_stack([_scaled(match, columns, role) for role in "xyz"])
    force = np.column_stack([_scaled(match, columns, f"up_{role}") for role in "xyz"])
    known = force[np.isfinite(force).all(axis=1)]
    if len(known) == 0:
        return np.full(len(rate), np.nan)
    # Accelerations of a drive come and go, gravity stays: the median is not moved by a hard stop.
    up = np.median(known, axis=0)
    length = float(np.linalg.norm(up))
    if not GRAVITY_MPS2[0] <= length <= GRAVITY_MPS2[1]:
        return np.full(len(rate), np.nan)
    return np.asarray(np.sum(rate * (up / length), axis=1), dtype=np.float64)


def _quaternion(_match: Match, columns: _Columns) -> Floats:
    x, y, z, w = (floats(columns[role]) for role in "xyzw")
    return yaw_of(x, y, z, w)


def yaw_of(x: Floats, y: Floats, z: Floats, w: Floats) -> Floats:
    """Return yaw in (-pi, pi] of quaternions of any length but zero (ZYX angles), NaN for zero."""
    length = x * x + y * y + z * z + w * w
    yaw = np.arctan2(2 * (w * z + x * y), w * w + x * x - y * y - z * z)
    return np.where(length > 0, yaw, np.nan)


def _sigma(_match: Match, columns: _Columns) -> Floats:
    xx, yy = (floats(pc.list_element(columns["value"], place)) for place in (_XX, _YY))
    variance = (xx + yy) / 2
    return np.sqrt(np.where(variance > 0, variance, np.nan))


def _map(match: Match, columns: _Columns) -> Floats:
    raw = floats(columns["value"])
    result = np.full(raw.size, np.nan)
    for old, new in match.candidate.map.items():
        result[raw == old] = new
    return result


def _words(match: Match, column: pa.ChunkedArray) -> tuple[Floats, tuple[str, ...]]:
    places = {word: float(place) for place, word in enumerate(match.signal.words)}
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], encoded.type)
    texts = encoded.dictionary.to_pylist()
    known = [match.signal.word(text) for text in texts]
    codes = np.array([np.nan if word is None else places[word] for word in known] + [np.nan])
    index = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    strange = (text for text, word in zip(texts, known, strict=True) if word is None)
    return codes[index], tuple(sorted(strange))


_READINGS: Mapping[str, Callable[[Match, _Columns], Floats]] = {
    "value": _scaled,
    "length": _length,
    "course": _course,
    "compass": _compass,
    "level_rate": _level_rate,
    "quaternion": _quaternion,
    "sigma": _sigma,
    "map": _map,
}
