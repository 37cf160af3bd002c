"""What is wrong with sensors (definitions 37a to 37d), as planned."""

from collections.abc import Iterator

from sample_data.grid.streams import STREAMS
from sample_data.grid.truth.events import TrueEvent
from sample_data.grid.world import World

GAP_PERIODS, GAP_S = 3.0, 0.2
OUTAGE_S, GOOD_S = 2.0, 2.0
CLOCK_STEP_S = 0.02
RECEIVER = "/gnss/fix"


def dropouts(world: World) -> Iterator[TrueEvent]:
    """Yield silence of a sensor for more than three periods and 0.2 s.

    While only one message a second is left of a fast sensor, it has not come back.
    """
    faults = world.plan.faults
    for stream, start_s, stop_s in (*faults.silent, *faults.stutters):
        period_s = 1.0 / STREAMS[stream].rate_hz
        if STREAMS[stream].sensor and stop_s - start_s > max(GAP_PERIODS * period_s, GAP_S):
            yield TrueEvent("sensor_dropout", start_s, stop_s, stream)


def outages(world: World) -> Iterator[TrueEvent]:
    """Yield no fix, worse than 5 m, or no position for more than 2 s; 2 s of good end it."""
    faults = world.plan.faults
    silent = [(a, b) for name, a, b in faults.silent if name == RECEIVER and b - a > OUTAGE_S]
    bad = sorted((*faults.no_fix_s, *faults.poor_fix_s, *silent))
    joined: list[tuple[float, float]] = []
    for start_s, stop_s in bad:
        if joined and start_s - joined[-1][1] <= GOOD_S:
            joined[-1] = (joined[-1][0], max(stop_s, joined[-1][1]))
        else:
            joined.append((start_s, stop_s))
    for start_s, stop_s in joined:
        yield TrueEvent("gnss_outage", start_s, stop_s)


def clock_anomalies(world: World) -> Iterator[TrueEvent]:
    """Yield steps of a sensor's clock by more than 20 ms."""
    for stream, at_s, step_s in world.plan.faults.clock_steps:
        if abs(step_s) > CLOCK_STEP_S:
            yield TrueEvent("clock_anomaly", at_s, at_s + 1.0, stream)


def frozen(world: World) -> Iterator[TrueEvent]:
    """Yield sensors that repeat one payload at least three times."""
    for stream, start_s, stop_s in world.plan.faults.frozen:
        if (stop_s - start_s) * STREAMS[stream].rate_hz > GAP_PERIODS:
            yield TrueEvent("frozen_sensor", start_s, stop_s, stream)
