"""Tests of the units of well-known fields."""

import pytest

from avdataops.readers.names import with_unit
from avdataops.readers.rosbag.definitions import default_types
from avdataops.readers.rosbag.units import field_unit
from avdataops.tables.load import load_json

POINT = "geometry_msgs/msg/Point"
TWIST = "geometry_msgs/msg/Twist"
VECTOR = "geometry_msgs/msg/Vector3"


@pytest.mark.parametrize(
    ("trail", "unit"),
    [
        ([(POINT, "x")], "m"),
        ([("made/msg/A", "where"), (POINT, "y")], "m"),
        ([(TWIST, "linear"), (VECTOR, "x")], "m/s"),
        ([(TWIST, "angular"), (VECTOR, "z")], "rad/s"),
        ([(VECTOR, "x")], None),
        ([("made/msg/A", "x")], None),
        ([], None),
    ],
)
def test_the_outermost_type_that_names_a_field_decides(
    trail: list[tuple[str, str]], unit: str | None
) -> None:
    assert field_unit(trail) == unit


def test_every_listed_field_of_a_standard_type_exists() -> None:
    types = default_types()
    listed = load_json("ros_units.json")["types"]
    for name, fields in listed.items():
        if name in types:
            known = {one.name for one in types[name]}
            assert {path.split(".")[0] for path in fields} <= known, name


def test_units_that_end_a_name_do_so_once() -> None:
    for fields in load_json("ros_units.json")["types"].values():
        for unit in fields.values():
            once = with_unit("name", unit)
            assert with_unit(once, unit) == once
