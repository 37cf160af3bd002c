"""Seeded choices of a scenario's parameters, and what several scenarios share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sample_data.grid.motion import Pulse, shift
from sample_data.grid.plan import Actor, Plan

SPEEDS_KMH = (30.0, 50.0, 60.0, 80.0, 100.0, 120.0, 130.0)
"""From town to the fastest lane that UN R157 allows an automated ego."""


@dataclass(frozen=True, slots=True)
class Dice:
    """Choices of one drive."""

    rng: np.random.Generator

    def between(self, low: float, high: float) -> float:
        """Return a number between two others."""
        return float(self.rng.uniform(low, high))

    def pick(self, *choices: float) -> float:
        """Return one of some numbers."""
        return float(choices[int(self.rng.integers(len(choices)))])

    def name(self, *choices: str) -> str:
        """Return one of some words."""
        return choices[int(self.rng.integers(len(choices)))]

    def side(self) -> int:
        """Return 1 for left or -1 for right."""
        return 1 if self.rng.random() < 0.5 else -1  # noqa: PLR2004 - a coin

    def speed_mps(self, low_kmh: float = 30.0, high_kmh: float = 130.0) -> float:
        """Return a speed of the grid within limits, up to 3 % off its node."""
        nodes = [one for one in SPEEDS_KMH if low_kmh <= one <= high_kmh]
        return self.pick(*nodes) / 3.6 * self.between(0.97, 1.03)


Make = Callable[[Dice], Plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row of the grid: a family of drives."""

    name: str
    make: Make
    near_miss_of: tuple[str, ...] = ()
    """Types that these drives stay just short of."""
    condition: str = ""
    """What the sensors lack by design; such drives are scored by themselves."""


def bend(dice: Dice, *, radius_m: float = 1200.0) -> tuple[Pulse, ...]:
    """Return no bend, or a gentle one to either side over the whole drive."""
    if dice.rng.random() < 0.5:  # noqa: PLR2004 - every second road is straight
        return ()
    curvature = dice.side() / (radius_m * dice.between(1.0, 2.5))
    return (Pulse(dice.between(0.0, 200.0), 1500.0, curvature, 60.0),)


def traffic(dice: Dice, speed_mps: float, *, lanes: tuple[int, ...] = (2, -2)) -> tuple[Actor, ...]:
    """Return vehicles that keep their lanes, 25 m apart or more, near the ego's speed."""
    found = []
    for lane in lanes:
        place = dice.between(-50.0, -20.0)
        speed = speed_mps + dice.between(-4.0, 4.0)
        for number in range(int(dice.rng.integers(1, 5))):
            found.append(
                Actor(
                    name=f"traffic {lane} {number}",
                    kind=dice.name("car", "car", "car", "truck"),
                    at_s=20.0,
                    gap_m=place,
                    speed_mps=max(speed, 1.0),
                    offset_m=3.5 * lane,
                    wander_m=dice.between(0.0, 0.15),
                    wander_s=dice.between(8.0, 14.0),
                )
            )
            place += dice.between(25.0, 50.0)
    return tuple(found)


def to_lane(start_s: float, duration_s: float, lane_m: float, side: int) -> Pulse:
    """Return the sideways speed of a change to the neighbouring lane."""
    return shift(start_s, duration_s, side * lane_m)
