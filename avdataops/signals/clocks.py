"""Models of one clock against another, and the one-way model from send and receive times.

The model of two loggers that share no clock is in :mod:`avdataops.signals.logger_clocks`.
"""

from dataclasses import dataclass, replace

import numpy as np

from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_MS
from avdataops.signals.arrays import Bools, Floats, Times

PPM = 1e6
MAX_SKEW_PPM = 200.0
"""No quartz of a logger or a sensor is further off."""
# More rows than this share out of order are a clock that was reset, not jitter of a queue.
_MAX_BACKWARD_SHARE = 0.1
# Each round passes at least one corner of the hull; honest delays need about ten.
_MAX_ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class ClockModel:
    """``reference = t + offset_ns + skew_ppm * 1e-6 * (t - t0_ns)`` for times ``t`` of a clock."""

    t0_ns: int
    """The time on the modelled clock at which ``offset_ns`` holds."""
    offset_ns: int
    skew_ppm: float
    """How much faster the reference runs; 0 where the record is too short to tell."""
    residual_p50_ms: float
    residual_p95_ms: float
    """Size of what the model leaves over, at 50 and 95 % of the points it was fitted to."""
    sigma_ms: float | None
    """Standard deviation of the model's time, worst inside the record; ``None`` when unknown."""
    points: int
    """How many points the model was fitted to: rows of a stream, or windows of two loggers."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no model is given.  Better than a number that nobody can trust."""

    reason: str
    """A word that stays the same: ``too_few_samples``, ``skew_too_large``, ..."""
    message: str
    """One sentence with the figures."""


def apply(model: ClockModel, t: Times) -> Times:
    """Return times of the modelled clock as times of the reference, to the nearest ns.

    Monotone for every skew above -1e6 ppm; rows are taken as they are, in any order.
    """
    since = (t - model.t0_ns).astype(np.float64)
    drift = np.rint(since * (model.skew_ppm / PPM)).astype(np.int64)
    return np.asarray(t + model.offset_ns + drift, dtype=np.int64)


def inverse(model: ClockModel) -> ClockModel:
    """Return the model that takes times of the reference back to the modelled clock."""
    skew = model.skew_ppm / PPM
    return replace(
        model,
        t0_ns=model.t0_ns + model.offset_ns,
        offset_ns=-model.offset_ns,
        skew_ppm=-skew / (1 + skew) * PPM,
    )


def chained(first: ClockModel | None, then: ClockModel) -> ClockModel:
    """Return the model that applies ``first`` (``None``: the same clock) and ``then`` the other.

    Sigmas add as independent ones do, and one unknown makes the sum unknown.  Residuals and points
    are those of ``then``.
    """
    if first is None:
        return then
    one, two = first.skew_ppm / PPM, then.skew_ppm / PPM
    late_ns = first.t0_ns + first.offset_ns - then.t0_ns
    known = first.sigma_ms is not None and then.sigma_ms is not None
    return replace(
        then,
        t0_ns=first.t0_ns,
        offset_ns=first.offset_ns + then.offset_ns + round(two * late_ns),
        skew_ppm=(one + two + one * two) * PPM,
        sigma_ms=float(np.hypot(first.sigma_ms or 0.0, then.sigma_ms or 0.0)) if known else None,
    )


def one_way_clock(
    t_sensor: Times, t_receive: Times, *, max_skew_ppm: float = MAX_SKEW_PPM, min_samples: int = 50
) -> ClockModel | Refusal:
    """Return the model that takes sensor times to receive times with the least delay.

    Messages are late by a fixed transport time plus a queueing time of at least zero.  The model
    is the line below all delays that is nearest to them on average: the edge of the lower convex
    hull over the mean time.  The fixed transport time stays in ``offset_ns``, since one direction
    cannot tell it from the offset.  ``sigma_ms`` is ``None`` for the same reason.

    Rows are taken in the order of recording; a sensor time that is not later than all before it is
    left out.  Refused: ``too_few_samples``, ``clock_ran_backwards`` (over 10 % left out) and
    ``skew_too_large``.  Source: Moon, Skelly & Towsley 1999.
    """
    if len(t_sensor) != len(t_receive):
        raise InputError(f"{len(t_sensor)} sensor times, but {len(t_receive)} receive times")
    forward = _forward(t_sensor)
    used = int(np.count_nonzero(forward))
    if used < min_samples:
        return Refusal(
            "too_few_samples", f"{used} usable rows are fewer than the {min_samples} needed"
        )
    dropped = t_sensor.size - used
    if dropped > _MAX_BACKWARD_SHARE * t_sensor.size:
        return Refusal(
            "clock_ran_backwards",
            f"{dropped} of {t_sensor.size} sensor times are not later than all before them",
        )
    t_used, receive_used = t_sensor[forward], t_receive[forward]
    # Large numbers leave in int64 before anything becomes a float.
    since_first = t_used - t_used[0]
    t0 = int(t_used[0]) + round(float(np.mean(since_first)))
    least = int(np.min(receive_used - t_used))
    x = (t_used - t0).astype(np.float64)
    delay = (receive_used - t_used - least).astype(np.float64)
    slope, level = _edge_below(x, delay)
    if abs(slope) * PPM > max_skew_ppm:
        return Refusal(
            "skew_too_large",
            f"the clocks drift by {slope * PPM:.1f} ppm, more than {max_skew_ppm:g} ppm",
        )
    late_ms = (delay - (level + slope * x)) / NS_PER_MS
    return ClockModel(
        t0_ns=t0,
        offset_ns=least + round(level),
        skew_ppm=slope * PPM,
        residual_p50_ms=float(np.percentile(late_ms, 50)),
        residual_p95_ms=float(np.percentile(late_ms, 95)),
        sigma_ms=None,
        points=used,
    )


def _forward(t: Times) -> Bools:
    """Return which times are later than all before them."""
    if t.size == 0:
        return np.zeros(0, dtype=np.bool_)
    highest = np.maximum.accumulate(t)
    return np.append(True, highest[1:] > highest[:-1])


def _edge_below(x: Floats, y: Floats) -> tuple[float, float]:
    """Return slope and height at x = 0 of the edge of the lower convex hull that spans x = 0.

    ``x`` is strictly increasing with mean zero.  Starts with the chord from end to end and moves
    one of its ends to the point furthest below, until none is: each round is one pass over the
    arrays, and the height at 0 falls strictly, so no corner is visited twice.
    """
    left, right = 0, x.size - 1
    slope = (y[right] - y[left]) / (x[right] - x[left])
    for _ in range(_MAX_ROUNDS):
        above = y - y[left] - slope * (x - x[left])
        lowest = int(np.argmin(above))
        if lowest in (left, right) or above[lowest] >= 0:
            break
        if x[lowest] <= 0:
            left = lowest
        else:
            right = lowest
        slope = (y[right] - y[left]) / (x[right] - x[left])
    return float(slope), float(y[left] - slope * x[left])
