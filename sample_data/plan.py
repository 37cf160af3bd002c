"""The script of a drive: what the ego vehicle does when, drawn from the seed."""

from dataclasses import dataclass, replace

import numpy as np

from sample_data.noise import generator
from sample_data.vehicle import LANE_M

TURN_RIGHT_RADIUS_M = 11.0
TURN_LEFT_RADIUS_M = 13.0
TAIL_S = 1.0
"""A manoeuvre is left out when it would end less than this before the recording does."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One manoeuvre; the changes follow a raised cosine over its duration."""

    label: str
    start_s: float
    duration_s: float
    speed_mps: float = 0.0
    """Change of speed."""
    lateral_m: float = 0.0
    """Change of the lateral offset from the road's centre line, left positive."""
    turn_rad: float = 0.0
    """Change of the road's heading, left positive."""

    @property
    def end_s(self) -> float:
        """Time when the manoeuvre is over."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Plan:
    """All beats of a drive in order of their start."""

    seed: int
    duration_s: float
    beats: tuple[Beat, ...]

    def named(self, label: str) -> tuple[Beat, ...]:
        """Return the beats with this label, in order."""
        return tuple(beat for beat in self.beats if beat.label == label)


def make_plan(seed: int, duration_s: float) -> Plan:
    """Return the plan for one seed and duration.

    A lap takes about 165 s and holds every manoeuvre once; long drives hold further laps with
    other draws. Manoeuvres are planned in groups that belong together (braking for a light and
    leaving it); the first group that does not fit ends the plan, and ego keeps its speed.
    """
    beats: list[Beat] = []
    clock_s = 0.0
    lap = 0
    while True:
        rng = generator(seed, f"plan of lap {lap}")
        for group in _lap(rng, first=lap == 0):
            placed, clock_s = _place(group, clock_s, rng)
            if placed[-1].end_s > duration_s - TAIL_S or clock_s > duration_s - TAIL_S:
                return Plan(seed, duration_s, tuple(sorted(beats, key=_by_start)))
            beats.extend(placed)
        lap += 1


def _by_start(beat: Beat) -> float:
    return beat.start_s


def _place(group: list[Beat], clock_s: float, rng: np.random.Generator) -> tuple[list[Beat], float]:
    """Shift a group, whose starts are pauses after the previous beat, to absolute times."""
    placed = []
    for beat in group:
        start_s = clock_s + beat.start_s * rng.uniform(0.95, 1.25)
        placed.append(replace(beat, start_s=start_s))
        # Other road users act while ego goes on with its own beats.
        if not beat.label.startswith("other:"):
            clock_s = start_s + beat.duration_s
    return sorted(placed, key=lambda beat: beat.end_s), clock_s


def _lap(rng: np.random.Generator, *, first: bool) -> list[list[Beat]]:
    """Return the groups of one lap; ``start_s`` is the pause since ego's previous beat."""
    cruise = 13.8 + rng.uniform(-0.3, 0.2)
    follow = cruise - rng.uniform(1.1, 1.3)
    braked = follow - rng.uniform(6.6, 7.0)
    town = 11.5 + rng.uniform(-0.4, 0.4)
    crawl = 2.0 + rng.uniform(-0.1, 0.15)
    corner = 5.5
    entry = 9.0 if first else 12.0
    # Peak acceleration of a raised cosine is twice the mean, so a mean of 1 m/s2 stays comfortable.
    begin = [Beat("rest", 0.0, rng.uniform(4.2, 5.0)), Beat("go", 0.0, 8.6, speed_mps=entry)]
    right_s = np.pi * TURN_RIGHT_RADIUS_M / corner
    left_s = np.pi * TURN_LEFT_RADIUS_M / 6.0
    slow_s = 2.0 * (entry - corner) / rng.uniform(1.8, 2.2)
    return [
        *([begin] if first else []),
        [
            Beat("slow", 1.0 if first else 4.0, slow_s, speed_mps=corner - entry),
            Beat("turn_right", 0.2, right_s, turn_rad=-np.pi / 2),
        ],
        [
            Beat("other:camera_gap", rng.uniform(3.0, 4.0), rng.uniform(1.45, 1.6)),
            Beat("leave_turn", 0.7, 8.6, speed_mps=cruise - corner),
        ],
        [Beat("lane_change_left", 1.5, rng.uniform(5.6, 6.2), lateral_m=LANE_M)],
        [
            Beat("other:cut_in", 3.5, rng.uniform(6.8, 7.4)),
            Beat("follow", 7.5, 5.0, speed_mps=follow - cruise),
            Beat("keep", 0.0, 2.5),
        ],
        [
            Beat("hard_brake", 0.5, rng.uniform(2.7, 2.85), speed_mps=braked - follow),
            Beat("recover", 1.2, 6.2, speed_mps=town - braked),
        ],
        [
            Beat("brake_for_light", 2.0, 10.6, speed_mps=-town),
            Beat("wait_at_light", 0.0, rng.uniform(6.0, 8.0)),
            Beat("go", 0.0, 8.8, speed_mps=9.0),
        ],
        [
            Beat("brake_for_pedestrian", 2.5, 6.0, speed_mps=crawl - 9.0),
            Beat("go", 3.2, 10.4, speed_mps=13.0 - crawl),
        ],
        [Beat("tunnel", 1.0, rng.uniform(10.5, 11.8)), Beat("keep", 0.0, 1.0)],
        [
            Beat("slow", 0.8, 6.3, speed_mps=-7.0),
            Beat("turn_left", 0.2, left_s, turn_rad=np.pi / 2),
            Beat("leave_turn", 0.7, 6.6, speed_mps=6.0),
        ],
        [Beat("lane_change_right", 2.5, rng.uniform(5.6, 6.2), lateral_m=-LANE_M)],
    ]
