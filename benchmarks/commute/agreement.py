"""How far independent sources of one motion agree, after the time offset that suits them best.

No source is the truth: a difference is the sum of both errors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_MS, NS_PER_S
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.clocks import ClockModel, apply

LATEST_S, STEP_S = 1.5, 0.01
FIX_APART_S = 1.2
"""Fixes of 1 Hz further apart have one missing between them."""


@dataclass(frozen=True, slots=True)
class Series:
    """Samples of one source in order of time; shape (n,) each."""

    t_ns: Times
    x: Floats

    def at(self, t_ns: Times, max_gap_s: float) -> Floats:
        """Return values by linear interpolation, NaN outside and in gaps longer than allowed.

        The sample that ends such a gap is taken for a part of it.
        """
        after = np.clip(np.searchsorted(self.t_ns, t_ns), 1, self.t_ns.size - 1)
        near = self.t_ns[after] - self.t_ns[after - 1] <= max_gap_s * NS_PER_S
        inside = (t_ns >= self.t_ns[0]) & (t_ns <= self.t_ns[-1])
        since, own = t_ns - self.t_ns[0], self.t_ns - self.t_ns[0]
        return np.where(near & inside, np.interp(since, own, self.x), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What two sources of one quantity say of each other, in the unit of the quantity."""

    samples: int
    lag_s: float
    """How much later ``other`` shows what ``reference`` shows."""
    bias: float
    """Mean of reference minus other."""
    rms: float
    """Root mean square of the difference, bias and all."""
    rms_unshifted: float
    """The same without the shift by the lag."""
    correlation: float
    slope: float
    """Least squares of other over reference, the less noisy one: 1 when their scales agree."""


def agreement(reference: Series, other: Series, max_gap_s: float) -> Agreement:
    """Return how ``other`` agrees with ``reference``, which is interpolated at its times."""

    def ours(lag_s: float) -> Floats:
        return reference.at(_earlier(other.t_ns, lag_s), max_gap_s)

    return _at_best_lag(ours, other.x)


def rate_agreement(rate: Series, angle: Series, max_gap_s: float) -> Agreement:
    """Return how the change of an unwrapped angle agrees with a rate of turn.

    Both as mean rates between neighbouring samples of the angle that are at most
    ``FIX_APART_S`` apart.
    """
    turned = _summed(rate)
    apart_s = np.diff(angle.t_ns) / NS_PER_S
    near = apart_s <= FIX_APART_S
    theirs = np.diff(angle.x)[near] / apart_s[near]

    def ours(lag_s: float) -> Floats:
        at = turned.at(_earlier(angle.t_ns, lag_s), max_gap_s)
        return np.asarray(np.diff(at)[near] / apart_s[near])

    return _at_best_lag(ours, theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAgreement:
    """A recorder's clock against satellite time."""

    messages: int
    ahead_first_s: float
    """Recorder minus satellites at the first message, the time of delivery and all."""
    ahead_last_s: float
    drift_ppm: float
    """By least squares, positive when the recorder's clock runs fast."""
    model_drift_ppm: float
    """By the stored model: the lower edge of all delays."""
    before_p50_ms: float
    """Half of the stamps were off by no more than this before the model was applied."""
    after_p50_ms: float
    after_p95_ms: float


def clock_agreement(utc_ns: Times, recorded_ns: Times, model: ClockModel) -> ClockAgreement:
    """Return how the recorder's clock went against the satellites', and what a model leaves."""
    ahead = (recorded_ns - utc_ns).astype(np.float64)
    drift = np.polyfit(utc_ns - utc_ns[0], ahead, 1)[0]
    left = np.abs(apply(model, recorded_ns) - utc_ns) / NS_PER_MS
    return ClockAgreement(
        messages=int(utc_ns.size),
        ahead_first_s=float(ahead[0]) / NS_PER_S,
        ahead_last_s=float(ahead[-1]) / NS_PER_S,
        drift_ppm=float(drift) * 1e6,
        model_drift_ppm=-model.skew_ppm,
        before_p50_ms=float(np.median(np.abs(ahead))) / NS_PER_MS,
        after_p50_ms=float(np.median(left)),
        after_p95_ms=float(np.percentile(left, 95)),
    )


def _at_best_lag(at_lag: Callable[[float], Floats], theirs: Floats) -> Agreement:
    """Return what is left at the lag [s] of the least root mean square, of those tried."""
    lags_s = np.arange(-LATEST_S, LATEST_S + STEP_S / 2, STEP_S)
    sizes = [_rms(at_lag(float(lag)) - theirs) for lag in lags_s]
    lag_s = float(lags_s[int(np.argmin(sizes))])
    ours = at_lag(lag_s)
    both = np.isfinite(ours) & np.isfinite(theirs)
    apart = (ours - theirs)[both]
    return Agreement(
        samples=int(both.sum()),
        lag_s=round(lag_s, 3),
        bias=float(apart.mean()),
        rms=_rms(apart),
        rms_unshifted=_rms(at_lag(0.0) - theirs),
        correlation=float(np.corrcoef(ours[both], theirs[both])[0, 1]),
        slope=float(np.polyfit(ours[both], theirs[both], 1)[0]),
    )


def _earlier(t_ns: Times, by_s: float) -> Times:
    return np.asarray(t_ns - round(by_s * NS_PER_S))


def _rms(x: Floats) -> float:
    return float(np.sqrt(np.nanmean(x**2)))


def _summed(rate: Series) -> Series:
    """Return the integral of a rate over time, from 0 at its first sample."""
    steps = np.diff(rate.t_ns) / NS_PER_S * (rate.x[1:] + rate.x[:-1]) / 2
    return Series(rate.t_ns, np.append(0.0, np.cumsum(steps)))
