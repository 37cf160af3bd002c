"""Motion from pulses: accelerations, sideways speeds and bends that rise and fall smoothly."""

from dataclasses import dataclass

import numpy as np

from sample_data.noise import Floats


@dataclass(frozen=True, slots=True)
class Pulse:
    """A value that rises from 0, holds and falls back, along time [s] or way [m].

    Edges are raised cosines inside the duration, so the area is exactly
    ``amount * (duration - edge)``.
    """

    start: float
    duration: float
    amount: float
    edge: float

    @property
    def area(self) -> float:
        """Integral over the whole pulse."""
        return self.amount * (self.duration - self.edge)

    @property
    def stop(self) -> float:
        """Where it is 0 again."""
        return self.start + self.duration


def shift(start_s: float, duration_s: float, by_m: float) -> Pulse:
    """Return the sideways speed of a move by ``by_m``, without a stretch of constant speed."""
    return Pulse(start_s, duration_s, 2 * by_m / duration_s, duration_s / 2)


def change(start_s: float, amount_mps2: float, by_mps: float, edge_s: float = 0.6) -> Pulse:
    """Return the acceleration of ``amount_mps2`` that changes speed by ``by_mps``.

    Both have the same sign.  The plateau is what is left of the duration beside two edges; a
    change too small for them has shorter edges.
    """
    held_s = by_mps / amount_mps2
    edge = min(edge_s, held_s)
    return Pulse(start_s, held_s + edge, amount_mps2, edge)


def value(pulses: tuple[Pulse, ...], x: Floats) -> Floats:
    """Return the sum of the pulses at ``x``."""
    total = np.zeros_like(x)
    for one in pulses:
        rise = np.clip((x - one.start) / one.edge, 0.0, 1.0)
        fall = np.clip((x - one.stop + one.edge) / one.edge, 0.0, 1.0)
        total += one.amount * 0.5 * (np.cos(np.pi * fall) - np.cos(np.pi * rise))
    return total


def integrate(rate: Floats, step: float) -> Floats:
    """Return the integral from the first sample by the trapezoidal rule, starting at 0."""
    return np.concatenate(([0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1])) * step))


def speed_from(start_mps: float, accel_mps2: Floats, step_s: float, *, least_mps: float) -> Floats:
    """Return the speed that an acceleration leads to, never below ``least_mps``.

    What would lead below is lost, as with a brake that holds a standing vehicle: the next
    acceleration starts from there.
    """
    free = start_mps - least_mps + integrate(accel_mps2, step_s)
    return least_mps + free - np.minimum(np.minimum.accumulate(free), 0.0)
