"""Units: exact factors, and names that say what their values are in."""

import math

import pytest

from avdataops.tables.ontology import groups, meanings
from avdataops.wiring.scene_language.units import SUFFIXES, UNITS, converted, unit_in
from avdataops.wiring.scene_language.words import PLACES, SURROUNDINGS, families
from avdataops.wiring.scene_questions import per_of


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "expected"),
    [
        ("36", "km/h", "m/s", 10.0),
        ("54", "km/h", "m/s", 15.0),
        ("1", "mph", "m/s", 0.44704),
        ("1", "kn", "km/h", 1.852),
        ("1.5", "min", "s", 90.0),
        ("50", "ms", "s", 0.05),
        ("0.1", "km", "m", 100.0),
        ("1", "mi", "m", 1609.344),
        ("1", "g", "m/s2", 9.80665),
        ("180", "deg", "rad", math.pi),
        ("45", "deg", "deg", 45.0),
        ("5", "%", "%", 5.0),
    ],
)
def test_numbers_come_out_to_the_last_bit(
    value: str, unit: str, wanted: str, expected: float
) -> None:
    assert converted(value, unit, wanted) == expected


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("ego_speed_mps", "m/s"),
        ("min_ax_mps2", "m/s2"),
        ("lat_deg", "deg"),
        ("max_precipitation_mmph", "mm/h"),
        ("lanes", None),
        ("confidence", None),
        ("s", None),
    ],
)
def test_an_attribute_says_its_unit(name: str, unit: str | None) -> None:
    assert unit_in(name) == unit


def test_every_ending_is_of_a_unit_that_is_known() -> None:
    assert set(SUFFIXES.values()) <= set(UNITS)
    assert set(PLACES.values()) <= SURROUNDINGS
    assert all(unit_in(name) == "m" for name in PLACES.values())


def test_families_reach_from_groups_over_parents_to_types() -> None:
    every = meanings()
    found = families(
        {name: one.parent for name, one in every.items()},
        {name: one.openlabel for name, one in every.items()},
    )
    own = set(groups()) - {"user_rule"}
    assert own | set(every) <= set(found)
    assert found["following"] == ("close_following", "following")
    assert found["cut_in"] == found["MotionCutIn"] == ("cut_in",)
    assert set(found["MotionCross"]) == {"crossing_vehicle", "vru_crossing"}
    members = {name for group in own for name in found[group]}
    assert members == set(every)


def test_a_circle_of_parents_ends() -> None:
    assert families({"a": "b", "b": "a"}, {}) == {"a": ("a", "b"), "b": ("a", "b")}


@pytest.mark.parametrize(
    ("text", "amount", "is_distance"),
    [("100km", 1e5, True), ("100 km", 1e5, True), ("h", 3600.0, False), ("1.5min", 90.0, False)],
)
def test_rates_are_per_distance_or_time(text: str, amount: float, is_distance: bool) -> None:
    per = per_of(text)
    assert (per.amount, per.is_distance) == (amount, is_distance)
