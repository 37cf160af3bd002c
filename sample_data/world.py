"""Everything that is true in one drive, before any sensor looks at it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from sample_data.actors import Actor
from sample_data.geodesy import ORIGIN_LAT_DEG, ORIGIN_LON_DEG
from sample_data.motion import EgoMotion, drive_plan, motion_at
from sample_data.noise import Floats, generator
from sample_data.plan import Plan, make_plan
from sample_data.road import Road, road_under
from sample_data.sun import NS_PER_S, evening_passage_s, sun_elevation
from sample_data.traffic import crossing_s_m, make_traffic
from sample_data.vehicle import FRONT_M

_EVENING = datetime(2026, 10, 14, 12, 0, tzinfo=UTC)
RAIN_FROM = 0.6
"""Share of the drive after which it rains."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time [s since the start of the drive] or of road [m], half-open."""

    start: float
    stop: float


@dataclass(frozen=True, slots=True)
class LoggerClock:
    """Clock of the CAN logger: ``t_logger = t + offset_s + skew * (t - start)``."""

    offset_s: float
    skew: float


@dataclass(frozen=True, slots=True)
class World:
    """The noiseless drive. Times are seconds since ``start_ns`` on the ROS clock."""

    plan: Plan
    start_ns: int
    motion: EgoMotion
    road: Road
    actors: tuple[Actor, ...]
    clock: LoggerClock
    tunnels: tuple[Span, ...]
    """Stretches of road under a roof, by ``s_m``."""
    crossings_m: tuple[float, ...]
    """Pedestrian crossings, by ``s_m``."""
    signals_m: tuple[float, ...]
    """Traffic lights, by ``s_m``."""
    reds: tuple[Span, ...]
    """When each traffic light shows red."""
    camera_gaps: tuple[Span, ...]
    """When the camera delivers nothing."""

    @property
    def seed(self) -> int:
        """Seed of all draws."""
        return self.plan.seed

    @property
    def duration_s(self) -> float:
        """Length of the drive."""
        return self.plan.duration_s

    @property
    def rain_from_s(self) -> float:
        """When it starts to rain."""
        return RAIN_FROM * self.duration_s

    def ego(self, t_s: Floats) -> EgoMotion:
        """Return ego's motion at times [s]."""
        return motion_at(self.motion, t_s)

    def stamps(self, t_s: Floats) -> np.ndarray:
        """Return int64 ns since the Unix epoch (ROS clock) of times [s]."""
        return np.asarray(self.start_ns + np.round(t_s * NS_PER_S).astype(np.int64))

    def logger_stamps(self, t_s: Floats) -> np.ndarray:
        """Return what the CAN logger's clock shows [ns] at true times [s]."""
        shown_s = t_s + self.clock.offset_s + self.clock.skew * t_s
        return np.asarray(self.start_ns + np.round(shown_s * NS_PER_S).astype(np.int64))

    def in_tunnel(self, s_m: Floats) -> np.ndarray:
        """Say for each place along the road whether it is under a roof."""
        inside = np.zeros(np.shape(s_m), dtype=bool)
        for span in self.tunnels:
            inside |= (s_m >= span.start) & (s_m < span.stop)
        return inside

    @property
    def gnss_outages(self) -> tuple[Span, ...]:
        """When the receiver has no fix: from just inside a tunnel to a little after it."""
        return tuple(Span(b.start_s + 0.4, b.end_s + 0.6) for b in self.plan.named("tunnel"))

    def gnss_lost(self, t_s: Floats) -> np.ndarray:
        """Say for each time [s] whether the receiver has no fix."""
        lost = np.zeros(np.shape(t_s), dtype=bool)
        for span in self.gnss_outages:
            lost |= (t_s >= span.start) & (t_s < span.stop)
        return lost

    def rain(self, t_s: Floats) -> Floats:
        """Return the rain intensity [mm/h] in the open: from nothing to 2.4 within 6 s."""
        return 2.4 * np.clip((t_s - self.rain_from_s) / 6.0, 0.0, 1.0)

    def sun_deg(self, t_s: Floats) -> Floats:
        """Return the sun's elevation [deg] at the map's origin."""
        return sun_elevation(self.start_ns / NS_PER_S + t_s, ORIGIN_LAT_DEG, ORIGIN_LON_DEG)

    def daylight(self, t_s: Floats) -> Floats:
        """Return the ambient light from 0 (dark) to 1 (day), dimmed by the incoming clouds."""
        clear = np.clip((self.sun_deg(t_s) + 9.0) / 9.0, 0.0, 1.0)
        part = t_s / self.duration_s
        cloud = 0.75 * np.clip((part - 0.3) / 0.3, 0.0, 1.0)
        return np.asarray(clear * (1.0 - cloud))


def default_start_ns(duration_s: float) -> int:
    """Return the start for which night begins in the middle of the drive, on a whole second."""
    night_s = evening_passage_s(_EVENING.timestamp(), ORIGIN_LAT_DEG, ORIGIN_LON_DEG)
    return round(night_s - duration_s / 2.0) * NS_PER_S


def build_world(seed: int, duration_s: float, start_ns: int | None = None) -> World:
    """Return the drive of one seed; ``start_ns`` defaults to an evening (``default_start_ns``)."""
    plan = make_plan(seed, duration_s)
    rng = generator(seed, "world")
    motion = drive_plan(plan, heading_rad=float(rng.uniform(0.2, 0.5)))
    road = road_under(motion)

    def s_at(t_s: float) -> float:
        return float(motion_at(motion, np.array([t_s])).s_m[0])

    waits = plan.named("wait_at_light")
    brakes = plan.named("brake_for_light")
    return World(
        plan=plan,
        start_ns=default_start_ns(duration_s) if start_ns is None else start_ns,
        motion=motion,
        road=road,
        actors=make_traffic(plan, motion, road),
        clock=LoggerClock(3.7 + rng.uniform(-0.2, 0.2), (40.0 + rng.uniform(-6.0, 6.0)) * 1e-6),
        tunnels=tuple(Span(s_at(b.start_s), s_at(b.end_s)) for b in plan.named("tunnel")),
        crossings_m=crossing_s_m(plan, motion),
        signals_m=tuple(s_at(b.start_s) + FRONT_M + 3.0 for b in waits),
        reds=tuple(
            Span(brake.start_s + 4.5, wait.end_s - 0.8)
            for brake, wait in zip(brakes, waits, strict=True)
        ),
        camera_gaps=tuple(Span(b.start_s, b.end_s) for b in plan.named("other:camera_gap")),
    )
