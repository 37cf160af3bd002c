"""Clock cases with exact truth: a sensor's clock against its recorder, and two loggers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_data.noise import Floats, correlated, generator

Times = NDArray[np.int64]
NS_PER_S = 1_000_000_000
START_NS = 1_760_000_000 * NS_PER_S
DELAYS = ("exponential", "gamma", "bursts")
"""Queueing of 5 ms, of a serial bus, and of a network that stalls once in twenty messages."""
_PPM = 1e-6


@dataclass(frozen=True, slots=True)
class OneWay:
    """Messages stamped by a sensor and again by the recorder."""

    t_sensor: Times
    t_receive: Times
    t_true: Times
    """What ``t_sensor`` is on the recorder's clock, without any delay."""
    steps_at: tuple[int, ...]
    """Times on the recorder's clock at which the sensor's clock stepped."""


def one_way(
    seed: int, delay: str, *, rate_hz: float, duration_s: float, step_ms: float = 0.0
) -> OneWay:
    """Return a sensor with an unknown offset and up to 100 ppm of skew; it may step half-way."""
    rng = generator(seed, f"clock with {delay}")
    count = round(rate_hz * duration_s)
    t_s = np.arange(count) / rate_hz + rng.uniform(0.0, 0.2 / rate_hz, count)
    offset_s, skew = rng.uniform(-0.5, 0.5), rng.uniform(-100.0, 100.0) * _PPM
    stepped = t_s >= duration_s / 2
    sensor_s = t_s + offset_s + skew * t_s + np.where(stepped, step_ms / 1000.0, 0.0)
    receive_s = t_s + _queueing(rng, delay, count)
    steps = (START_NS + round(duration_s / 2 * NS_PER_S),) if step_ms else ()
    return OneWay(_ns(sensor_s), _ns(receive_s), _ns(t_s), steps)


def _queueing(rng: np.random.Generator, delay: str, count: int) -> Floats:
    if delay == "exponential":
        return rng.exponential(0.005, count)
    if delay == "gamma":
        return rng.gamma(2.0, 0.001, count)
    return rng.exponential(0.001, count) + np.where(rng.random(count) < 0.05, 0.1, 0.0)  # noqa: PLR2004 - one in twenty


@dataclass(frozen=True, slots=True)
class TwoLoggers:
    """One motion on two loggers; ``t_a = t_b + offset_ns``."""

    t_a: Times
    yaw_a: Floats
    t_b: Times
    yaw_b: Floats
    offset_ns: int


def two_loggers(seed: int, *, rate_hz: float, duration_s: float, straight: bool) -> TwoLoggers:
    """Return yaw rates [rad/s] of a drive with about six turns a minute, or of none at all."""
    rng = generator(seed, f"loggers at {rate_hz:g} Hz for {duration_s:g} s")
    true_s = np.arange(0.0, duration_s, 0.01)
    yaw = np.zeros(true_s.size)
    if not straight:
        for at_s in rng.uniform(0.0, duration_s, round(duration_s / 10.0)):
            yaw += rng.uniform(-0.4, 0.4) * np.exp(-(((true_s - at_s) / rng.uniform(1, 2.5)) ** 2))
        yaw += correlated(rng, true_s.size, sigma=0.01, steps=80.0)[:, 0]
    offset_s = float(rng.uniform(-2.0, 2.0))
    samples = []
    for sigma in (0.002, 0.005):
        t_s = np.arange(0.0, duration_s - 0.02, 1.0 / rate_hz) + rng.uniform(0.0, 0.01)
        x = np.interp(t_s, true_s, yaw) + rng.normal(0.0, sigma, t_s.size)
        samples.append((t_s, x))
    (a_s, a), (b_s, b) = samples
    return TwoLoggers(_ns(a_s), a, _ns(b_s - offset_s), b, round(offset_s * NS_PER_S))


def _ns(t_s: Floats) -> Times:
    return START_NS + np.round(t_s * NS_PER_S).astype(np.int64)
