"""Seeded randomness: one independent generator per purpose, and correlated noise."""

import zlib

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator for one purpose.

    Each purpose has its own, so a change in one sensor leaves the bytes of all others alone.
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def sample_times(
    rng: np.random.Generator, *, rate_hz: float, duration_s: float, jitter_s: float
) -> Floats:
    """Return increasing times [s] in ``[0, duration_s)`` of a sensor with a small period jitter.

    The first sample falls into the first period; jitter is clipped to a third of the period.
    """
    period_s = 1.0 / rate_hz
    nominal = rng.uniform(0.05, 0.3) * period_s + np.arange(int(duration_s * rate_hz)) * period_s
    jitter = np.clip(rng.normal(0.0, jitter_s, nominal.size), -period_s / 3, period_s / 3)
    times = nominal + jitter
    return times[(times >= 0.0) & (times < duration_s)]


def correlated(
    rng: np.random.Generator, count: int, *, sigma: float, steps: float, columns: int = 1
) -> Floats:
    """Return stationary first-order Gauss-Markov noise of shape ``(count, columns)``.

    ``steps`` is the correlation length in samples; ``sigma`` the standard deviation.
    """
    if count == 0:
        return np.zeros((0, columns))
    keep = float(np.exp(-1.0 / steps))
    drive = rng.normal(0.0, sigma * np.sqrt(1.0 - keep**2), (count, columns))
    drive[0] = rng.normal(0.0, sigma, columns)
    return np.asarray(lfilter([1.0], [1.0, -keep], drive, axis=0), dtype=np.float64)
