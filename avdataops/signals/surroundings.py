"""What was around the ego at one moment of a drive, from its context."""

import math
from typing import Any

import numpy as np

from avdataops.model.scene import Surroundings
from avdataops.ports.detecting import Drive, Signals

_NUMBERS = (
    *("precipitation_mmph", "visibility_m", "temperature_c", "speed_limit_mps"),
    *("junction_distance_m", "crossing_distance_m"),
    *("traffic_signal_distance_m", "school_distance_m"),
)
_WHOLE = ("way_id", "lanes")
_WORDS = ("light", "road_class")
_SPEED = "ego_speed_mps"


def surroundings_at(drive: Drive, t_ns: int) -> Surroundings:
    """Return the nearest row of the context, if it is no further away than a gap.

    The ego's own speed is that of its last tick up to the moment, also within a gap.
    """
    found: dict[str, Any] = {_SPEED: _number(drive.ego, _SPEED, _last(drive.ego, t_ns))}
    if drive.context is not None:
        row = _nearest(drive.context, t_ns)
        found |= {name: _number(drive.context, name, row) for name in _NUMBERS}
        found |= {name: _whole(_number(drive.context, name, row)) for name in _WHOLE}
        found |= {name: _word(drive.context, name, row) for name in _WORDS}
        found["weather"] = weather_at(drive.context, row)
    return Surroundings(**found)


def weather_at(context: Signals, row: int | None) -> str | None:
    """Return the first of snow, rain and fog that a report names; dry if it denies the first two.

    A report need not say that there is no fog.
    """
    snow, rain, fog = (_number(context, name, row) for name in ("snow", "rain", "fog"))
    for name, value in (("snow", snow), ("rain", rain), ("fog", fog)):
        if value:
            return name
    return "dry" if snow == rain == 0.0 else None


def _last(signals: Signals, t_ns: int) -> int | None:
    row = int(np.searchsorted(signals.t_ns, t_ns, side="right")) - 1
    if row < 0 or t_ns - int(signals.t_ns[row]) > signals.max_gap_ns:
        return None
    return row


def _nearest(signals: Signals, t_ns: int) -> int | None:
    after = int(np.searchsorted(signals.t_ns, t_ns))
    rows = [row for row in (after - 1, after) if 0 <= row < signals.t_ns.size]
    far = {row: abs(int(signals.t_ns[row]) - t_ns) for row in rows}
    row = min(far, key=far.__getitem__, default=None)
    return row if row is not None and far[row] <= signals.max_gap_ns else None


def _number(signals: Signals, name: str, row: int | None) -> float | None:
    column = signals.get(name)
    if column is None or row is None or column.dtype == object:
        return None
    value = float(column[row])
    return value if math.isfinite(value) else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _word(signals: Signals, name: str, row: int | None) -> str | None:
    column = signals.get(name)
    if column is None or row is None or column.dtype != object:
        return None
    value = column[row]
    return None if value is None else str(value)
