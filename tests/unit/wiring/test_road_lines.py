"""Roads of a map as lines."""

import math
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError
from avdataops.model.location import Location, Zone
from avdataops.wiring.maps import is_road_table, map_tables
from avdataops.wiring.road_lines import MAX_SIDE_DEG, area_of, road_lines

OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="56.0" lon="10.0"/><node id="2" lat="56.001" lon="10.001"/>
<node id="3" lat="56.1" lon="10.1"/><node id="4" lat="56.101" lon="10.1"/>
<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
<way id="8"><nd ref="3"/><nd ref="4"/><tag k="highway" v="residential"/>
<tag k="tunnel" v="yes"/></way>
</osm>"""


@pytest.fixture
def roads() -> tuple[MemoryStorage, Artifact]:
    storage = MemoryStorage()
    at = Location(Zone.RAW, "reference/x/map.osm")
    storage.put(at, [OSM.encode()])
    given = Artifact(
        id="art_" + "0" * 24, kind="reference", measurement=None, name=Path("map.osm").name,
        location=at, bytes=len(OSM), sha256="0" * 64, attributes={"role": "map"},
    )  # fmt: skip
    (table,) = [one for one in map_tables(storage, given) if is_road_table(one)]
    assert not is_road_table(given)
    return storage, table


def drawn(roads: tuple[MemoryStorage, Artifact], *box: float) -> list[dict[str, Any]]:
    found = road_lines(*roads, area_of(*box))
    assert (found["type"], found["more"]) == ("FeatureCollection", 0)
    features: list[dict[str, Any]] = found["features"]
    return features


def test_roads_in_the_box_are_lines_of_longitude_and_latitude(
    roads: tuple[MemoryStorage, Artifact],
) -> None:
    (line,) = drawn(roads, 55.99, 9.99, 56.01, 10.01)
    assert line["geometry"] == {
        "type": "LineString",
        "coordinates": [[10.0, 56.0], [10.001, 56.001]],
    }
    assert line["properties"] == {"road_class": "primary", "tunnel": False}


def test_only_roads_that_come_into_the_box_are_drawn(roads: tuple[MemoryStorage, Artifact]) -> None:
    assert len(drawn(roads, 55.9, 9.9, 56.2, 10.2)) == 2
    (line,) = drawn(roads, 56.09, 10.09, 56.11, 10.11)
    assert line["properties"] == {"road_class": "residential", "tunnel": True}
    assert drawn(roads, 50.0, 9.9, 50.1, 10.0) == []


@pytest.mark.parametrize(
    "box",
    [(56, 10, 55, 11), (56, 10, 57, 9), (56, 10, 56, 10), (0, 0, 1, 1),
     (0, 0, 2 * MAX_SIDE_DEG + 0.01, 0.1), (math.nan, 0, 1, 1), (0, 0, math.inf, 1)],
)  # fmt: skip
def test_a_box_that_is_none_or_too_wide_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        area_of(*box)
