"""Offset and drift between two loggers without a common clock, from a motion both recorded.

Works on the yaw rate or the speed of one vehicle.  Logger a's clock is the reference; logger b's
is modelled.  Method and gates: correlation of yaw rates as is standard for the latency of GNSS
against IMU, refined by Gauss-Newton.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.clocks import MAX_SKEW_PPM, PPM, ClockModel, Refusal
from avdataops.signals.correlate import (
    Gridded,
    Lag,
    Line,
    best_lag,
    on_grid,
    refine,
    refine_with_drift,
)

MAX_LAG_S = 10.0
_SHORTEST_WINDOW_S, _LONGEST_WINDOW_S = 60.0, 300.0
_WANTED_WINDOWS = 3
# A window may be this share shorter, so that three fit into a drive that ends a tick early.
_WINDOW_SLACK = 0.01
# Windows further than this from one line: a clock that stepped, or a false match.
_MAX_WINDOW_RESIDUAL_MS = 50.0
# What a drift may be that was not measured; sigma covers it.
_UNMEASURED_SKEW_PPM = 50.0
_MS_PER_S = 1e3


@dataclass(frozen=True, slots=True)
class Gates:
    """What a comparison must show before its offset is believed."""

    min_std: float
    """Standard deviation of both signals, in their own unit: less is a straight, even drive."""
    max_sigma_ms: float = 10.0
    min_correlation: float = 0.9
    max_second_peak: float = 0.9
    """Correlation of the best other peak, per that of the best one."""
    min_overlap_s: float = 20.0


YAW_RATE_GATES = Gates(min_std=0.02)
"""For rad/s."""
SPEED_GATES = Gates(min_std=1.0, max_sigma_ms=25.0)
"""For m/s; speed changes more slowly than yaw rate, so its offset is less sharp."""


@dataclass(frozen=True, slots=True)
class LoggerOffset:
    """``t_a = t_b + offset_ns``, and how far it can be trusted."""

    offset_ns: int
    sigma_ms: float
    correlation: float
    second_peak: float
    scale: float
    """Signal a per signal b: far from 1 tells of a wrong unit, below 0 of a wrong sign."""
    middle_ns: int
    """The middle of the record it was found in, on a's clock."""


def logger_offset(
    t_a: Times,
    x_a: Floats,
    t_b: Times,
    x_b: Floats,
    *,
    max_lag_s: float = MAX_LAG_S,
    gates: Gates = YAW_RATE_GATES,
) -> LoggerOffset | Refusal:
    """Return what to add to the times of b to get those of a, or why that cannot be told.

    Both go to 50 Hz through the same 2 Hz zero-phase low-pass.  The lag of the best correlation,
    normalised by what overlaps, is refined by Gauss-Newton on ``a(t) = scale b(t - lag) + bias``.
    Sigma is three times what the curvature tells.  NaN and gaps are left out, never bridged.

    Refused: ``no_overlap``, ``no_excitation`` (a straight drive), ``low_correlation``,
    ``edge_of_search``, ``ambiguous``, ``no_convergence``, ``sigma_too_large``.
    """
    return _offset(on_grid(t_a, x_a), on_grid(t_b, x_b), max_lag_s, gates)


def logger_clock(
    t_a: Times,
    x_a: Floats,
    t_b: Times,
    x_b: Floats,
    *,
    max_lag_s: float = MAX_LAG_S,
    gates: Gates = YAW_RATE_GATES,
) -> ClockModel | Refusal:
    """Return the model that takes times of logger b to those of logger a, with drift.

    Offsets are found in windows of 60 to 300 s (a third of the drive); the line through those that
    pass the gates starts one fit of offset and drift over the whole drive.  With fewer than two
    such windows drift cannot be told from noise: the model has one offset, skew 0, and a sigma
    that covers 50 ppm.  Refused: as :func:`logger_offset`, and ``not_a_line`` when the windows
    differ by more than 50 ms from one line or ``skew_too_large`` (a clock that stepped).
    """
    grid_a, grid_b = on_grid(t_a, x_a), on_grid(t_b, x_b)
    found = _window_offsets(grid_a, grid_b, max_lag_s, gates)
    if len(found) <= 1:
        return _without_drift(grid_a, _offset(grid_a, grid_b, max_lag_s, gates))
    start = _median_line(found)
    # Each window's lag is already good to a few ms, so the whole drive starts close enough.
    fit = refine_with_drift(grid_a, grid_b, start)
    if fit is None:
        return Refusal("no_convergence", "offset and drift do not settle near those of windows")
    # The fit counts drift on a's clock, the model on b's.
    skew_ppm = fit.line.drift / (1 - fit.line.drift) * PPM
    if abs(skew_ppm) > MAX_SKEW_PPM:
        return Refusal("skew_too_large", f"a drift of {skew_ppm:.0f} ppm is that of no quartz")
    residual_ms = np.abs(_residuals_ms(found, fit.line))
    worst_ms = float(np.percentile(residual_ms, 95))
    if worst_ms > _MAX_WINDOW_RESIDUAL_MS:
        return Refusal("not_a_line", f"offsets of windows are {worst_ms:.0f} ms from an even drift")
    if fit.sigma_s * _MS_PER_S > gates.max_sigma_ms:
        return _too_uncertain(fit.sigma_s, gates)
    offset_ns = round(fit.line.offset_s * NS_PER_S)
    return ClockModel(
        t0_ns=fit.line.middle_ns - offset_ns,
        offset_ns=offset_ns,
        skew_ppm=skew_ppm,
        residual_p50_ms=float(np.percentile(residual_ms, 50)),
        residual_p95_ms=worst_ms,
        sigma_ms=fit.sigma_s * _MS_PER_S,
        points=len(found),
    )


def _offset(a: Gridded, b: Gridded, max_lag_s: float, gates: Gates) -> LoggerOffset | Refusal:
    lag = _trusted_lag(a, b, max_lag_s, gates)
    if isinstance(lag, Refusal):
        return lag
    middle_ns = int(a.t[0]) + int(a.t[-1] - a.t[0]) // 2
    fit = refine(a, b, Line(middle_ns, lag.seconds, 0.0))
    if fit is None:
        return Refusal("no_convergence", f"the lag does not settle near {lag.seconds:.2f} s")
    if fit.sigma_s * _MS_PER_S > gates.max_sigma_ms:
        return _too_uncertain(fit.sigma_s, gates)
    return LoggerOffset(
        offset_ns=round(fit.line.offset_s * NS_PER_S),
        sigma_ms=fit.sigma_s * _MS_PER_S,
        correlation=lag.correlation,
        second_peak=lag.second_peak,
        scale=fit.scale,
        middle_ns=middle_ns,
    )


def _trusted_lag(a: Gridded, b: Gridded, max_lag_s: float, gates: Gates) -> Lag | Refusal:
    """Return the best lag to the nearest tick, if the signals are fit to tell one."""
    known_s = min(a.known_s, b.known_s)
    if known_s < gates.min_overlap_s:
        return Refusal(
            "no_overlap", f"{known_s:.1f} s of signal, {gates.min_overlap_s:g} s are needed"
        )
    std = min(float(np.nanstd(a.x)), float(np.nanstd(b.x)))
    if std < gates.min_std:
        return Refusal("no_excitation", f"the signal varies by {std:.4f}, not {gates.min_std:g}")
    lag = best_lag(
        a, b, max_lag_s=max_lag_s, min_overlap_s=gates.min_overlap_s, min_std=gates.min_std
    )
    if lag is None:
        return Refusal("no_overlap", f"no lag within {max_lag_s:g} s has enough signal on both")
    return _doubt(lag, max_lag_s, gates) or lag


def _doubt(lag: Lag, max_lag_s: float, gates: Gates) -> Refusal | None:
    if lag.correlation < gates.min_correlation:
        return Refusal(
            "low_correlation",
            f"the best correlation within {max_lag_s:g} s is {lag.correlation:.2f}",
        )
    if lag.at_edge:
        return Refusal("edge_of_search", f"the best lag, {lag.seconds:.2f} s, ends the search")
    if lag.second_peak >= gates.max_second_peak:
        return Refusal("ambiguous", f"another lag is {lag.second_peak:.2f} times as good")
    return None


def _too_uncertain(sigma_s: float, gates: Gates) -> Refusal:
    return Refusal(
        "sigma_too_large",
        f"the offset is known to {sigma_s * _MS_PER_S:.1f} ms, not {gates.max_sigma_ms:g} ms",
    )


def _window_offsets(a: Gridded, b: Gridded, max_lag_s: float, gates: Gates) -> list[LoggerOffset]:
    """Return the offsets of the windows that pass; none when the drive is too short for two."""
    if a.t.size == 0 or b.t.size == 0:
        return []
    span_ns = int(a.t[-1] - a.t[0])
    third_s = span_ns / NS_PER_S / _WANTED_WINDOWS
    window_s = min(max(third_s, _SHORTEST_WINDOW_S), _LONGEST_WINDOW_S)
    count = int(span_ns / NS_PER_S / window_s + _WINDOW_SLACK)
    if count <= 1:
        return []
    edges = int(a.t[0]) + np.arange(count + 1, dtype=np.int64) * (span_ns // count)
    reach_ns = round(max_lag_s * NS_PER_S)
    needed = replace(gates, min_overlap_s=min(gates.min_overlap_s, window_s / 2))
    offsets = (
        _offset(
            a.between(int(start), int(stop)),
            b.between(int(start) - reach_ns, int(stop) + reach_ns),
            max_lag_s,
            needed,
        )
        for start, stop in pairwise(edges)
    )
    return [offset for offset in offsets if isinstance(offset, LoggerOffset)]


def _median_line(found: list[LoggerOffset]) -> Line:
    """Return the line of the median slope between windows (Theil-Sen), so one may be wrong."""
    t_s = np.array([o.middle_ns - found[0].middle_ns for o in found]) / NS_PER_S
    offset_s = np.array([o.offset_ns for o in found]) / NS_PER_S
    first, second = np.triu_indices(len(found), k=1)
    drift = float(np.median((offset_s[second] - offset_s[first]) / (t_s[second] - t_s[first])))
    middle_s = float(t_s[0] + t_s[-1]) / 2
    level = float(np.median(offset_s - drift * (t_s - middle_s)))
    return Line(found[0].middle_ns + round(middle_s * NS_PER_S), level, drift)


def _residuals_ms(found: list[LoggerOffset], line: Line) -> Floats:
    t_s = np.array([o.middle_ns - line.middle_ns for o in found]) / NS_PER_S
    offset_ms = np.array([o.offset_ns for o in found]) / NS_PER_MS
    return np.asarray(offset_ms - (line.offset_s + line.drift * t_s) * _MS_PER_S)


def _without_drift(a: Gridded, offset: LoggerOffset | Refusal) -> ClockModel | Refusal:
    if isinstance(offset, Refusal):
        return offset
    half_s = float(a.t[-1] - a.t[0]) / NS_PER_S / 2
    drift_ms = _UNMEASURED_SKEW_PPM / PPM * half_s * _MS_PER_S
    return ClockModel(
        t0_ns=offset.middle_ns - offset.offset_ns,
        offset_ns=offset.offset_ns,
        skew_ppm=0.0,
        residual_p50_ms=0.0,
        residual_p95_ms=0.0,
        sigma_ms=float(np.hypot(offset.sigma_ms, drift_ms)),
        points=1,
    )
