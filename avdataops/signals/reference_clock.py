"""Which clock of a measurement is the best reference, by a score of its streams.

A clock is as good as its best stream.  What counts, with its weight:

- stamps (0.4): stamps of the messages that agree with the clock show that devices keep it; then
  those of a device's own clock, then those of software; the order of trust in time stamps is
  device, driver, receipt.
- role (0.3): perception frames are what all else is put beside; then inertial and satellite
  navigation for the motion, then the vehicle's buses.
- regularity (0.15): one minus the coefficient of variation of the period.
- coverage (0.15): received over expected messages.

The weights are ours: stamps and role decide, and regularity and coverage only between like ones
or against a clock whose streams are all broken.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from avdataops.model.time import NS_PER_MS
from avdataops.signals.stream_timing import StreamTiming

ROS_CLOCK = "ros"

_STAMPS, _ROLE, _REGULARITY, _COVERAGE = 0.4, 0.3, 0.15, 0.15
_STAMP_RANKS: Mapping[str, float] = {"common": 1.0, "own": 2 / 3, "software": 1 / 3}
_ROLES: Mapping[str, float] = {
    "lidar": 1.0,
    "camera": 1.0,
    "radar": 1.0,
    "objects": 1.0,
    "imu": 0.75,
    "gnss": 0.75,
    "vehicle": 0.5,
    "can": 0.25,
}
# ROS runs on the computer of the perception: its clock has that role without a frame recorded.
_ROS_ROLE = 1.0
# From the 5th to the 95th percentile of a normal distribution.
_SPREAD_IN_SIGMAS = 3.29
_DIGITS = 3


def clock_scores(
    timings: Iterable[StreamTiming], stamp_kinds: Mapping[str, str] = MappingProxyType({})
) -> dict[str, float]:
    """Return the score of each clock from 0 to 1, by name of the clock.

    ``stamp_kinds`` says of a stream what its messages' stamps are; a stream it does not name has
    none.  Rounded to 0.001: less is no difference between clocks.
    """
    scores: dict[str, float] = {}
    for timing in timings:
        score = round(_score(timing, stamp_kinds.get(timing.stream, "")), _DIGITS)
        scores[timing.clock] = max(score, scores.get(timing.clock, 0.0))
    return dict(sorted(scores.items()))


def best_clock(scores: Mapping[str, float]) -> str | None:
    """Return the clock with the highest score, of equal ones the first by name; None of none."""
    return min(scores, key=lambda clock: (-scores[clock], clock), default=None)


def regularity(timing: StreamTiming) -> float:
    """Return one minus the coefficient of variation of the period, and 0 where it is unknown.

    The standard deviation is told from the 5th to the 95th percentile as that of a normal
    distribution, so that a single gap does not count: gaps are told by coverage.
    """
    if not timing.period_ns or timing.jitter_ms is None:
        return 0.0
    sigma_ns = timing.jitter_ms * NS_PER_MS / _SPREAD_IN_SIGMAS
    return max(0.0, 1.0 - sigma_ns / timing.period_ns)


def _score(timing: StreamTiming, stamp_kind: str) -> float:
    role = _ROS_ROLE if timing.clock == ROS_CLOCK else _ROLES.get(timing.topic_class, 0.0)
    return (
        _STAMPS * _STAMP_RANKS.get(stamp_kind, 0.0)
        + _ROLE * role
        + _REGULARITY * regularity(timing)
        + _COVERAGE * min(timing.coverage or 0.0, 1.0)
    )
