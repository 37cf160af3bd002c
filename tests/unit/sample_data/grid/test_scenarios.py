"""The rows of the grid: each does what its name says, and near misses stay below."""

from collections import Counter

import pytest

from sample_data.grid.drive import GridDrive, grid_drive
from sample_data.grid.scenarios import SCENARIOS, Scenario
from sample_data.grid.truth import TYPES

BY_NAME = {one.name: one for one in SCENARIOS}
POSITIVE = {
    "hard brake": "hard_brake",
    "brake twice": "hard_brake",
    "full throttle": "hard_accel",
    "fast bend": "high_lateral_accel",
    "stop and go": "standstill",
    "u-turn": "u_turn",
    "back up": "reversing",
    "excursion": "lane_excursion",
    "overtake": "overtake",
    "pass": "pass",
    "fast lane": "speeding",
    "cut-in": "cut_in",
    "crowded cut-in": "cut_in",
    "braking cut-in": "cut_in",
    "cut-out": "cut_out",
    "tailgating": "close_following",
    "following": "following",
    "lead brake": "lead_brake",
    "near collision": "near_collision",
    "oncoming": "oncoming_close",
    "crossing": "crossing_vehicle",
    "jam": "dense_traffic",
    "pedestrian": "vru_crossing",
    "cyclist": "vru_crossing",
    "pedestrian ahead": "vru_crossing",
    "turning back": "vru_crossing",
    "crowd": "multi_vru",
    "rain": "rain",
    "snow": "snow",
    "fog": "fog",
    "dusk": "twilight",
    "sun and tunnel": "low_sun_glare",
    "roundabout": "roundabout",
    "road works": "construction",
    "red light": "traffic_light_stop",
    "silent sensor": "sensor_dropout",
    "stuttering sensor": "sensor_dropout",
    "no fix": "gnss_outage",
    "silent receiver": "gnss_outage",
    "frozen sensor": "frozen_sensor",
    "clock step": "clock_anomaly",
}


@pytest.fixture(scope="module")
def made() -> dict[str, list[GridDrive]]:
    """Three drives of every scenario."""
    return {one.name: [grid_drive(one, 11, number) for number in range(3)] for one in SCENARIOS}


def test_names_are_told_once() -> None:
    assert len(BY_NAME) == len(SCENARIOS)


def test_every_scenario_is_checked_by_one_of_these_tests() -> None:
    either = {"turn", "turn off the map", "lane change", "two lanes", "unmarked lane change"}
    either |= {"places", "dawn", "low sun"}
    misses = {one.name for one in SCENARIOS if one.near_miss_of}
    assert set(POSITIVE) | either | misses == set(BY_NAME)


def test_every_type_happens_somewhere(made: dict[str, list[GridDrive]]) -> None:
    seen = {event.type for drives in made.values() for one in drives for event in one.events}
    assert set(TYPES) - seen == set()


@pytest.mark.parametrize(("name", "kind"), sorted(POSITIVE.items()))
def test_what_the_name_says_happens(made: dict[str, list[GridDrive]], name: str, kind: str) -> None:
    for one in made[name]:
        assert kind in {event.type for event in one.events}, one.name


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("turn", "turn_left", "turn_right"),
        ("turn off the map", "turn_left", "turn_right"),
        ("lane change", "lane_change_left", "lane_change_right"),
        ("unmarked lane change", "lane_change_left", "lane_change_right"),
    ],
)
def test_either_side_happens(
    made: dict[str, list[GridDrive]], name: str, left: str, right: str
) -> None:
    for one in made[name]:
        assert {left, right} & {event.type for event in one.events}, one.name


def test_two_lanes_are_two_changes(made: dict[str, list[GridDrive]]) -> None:
    for one in made["two lanes"]:
        counts = Counter(event.type for event in one.events if "lane_change" in event.type)
        assert list(counts.values()) == [2]


@pytest.mark.parametrize(
    "scenario", [one for one in SCENARIOS if one.near_miss_of], ids=lambda one: one.name
)
def test_a_near_miss_is_none(made: dict[str, list[GridDrive]], scenario: Scenario) -> None:
    for one in made[scenario.name]:
        # A random fault elsewhere in the drive is no near miss of the scenario.
        if "sensor_dropout" in scenario.near_miss_of and one.silent_s == ():
            continue
        kinds = {event.type for event in one.events}
        assert kinds & set(scenario.near_miss_of) == set(), one.name


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_nobody_drives_through_the_ego(made: dict[str, list[GridDrive]], name: str) -> None:
    for one in made[name]:
        columns = one.objects.columns
        if columns:
            # The middle of the ego is 1.4 m ahead of its rear axle.
            inside = (abs(columns["x_m"] - 1.4) < 1.0) & (abs(columns["y_m"]) < 0.4)
            assert not inside.any(), one.name
