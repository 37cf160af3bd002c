"""One drive of the grid: what was recorded of it, and what is true."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample_data.grid.along_road import along_road
from sample_data.grid.ego_columns import Columns, ego_columns
from sample_data.grid.object_columns import ObjectList, object_list
from sample_data.grid.plan import Plan
from sample_data.grid.scenarios import SCENARIOS, Dice, Scenario
from sample_data.grid.streams import STREAMS
from sample_data.grid.truth import events
from sample_data.grid.truth.alone import distance_m, within
from sample_data.grid.truth.events import TrueEvent
from sample_data.grid.truth.surroundings import (
    rain_mmph,
    sun_deg,
    visibility_m,
)
from sample_data.grid.world import GRID_HZ, World, simulate
from sample_data.noise import Floats, generator

START_NS = 1_760_000_000_000_000_000
FAULTY_SHARE = 0.1
"""Of the drives in which nothing else fails, with one sensor silent for a moment."""
LATENCY_S = QUEUEING_S = 0.002
NOISES = (0.5, 1.0, 1.0, 1.5, 2.0)
WORN_SHARES = (0.0, 0.0, 0.1, 0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridDrive:
    """Columns on the reference clock; times are seconds since ``START_NS``."""

    name: str
    scenario: Scenario
    duration_s: float
    ego_t_s: Floats
    ego: Columns
    objects: ObjectList
    context_t_s: Floats
    context: dict[str, NDArray[Any]]
    stamps_s: dict[str, Floats]
    """Stream -> times of its messages, by the clock of the sensor."""
    received_s: dict[str, Floats]
    """Stream -> when the recorder had each of them."""
    silent_s: tuple[tuple[float, float], ...]
    """When some sensor said nothing."""
    frozen_s: tuple[tuple[str, float, float], ...]
    """Which stream repeated one message, from when to when."""
    events: tuple[TrueEvent, ...]


def drives(
    seed: int, per_scenario: int, scenarios: tuple[Scenario, ...] = SCENARIOS
) -> Iterator[GridDrive]:
    """Yield drives of every scenario in turn; the same seed gives the same drives.

    A drive depends on the seed, its scenario's name and its number only, so a new scenario leaves
    all others as they were.
    """
    for number in range(per_scenario):
        for scenario in scenarios:
            yield grid_drive(scenario, seed, number)


def grid_drive(scenario: Scenario, seed: int, number: int) -> GridDrive:
    """Return one drive."""
    name = f"{scenario.name} {number}"
    plan = scenario.make(Dice(generator(seed, f"plan of {name}")))
    rng = generator(seed, f"sensors of {name}")
    world = simulate(_with_faults(plan, rng))
    ego_t_s, ego = ego_columns(world, rng)
    context_t_s, context = _context(world)
    faults = world.plan.faults
    stamps_s = _stamps(world, rng)
    arrivals = generator(seed, f"arrivals of {name}")
    return GridDrive(
        name=name,
        scenario=scenario,
        duration_s=float(world.t_s[-1]),
        ego_t_s=ego_t_s,
        ego=ego,
        objects=object_list(world, rng),
        context_t_s=context_t_s,
        context=context,
        stamps_s={stream: stamps for stream, (stamps, _) in stamps_s.items()},
        received_s={
            stream: _received(true_s, arrivals) for stream, (_, true_s) in stamps_s.items()
        },
        frozen_s=faults.frozen,
        silent_s=tuple((a, b) for _, a, b in (*faults.silent, *faults.stutters)),
        events=events(world),
    )


def _with_faults(plan: Plan, rng: np.random.Generator) -> Plan:
    """Return the plan with sensors of one car: more or less noise, worn lines, now and then a gap.

    One car in four measures no acceleration.
    """
    faults = replace(
        plan.faults,
        acceleration=bool(rng.random() < 0.75),  # noqa: PLR2004 - three of four
        noise=float(rng.choice(NOISES)),
        worn_share=float(rng.choice(WORN_SHARES)),
    )
    planned = (faults.silent, faults.stutters, faults.no_fix_s, faults.poor_fix_s)
    if rng.random() < FAULTY_SHARE and not any(planned):
        names = ("/imu/data", "/objects", "/camera/front", "/gnss/fix", "/vehicle/motion")
        start = float(rng.uniform(5.0, plan.duration_s - 8.0))
        stream = names[int(rng.integers(len(names)))]
        # Not about as long as an outage must last, where nobody can tell one from none.
        lasts_s = float(rng.uniform(0.8, 1.7) if rng.random() < 0.5 else rng.uniform(2.3, 4.0))  # noqa: PLR2004 - a coin
        faults = replace(faults, silent=((stream, start, start + lasts_s),))
    return replace(plan, faults=faults)


def _stamps(world: World, rng: np.random.Generator) -> dict[str, tuple[Floats, Floats]]:
    """Return the stamps of each stream's messages, and their true times."""
    faults, found = world.plan.faults, {}
    for name, stream in STREAMS.items():
        t_s = np.arange(0.0, float(world.t_s[-1]), 1.0 / stream.rate_hz)
        keep = np.ones(t_s.size, dtype=np.bool_)
        for silent, start, stop in faults.silent:
            keep &= (silent != name) | (t_s <= start) | (t_s >= stop)
        for stutter, start, stop in faults.stutters:
            slow = np.abs((t_s - start) % 1.0) < 1.0 / stream.rate_hz
            keep &= (stutter != name) | (t_s <= start) | (t_s >= stop) | slow
        jitter = rng.normal(0.0, stream.jitter_s, t_s.size)
        t_s = t_s + np.clip(jitter, -0.3 / stream.rate_hz, 0.3 / stream.rate_hz)
        true_s = np.maximum(t_s[keep], 0.0)
        for stepped, at, step in faults.clock_steps:
            t_s = t_s + np.where((stepped == name) & (t_s >= at), step, 0.0)
        found[name] = (np.maximum(t_s[keep], 0.0), true_s)
    return found


def _received(true_s: Floats, rng: np.random.Generator) -> Floats:
    """Return when messages arrive: 2 ms late, and 2 ms more in the queue on average."""
    late_s = LATENCY_S + rng.exponential(QUEUEING_S, true_s.size)
    return np.asarray(np.maximum.accumulate(true_s + late_s), dtype=np.float64)


def _context(world: World) -> tuple[Floats, dict[str, NDArray[Any]]]:
    """Return weather, sun and map once a second."""
    ticks = np.arange(0, world.t_s.size, GRID_HZ)
    road, sky, s_m = world.plan.road, world.plan.sky, world.ego.s_m[ticks]
    nothing = np.full(ticks.size, np.nan)
    columns: dict[str, NDArray[Any]] = {
        "sun_elevation_deg": sun_deg(world)[ticks],
        "sun_azimuth_deg": np.full(ticks.size, sky.sun_azimuth_deg),
        "heading_rad": np.angle(np.exp(1j * world.ego.heading_rad[ticks])),
        "ego_speed_mps": world.ego.speed_mps[ticks],
    }
    wet, seen = rain_mmph(world)[ticks], visibility_m(world)[ticks]
    weather = {
        "precipitation_mmph": wet,
        "rain": ((wet >= 0.1) & (not sky.snow)).astype(np.float64),  # noqa: PLR2004 - mm/h
        "snow": np.full(ticks.size, float(sky.snow)),
        "visibility_m": seen,
        "cloud_okta": np.full(ticks.size, sky.cloud_okta),
    }
    distances = {
        "junction_distance_m": road.junctions_m,
        "crossing_distance_m": road.crossings_m,
        "traffic_signal_distance_m": road.signals_m,
    }
    stretches = {
        "tunnel": road.tunnels_m,
        "bridge": road.bridges_m,
        "roundabout": road.roundabouts_m,
    }
    mapped = {
        **along_road(world, ticks),
        **{name: _near(distance_m(s_m, places)) for name, places in distances.items()},
        **{name: within(s_m, spans).astype(np.float64) for name, spans in stretches.items()},
        "speed_limit_mps": np.full(ticks.size, road.limit_mps or np.nan),
        "road_heading_rad": np.angle(np.exp(1j * world.road_heading_rad[ticks])),
    }
    columns |= weather if sky.weather_known else dict.fromkeys(weather, nothing)
    columns |= mapped if road.mapped else dict.fromkeys(mapped, nothing)
    return world.t_s[ticks], columns


def _near(distance: Floats) -> Floats:
    """Return distances as a map search gives them: nothing within half a kilometre is far."""
    return np.where(distance <= 500.0, distance, 500.0)  # noqa: PLR2004 - the search radius
