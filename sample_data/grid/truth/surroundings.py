"""Where the ego is, and the weather and light around it (definitions 23 to 36)."""

from collections.abc import Iterator

import numpy as np

from sample_data.grid.motion import value
from sample_data.grid.truth.alone import stops, within
from sample_data.grid.truth.events import TrueEvent, lasting, runs, told
from sample_data.grid.world import World
from sample_data.noise import Floats
from sample_data.sun import NIGHT_DEG

JUNCTION_M, JUNCTION_S = (30.0, 15.0), 1.0
CROSSING_M = (30.0, 10.0)
TUNNEL_M = 20.0
SIGNAL_M = 40.0
RAIN_MMPH, FOG_M = 0.1, 1000.0
SUNSET_DEG = -0.83
GLARE_DEG, GLARE_ASIDE_DEG, GLARE_OKTA, GLARE_S = 15.0, 25.0, 4.0, 2.0


def rain_mmph(world: World) -> Floats:
    """Return the rain that falls."""
    return value(world.plan.sky.rain_mmph, world.t_s)


def visibility_m(world: World) -> Floats:
    """Return how far one sees."""
    sky = world.plan.sky
    return np.asarray(sky.visibility_m * (1.0 - value(sky.fog, world.t_s)))


def sun_deg(world: World) -> Floats:
    """Return the sun's elevation."""
    first, last = world.plan.sky.sun_deg
    return np.asarray(first + (last - first) * world.t_s / world.t_s[-1])


def compass_deg(world: World) -> Floats:
    """Return where the ego heads, clockwise from north; the road begins towards the east."""
    return np.asarray(90.0 - np.degrees(world.ego.heading_rad))


def _around(
    s_m: Floats, places_m: tuple[float, ...], before_m: float, after_m: float
) -> np.ndarray:
    return within(s_m, tuple((place - before_m, place + after_m) for place in places_m))


def places(world: World) -> Iterator[TrueEvent]:
    """Yield stretches of the road that the map tells; nothing where no map knows it."""
    road, s_m, t_s = world.plan.road, world.ego.s_m, world.t_s
    if not road.mapped:
        return
    tunnels = tuple(one for one in road.tunnels_m if one[1] - one[0] >= TUNNEL_M)
    masks = {
        "junction": _around(s_m, road.junctions_m, *JUNCTION_M),
        "pedestrian_crossing": _around(s_m, road.crossings_m, *CROSSING_M),
        "rail_crossing": _around(s_m, road.rails_m, *CROSSING_M),
        "tunnel": within(s_m, tunnels),
        "bridge": within(s_m, road.bridges_m),
        "roundabout": within(s_m, road.roundabouts_m),
        "school_zone": within(s_m, road.schools_m),
    }
    for kind, mask in masks.items():
        least_s = JUNCTION_S if kind == "junction" else 0.0
        yield from told(world, kind, lasting(t_s, mask, least_s))


def signal_stops(world: World) -> Iterator[TrueEvent]:
    """Yield standstills up to 40 m before a traffic signal."""
    for start, stop in stops(world):
        ahead = [place - world.ego.s_m[start] for place in world.plan.road.signals_m]
        if world.plan.road.mapped and any(0 <= one <= SIGNAL_M for one in ahead):
            yield from told(world, "traffic_light_stop", [(start, stop)])


def weather(world: World) -> Iterator[TrueEvent]:
    """Yield rain of 0.1 mm/h or more, the wet road after it, snow, and fog below 1000 m.

    What falling snow hides is no fog.  The road is dry when a drive begins in the dry.
    """
    falls = np.full(world.t_s.size, world.plan.sky.snow)
    wet = (rain_mmph(world) >= RAIN_MMPH) & ~falls
    yield from told(world, "rain", runs(wet))
    yield from told(world, "snow", runs(falls))
    yield from told(world, "fog", runs((visibility_m(world) < FOG_M) & ~falls))
    begun = np.flatnonzero(wet)
    if begun.size:
        # No drive of the grid lasts so long that its road could dry.
        yield from told(world, "wet_road", [(int(begun[0]), world.t_s.size)])


def light(world: World) -> Iterator[TrueEvent]:
    """Yield night below -6 degrees, twilight up to -0.83, day above."""
    sun = sun_deg(world)
    night, day = sun <= NIGHT_DEG, sun > SUNSET_DEG
    for kind, mask in (("night", night), ("twilight", ~night & ~day), ("day", day)):
        yield from told(world, kind, runs(mask))


def glare(world: World) -> Iterator[TrueEvent]:
    """Yield a sun up to 15 degrees high within 25 degrees of the ego's heading."""
    sky, sun = world.plan.sky, sun_deg(world)
    aside = np.abs((sky.sun_azimuth_deg - compass_deg(world) + 180.0) % 360.0 - 180.0)
    tunnel = within(world.ego.s_m, world.plan.road.tunnels_m)
    mask = (sun > 0) & (sun <= GLARE_DEG) & (aside <= GLARE_ASIDE_DEG) & ~tunnel
    if sky.cloud_okta <= GLARE_OKTA:
        yield from told(world, "low_sun_glare", lasting(world.t_s, mask, GLARE_S))
