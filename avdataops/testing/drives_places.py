"""Small drives past what a map has: places and stretches at known distances along the route."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive, Signals
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import (
    EGO_HZ,
    LANE_M,
    START_NS,
    Columns,
    bump,
    clock,
    context_rows,
    cruise,
    drive,
    move_across,
    other,
    ramp,
)

DURATION_S = 60.0
SPEED_MPS = 10.0
Spans = tuple[tuple[float, float], ...]


def route_context(
    s_m: Floats,
    places: Mapping[str, tuple[float, ...]] | None = None,
    stretches: Mapping[str, Spans] | None = None,
    **columns: Floats | float,
) -> Signals:
    """Return a context table of a drive that is at ``s_m`` along its route at each second.

    ``places`` and ``stretches`` lie along the route; the distances to them are exact.
    """
    found: dict[str, Floats | float] = {"route_m": s_m - s_m[0], "match_probability": 0.98}
    every = {name: tuple((one, one) for one in at) for name, at in (places or {}).items()}
    for name, spans in (every | dict(stretches or {})).items():
        ahead, behind = (np.full(s_m.size, np.nan) for _ in range(2))
        for start, stop in spans:
            ahead = np.fmin(ahead, np.where(s_m <= start, start - s_m, np.nan))
            behind = np.fmin(behind, np.where(s_m >= stop, s_m - stop, np.nan))
        within = np.any([(s_m >= a) & (s_m < b) for a, b in spans], axis=0)
        found[f"{name}_ahead_m"] = np.where(within, 0.0, ahead)
        found[f"{name}_behind_m"] = np.where(within, 0.0, behind)
    return context_rows(float(s_m.size - 1), **(found | columns))


def past(
    places: Mapping[str, tuple[float, ...]] | None = None,
    stretches: Mapping[str, Spans] | None = None,
    **columns: Floats | float,
) -> Drive:
    """Return a minute at 10 m/s, 600 m, past places and through stretches."""
    s_m = SPEED_MPS * clock(DURATION_S, 1)
    context = route_context(s_m, places, stretches, ego_speed_mps=SPEED_MPS, **columns)
    return drive(cruise(DURATION_S, SPEED_MPS), context=context)


def through_town() -> Drive:
    """Return a minute past one place and through one stretch of each kind."""
    s_m = SPEED_MPS * clock(DURATION_S, 1)
    return past(
        {"junction": (145.0,), "crossing": (255.0,), "level_crossing": (405.0,)},
        {
            "tunnel": ((305.0, 365.0),),
            "bridge": ((455.0, 487.0),),
            "roundabout": ((515.0, 545.0),),
        },
        school_distance_m=np.abs(s_m - 300.0) + 20.0,
    )


def red_light() -> Drive:
    """Return a minute with 20 s of standing 12 m before a signal."""
    t_s = clock(DURATION_S)
    columns: Columns = cruise(DURATION_S, SPEED_MPS)
    speed = SPEED_MPS * (1.0 - bump(t_s, 20.0, 24.0, 2.0))
    columns["ego_speed_mps"] = np.where(speed < 0.01, 0.0, speed)  # noqa: PLR2004 - m/s, stands
    s_m = np.cumsum(speed)[::EGO_HZ] / EGO_HZ
    standing = float(s_m[30])
    return drive(columns, context=route_context(s_m, {"traffic_signal": (standing + 12.0,)}))


def road_works(count: int = 5, object_class: str = "cone") -> Drive:
    """Return a minute past cones 8 m apart, 2.5 m to the right."""
    t_s = clock(DURATION_S, 10)
    cones = tuple(
        other(
            f"c{number}",
            t_s,
            250.0 + 8.0 * number - SPEED_MPS * t_s,
            np.full(t_s.size, -2.5),
            SPEED_MPS,
            object_class=object_class,
            length_m=0.4,
            width_m=0.4,
        )
        for number in range(count)
    )
    return drive(cruise(DURATION_S, SPEED_MPS), cones)


def without_route(given: Drive, start_s: float, stop_s: float) -> Drive:
    """Return the drive with the route unknown in [start, stop)."""
    context = given.context
    if context is None:
        return given
    t_s = (context.t_ns - START_NS) / NS_PER_S
    gone = (t_s >= start_s) & (t_s < stop_s)
    columns = {name: np.where(gone, np.nan, column) for name, column in context.columns.items()}
    return replace(given, context=replace(context, columns=columns))


def with_words(given: Drive, **columns: NDArray[Any]) -> Drive:
    """Return the drive with columns of text in its context table."""
    if given.context is None:
        return given
    told = {**given.context.columns, **columns}
    return replace(given, context=replace(given.context, columns=told))


def swerving() -> Drive:
    """Return two minutes with a change to the left and back, and one line crossed for a moment."""
    t_s = clock(120.0)
    across = LANE_M * (ramp(t_s, 22.0, 5.0) - ramp(t_s, 42.0, 5.0))
    across += 2.1 * (ramp(t_s, 70.0, 3.0) - ramp(t_s, 73.0, 3.0))
    return drive(move_across(cruise(120.0), across))
