"""Lag between two recordings of one motion: normalised correlation, then Gauss-Newton.

Both recordings lie on one grid of :data:`GRID_HZ` and hold nothing above :data:`CUTOFF_HZ`.
A lag is what has to be added to the times of b to get those of a.
"""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.align import linear_at, regular_grid
from avdataops.signals.arrays import Bools, Floats, Times, check_same_length
from avdataops.signals.filters import low_pass
from avdataops.signals.resample import decimate
from avdataops.signals.timing import MAX_PERIODS, MIN_GAP_NS, measure_timing

GRID_HZ = 50.0
CUTOFF_HZ = 2.0
"""Vehicles do not turn or brake faster; both signals get the same filter."""

_TICK_NS = int(NS_PER_S / GRID_HZ)
_MIN_OVERLAP_SHARE = 0.5
# A ripple lower than this on the slope of the main peak is not a peak of its own.
_PROMINENCE = 0.02
# Residuals of a filtered signal are alike from sample to sample, so the formula is too hopeful.
_SIGMA_INFLATION = 3.0
_MAX_ROUNDS = 50
_CONVERGED_S = 1e-6
_MAX_GAIN = 5.0
# Gauss-Newton starts within half a tick; far from there it follows another peak.
_MAX_REFINEMENT_S = 0.5


@dataclass(frozen=True, slots=True)
class Gridded:
    """A signal on ticks of the common grid without a hole, NaN where it is unknown."""

    t: Times
    x: Floats
    rate_hz: float
    """Rate of the source, which bounds how much it can tell."""

    @property
    def known(self) -> Bools:
        """Which ticks have a value."""
        return np.isfinite(self.x)

    @property
    def known_s(self) -> float:
        """How many seconds have a value."""
        return float(np.count_nonzero(self.known)) / GRID_HZ

    def between(self, start_ns: int, stop_ns: int) -> "Gridded":
        """Return the part in [start, stop)."""
        low, high = np.searchsorted(self.t, (start_ns, stop_ns))
        return Gridded(self.t[low:high], self.x[low:high], self.rate_hz)


@dataclass(frozen=True, slots=True)
class Lag:
    """The best lag of a correlation."""

    seconds: float
    correlation: float
    second_peak: float
    """Largest correlation of another peak, per that of the best one; 0 when there is no other."""
    at_edge: bool
    """The best lag is the last one looked at, so a better one may be beyond."""


@dataclass(frozen=True, slots=True)
class Line:
    """A lag that changes evenly: ``offset_s + drift * (t - middle)``, ``t`` on a's clock."""

    middle_ns: int
    offset_s: float
    drift: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A refined lag."""

    line: Line
    scale: float
    """Signal a per signal b."""
    sigma_s: float
    """Standard deviation of the lag, worst inside what was compared."""


def on_grid(t: Times, x: Floats) -> Gridded:
    """Return a signal on the common grid, low-passed.

    Samples may come in any order; NaN and gaps (three median periods and 0.2 s) stay unknown.
    """
    check_same_length(t, x)
    timing = measure_timing(t)
    if timing.first_ns is None or timing.last_ns is None or timing.median_period_ns is None:
        return Gridded(np.empty(0, dtype=np.int64), np.empty(0), 0.0)
    max_gap_ns = max(round(MAX_PERIODS * timing.median_period_ns), MIN_GAP_NS)
    thinned = decimate(t, x, GRID_HZ, max_gap_ns=max_gap_ns)
    ticks = regular_grid(timing.first_ns, timing.last_ns + 1, GRID_HZ)
    laid = linear_at(thinned.t_ns, thinned.x, ticks, max_gap_ns)
    rate_hz = NS_PER_S / timing.median_period_ns
    return Gridded(ticks, low_pass(ticks, laid, CUTOFF_HZ, MIN_GAP_NS), rate_hz)


def best_lag(
    a: Gridded, b: Gridded, *, max_lag_s: float, min_overlap_s: float, min_std: float
) -> Lag | None:
    """Return the lag of the largest Pearson correlation over what overlaps at each lag.

    Lags at which less than ``min_overlap_s`` or half of the possible samples overlap, or at which
    one signal varies by less than half of ``min_std``, are not looked at; ``None`` when no lag is
    left.  Normalising by the overlap keeps the best lag from being drawn towards zero.
    """
    from scipy import signal

    if not a.known.any() or not b.known.any():
        return None

    def against(one: Floats, other: Floats) -> Floats:
        return np.asarray(signal.correlate(one, other, mode="full", method="fft"))

    mask_a, mask_b = a.known.astype(np.float64), b.known.astype(np.float64)
    x_a = np.where(a.known, a.x - np.nanmean(a.x), 0.0)
    x_b = np.where(b.known, b.x - np.nanmean(b.x), 0.0)
    overlap = np.rint(against(mask_a, mask_b))
    count = np.maximum(overlap, 1.0)
    mean_a, mean_b = against(x_a, mask_b) / count, against(mask_a, x_b) / count
    variance_a = against(x_a**2, mask_b) / count - mean_a**2
    variance_b = against(mask_a, x_b**2) / count - mean_b**2
    lag_s = (int(a.t[0] - b.t[0]) // _TICK_NS + np.arange(1 - b.t.size, a.t.size)) / GRID_HZ
    enough = np.maximum(min_overlap_s * GRID_HZ, _MIN_OVERLAP_SHARE * float(np.max(overlap)))
    usable = np.flatnonzero(
        (np.abs(lag_s) <= max_lag_s)
        & (overlap >= enough)
        & (np.minimum(variance_a, variance_b) >= (min_std / 2) ** 2)
    )
    if usable.size == 0:
        return None
    within = slice(int(usable[0]), int(usable[-1]) + 1)
    usable_here = np.isin(np.arange(within.start, within.stop), usable)
    covariance = (against(x_a, x_b) / count - mean_a * mean_b)[within]
    spread = np.sqrt(np.where(usable_here, (variance_a * variance_b)[within], 1.0))
    r = np.where(usable_here, covariance / spread, -1.0)
    best = int(np.argmax(r))
    peaks, _ = signal.find_peaks(r, prominence=_PROMINENCE)
    others = r[peaks[peaks != best]]
    second = max(float(np.max(others, initial=0.0)), 0.0)
    return Lag(
        seconds=float(lag_s[within][best]),
        correlation=float(r[best]),
        second_peak=second / float(r[best]) if r[best] > 0 else 0.0,
        at_edge=best in (0, r.size - 1),
    )


def refine(a: Gridded, b: Gridded, start: Line) -> Fit | None:
    """Return the constant lag that fits ``a(t) = scale * b(t - lag) + bias`` best, or ``None``.

    Gauss-Newton from ``start``, whose drift is kept; ``None`` when it does not converge nearby.
    """
    return _gauss_newton(a, b, start, drifting=0)


def refine_with_drift(a: Gridded, b: Gridded, start: Line) -> Fit | None:
    """Return the evenly changing lag that fits best, else as :func:`refine`."""
    return _gauss_newton(a, b, start, drifting=1)


def _gauss_newton(a: Gridded, b: Gridded, start: Line, drifting: int) -> Fit | None:
    """Fit lag and, with ``drifting`` columns (0 or 1) for it, drift, besides scale and bias.

    Sigma is from the inverse of J'J with 2 * CUTOFF_HZ independent samples a second, or the rate
    of the slower source if that is less, times 3; the noise in b's slope is taken out of it.
    """
    from scipy import interpolate

    known = a.known
    t_s = (a.t[known] - start.middle_ns) / NS_PER_S
    target = a.x[known]
    target_slope = np.gradient(a.x, 1 / GRID_HZ)[known] if a.t.size > 1 else target
    if not known.any() or not b.known.any():
        return None
    b_s = (b.t[b.known] - start.middle_ns) / NS_PER_S
    curve = interpolate.CubicSpline(b_s, b.x[b.known])
    slope = curve.derivative()
    half_s = max(float(np.max(np.abs(t_s))), 1.0)
    lag, drift, scale = start.offset_s, start.drift, 1.0
    for _ in range(_MAX_ROUNDS):
        place = t_s - lag - drift * t_s
        inside = _is_known(b, place, start.middle_ns)
        if np.count_nonzero(inside) <= 2 * GRID_HZ:
            return None
        at, u = place[inside], t_s[inside] / half_s
        value, moved = curve(at), -scale * slope(at)
        columns = (moved, moved * u)[: 1 + drifting]
        jacobian = np.column_stack((*columns, value, np.ones_like(value)))
        residual = target[inside] - scale * value
        # Bias is linear and starts at zero each round, so its column returns it whole.
        step, *_ = np.linalg.lstsq(jacobian, residual, rcond=None)
        gain = _slope_gain(moved, -target_slope[inside])
        lag += gain * float(step[0])
        drift += gain * float(step[1]) / half_s * drifting
        scale += float(step[1 + drifting])
        if abs(lag - start.offset_s) > _MAX_REFINEMENT_S:
            return None
        if abs(step[0]) < _CONVERGED_S:
            left = residual - jacobian @ step
            sigma_s = gain * _sigma(jacobian, left, u, drifting, min(a.rate_hz, b.rate_hz))
            return Fit(Line(start.middle_ns, lag, drift), scale, sigma_s)
    return None


def _slope_gain(slope: Floats, other: Floats) -> float:
    """Return how much the noise of b makes its slope look steeper than the motion is.

    The noises of a and b are independent, so the product of their slopes is that of the motion
    alone.  Without this, steps are too short and sigma too small by the same factor.
    """
    known = np.isfinite(other)
    alike = float(slope[known] @ other[known])
    own = float(slope[known] @ slope[known])
    return float(np.clip(own / alike, 1.0, _MAX_GAIN)) if alike > 0 else _MAX_GAIN


def _is_known(b: Gridded, place_s: Floats, middle_ns: int) -> Bools:
    """Return at which places both neighbouring ticks of b have a value."""
    number = np.floor((place_s - (int(b.t[0]) - middle_ns) / NS_PER_S) * GRID_HZ).astype(np.int64)
    inside = (number >= 0) & (number < b.t.size - 1)
    number = np.where(inside, number, 0)
    following = np.minimum(number + 1, b.t.size - 1)
    return np.asarray(inside & b.known[number] & b.known[following], dtype=np.bool_)


def _sigma(jacobian: Floats, residual: Floats, u: Floats, drifting: int, slower_hz: float) -> float:
    independent = max(1.0, residual.size / GRID_HZ * min(2 * CUTOFF_HZ, slower_hz))
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * float(np.mean(residual**2))
    covariance *= residual.size / independent
    ends = np.array([float(np.min(u)), float(np.max(u))])
    variance = np.full(2, covariance[0, 0])
    if drifting:
        variance += 2 * ends * covariance[0, 1] + ends**2 * covariance[1, 1]
    return _SIGMA_INFLATION * float(np.sqrt(np.max(variance)))
