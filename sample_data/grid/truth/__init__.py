"""What really happens in a drive of the grid, by the scene definitions; one row per definition.

Measured on noiseless motion, not copied from the plan, and independent of every detector.
"""

from itertools import chain

from sample_data.grid.truth import (
    alone,
    conflicts,
    lanes,
    quality,
    surroundings,
    vehicles,
    walkers,
)
from sample_data.grid.truth.events import TrueEvent, Truth
from sample_data.grid.world import World

DEFINITIONS: tuple[tuple[Truth, tuple[str, ...]], ...] = (
    (alone.hard_brakes, ("hard_brake",)),
    (alone.hard_accelerations, ("hard_accel",)),
    (alone.high_jerks, ("high_jerk",)),
    (alone.high_lateral_accelerations, ("high_lateral_accel",)),
    (alone.turns, ("turn_left", "turn_right")),
    (alone.u_turns, ("u_turn",)),
    (alone.standstills, ("standstill",)),
    (alone.drive_offs, ("drive_off",)),
    (alone.reversing, ("reversing",)),
    (alone.speeding, ("speeding",)),
    (lanes.lane_changes, ("lane_change_left", "lane_change_right", "lane_excursion")),
    (lanes.overtakes, ("overtake", "pass")),
    (vehicles.following, ("following",)),
    (vehicles.close_following, ("close_following",)),
    (vehicles.lead_brakes, ("lead_brake",)),
    (vehicles.cut_ins, ("cut_in",)),
    (vehicles.cut_outs, ("cut_out",)),
    (conflicts.near_collisions, ("near_collision",)),
    (conflicts.oncoming_close, ("oncoming_close",)),
    (conflicts.crossing_vehicles, ("crossing_vehicle",)),
    (conflicts.dense_traffic, ("dense_traffic",)),
    (conflicts.construction, ("construction",)),
    (walkers.vru_crossings, ("vru_crossing",)),
    (walkers.pedestrians_near, ("pedestrian_near_path",)),
    (walkers.crowds, ("multi_vru",)),
    (
        surroundings.places,
        (
            "junction",
            "roundabout",
            "tunnel",
            "bridge",
            "pedestrian_crossing",
            "school_zone",
            "rail_crossing",
        ),
    ),
    (surroundings.signal_stops, ("traffic_light_stop",)),
    (surroundings.weather, ("rain", "snow", "fog", "wet_road")),
    (surroundings.light, ("night", "twilight", "day")),
    (surroundings.glare, ("low_sun_glare",)),
    (quality.dropouts, ("sensor_dropout",)),
    (quality.outages, ("gnss_outage",)),
    (quality.clock_anomalies, ("clock_anomaly",)),
    (quality.frozen, ("frozen_sensor",)),
)
TYPES = tuple(chain.from_iterable(types for _, types in DEFINITIONS))
"""Every scene type with a truth."""


def events(world: World) -> tuple[TrueEvent, ...]:
    """Return every event of every definition, by its start."""
    found = chain.from_iterable(definition(world) for definition, _ in DEFINITIONS)
    return tuple(sorted(found, key=lambda one: (one.start_s, one.type, one.actor or "")))
