"""Tables of a map: the same roads as the map itself, repeatable bytes, no more read than due."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from avdataops.enrichers.road_osm import Area, Extract, Params, enrich, read_extract
from avdataops.enrichers.road_osm.edge_table import (
    CONTENTS,
    EDGES,
    PLACES,
    VERSION,
    edge_table,
    place_table,
    read_tables,
)
from avdataops.model.errors import UnreadableFile
from avdataops.model.time import NS_PER_S
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile
from avdataops.signals.geo import to_wgs84
from avdataops.testing.step_tables import RecordingContext, memory_table
from benchmarks.accuracy import map_match

# Two towns three degrees apart, each with a crossing; a school in the first, one far off the roads.
TOWNS = """<osm version="0.6">
  <node id="1" lat="47.100" lon="9.500"/>
  <node id="2" lat="47.100" lon="9.504"><tag k="highway" v="crossing"/></node>
  <node id="3" lat="47.100" lon="9.508"/>
  <node id="4" lat="47.103" lon="9.504"/>
  <node id="5" lat="50.100" lon="9.500"/>
  <node id="6" lat="50.100" lon="9.504"><tag k="highway" v="crossing"/></node>
  <node id="7" lat="50.103" lon="9.504"/>
  <node id="8" lat="47.101" lon="9.501"><tag k="amenity" v="school"/></node>
  <node id="9" lat="47.900" lon="9.501"><tag k="amenity" v="school"/></node>
  <way id="20"><nd ref="5"/><nd ref="6"/><nd ref="7"/><tag k="highway" v="service"/>
    <tag k="oneway" v="-1"/></way>
  <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/>
    <tag k="maxspeed" v="50"/><tag k="lit" v="yes"/></way>
  <way id="11"><nd ref="2"/><nd ref="4"/><tag k="highway" v="residential"/></way>
</osm>"""
SOUTH = Area(47.0, 9.4, 47.2, 9.6)
SHA = "ab12cd34ef56" + "0" * 52


def extract_of(text: str | bytes = TOWNS, name: str = "towns.osm") -> Extract:
    data = text.encode() if isinstance(text, str) else text
    return read_extract(BytesFile(name, data), max_mb=512)


def files(extract: Extract) -> tuple[BytesFile, BytesFile]:
    return (
        BytesFile("edges.parquet", edge_table(extract)),
        BytesFile("places.parquet", place_table(extract)),
    )


def assert_same(one: Extract, other: Extract) -> None:
    for name in ("first", "way", "oneway", "is_leg", "start", "stop", "node_id"):
        assert np.array_equal(getattr(one.edges, name), getattr(other.edges, name)), name
    for a, b in (
        (one.edges.vertices, other.edges.vertices),
        (one.edges.nodes, other.edges.nodes),
    ):
        assert np.array_equal(a.lat_deg, b.lat_deg)
        assert np.array_equal(a.lon_deg, b.lon_deg)
    assert one.attributes.equals(other.attributes)
    assert set(one.marks) == set(other.marks)
    assert all(np.array_equal(rows, other.marks[name]) for name, rows in one.marks.items())
    assert list(map(shapely.to_wkb, one.schools)) == list(map(shapely.to_wkb, other.schools))
    assert one.box == other.box


def test_the_tables_give_back_the_map() -> None:
    extract = extract_of()
    assert_same(extract, read_tables(*files(extract)))


def test_an_empty_map_gives_empty_tables() -> None:
    empty = extract_of('<osm version="0.6"></osm>')
    assert_same(empty, read_tables(*files(empty)))
    assert read_tables(*files(empty), SOUTH).edges.way.size == 0


def test_only_what_is_near_the_area_is_returned_and_the_box_is_of_all() -> None:
    extract = extract_of()
    found = read_tables(*files(extract), SOUTH)
    assert found.attributes.column("way_id").to_pylist() == [10, 11]
    assert found.edges.node_id.tolist() == [1, 2, 3, 4]
    assert found.at("crossing").lon_deg.tolist() == [9.504]
    # Straight distances reach further than routes.
    assert [shapely.get_coordinates(one)[0, 1] for one in found.schools] == [47.101, 47.9]
    assert found.box == extract.box == Area(47.1, 9.5, 50.103, 9.508)


def test_an_area_without_roads_is_empty() -> None:
    found = read_tables(*files(extract_of()), Area(10.0, 10.0, 11.0, 11.0))
    assert found.edges.way.size == found.attributes.num_rows == 0
    assert found.schools == ()


def test_the_columns_say_what_the_map_states() -> None:
    edges, places = (pq.read_table(io.BytesIO(file.data)) for file in files(extract_of()))
    assert edges.schema.remove_metadata() == EDGES
    assert places.schema.remove_metadata() == PLACES
    (service,) = (row for row in edges.to_pylist() if row["way_id"] == 20 and row["number"] == 0)
    assert service["road_class"] == "service"
    assert (service["direction"], service["is_leg"], service["oneway"]) == (-1, False, True)
    assert (service["start_node"], service["stop_node"]) == (5, 6)
    assert (service["lat_deg"], service["lon_deg"]) == ([50.1, 50.1], [9.5, 9.504])
    assert service["speed_limit_mps"] is service["lit"] is service["layer"] is None
    kinds = [(row["kind"], row["node"]) for row in places.to_pylist()]
    assert sorted(kinds, key=str) == [
        ("crossing", 2),
        ("crossing", 6),
        ("school", None),
        ("school", None),
    ]


def test_the_same_map_gives_the_same_bytes() -> None:
    for table in CONTENTS.values():
        assert table(extract_of()) == table(extract_of())


def street(ways: int) -> str:
    """Return a map of separate roads from 40 degrees north upwards."""
    nodes = "".join(
        f'<node id="{2 * i + k + 1}" lat="{40 + i * 0.001:.4f}" lon="{9 + k * 0.001:.4f}"/>'
        for i in range(ways)
        for k in (0, 1)
    )
    roads = "".join(
        f'<way id="{i + 1}"><nd ref="{2 * i + 1}"/><nd ref="{2 * i + 2}"/>'
        '<tag k="highway" v="primary"/></way>'
        for i in range(ways)
    )
    return f'<osm version="0.6">{nodes}{roads}</osm>'


def test_row_groups_far_from_the_area_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    edges, places = files(extract_of(street(9000)))
    assert pq.ParquetFile(io.BytesIO(edges.data)).num_row_groups == 3
    asked: list[list[int]] = []
    real = pq.ParquetFile.read_row_groups

    def watched(self: pq.ParquetFile, groups: list[int], **given: bool) -> pa.Table:
        asked.append(groups)
        return real(self, groups, **given)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", watched)
    found = read_tables(edges, places, Area(48.5, 8.9, 48.51, 9.1))
    assert found.attributes.column("way_id").to_pylist() == list(range(8501, 8512))
    assert asked == [[2], []]


def damaged() -> Iterator[bytes]:
    good = edge_table(extract_of())
    yield b""
    yield b"PAR1"
    yield good[:-10]
    yield place_table(extract_of())


@pytest.mark.parametrize("data", list(damaged()))
def test_what_is_no_table_is_refused_by_name(data: bytes) -> None:
    _, places = files(extract_of())
    with pytest.raises(UnreadableFile, match=r"edges\.parquet"):
        read_tables(BytesFile("edges.parquet", data), places)


def given(data: bytes, sha256: str, **attributes: str) -> InputFile:
    artifact = memory_table(
        pa.table({}), kind="reference", name="m", attributes={"role": "map"} | attributes
    ).artifact
    return InputFile(replace(artifact, sha256=sha256), BytesFile("m", data))


def tables_of(text: str) -> list[InputFile]:
    extract = extract_of(text)
    return [
        given(table(extract), "c" * 64, content=content, map_sha256=SHA, extractor=str(VERSION))
        for content, table in CONTENTS.items()
    ]


def drive() -> Track:
    n = 30
    return Track(
        np.arange(n, dtype=np.int64) * NS_PER_S,
        np.full(n, 47.10001),
        np.linspace(9.5002, 9.506, n),
        np.zeros(n),
        np.full(n, 15.2),
    )


def test_a_drive_finds_the_same_road_in_the_tables_as_in_the_map() -> None:
    context = RecordingContext()
    osm = given(TOWNS.encode(), SHA)
    plain = enrich(context, drive(), (osm,), Params())
    # With its tables the map itself is not opened: here it could not be.
    closed = given(b"", SHA)
    quick = enrich(context, drive(), (closed, *tables_of(TOWNS)), Params())
    assert context.caveats == []
    assert {k: v.to_pylist() for k, v in quick.items()} == {
        k: v.to_pylist() for k, v in plain.items()
    }
    assert set(quick["map_source"].to_pylist()) == {"ab12cd34ef56"}


def test_tables_of_another_map_or_half_of_them_are_not_used() -> None:
    edges, places = tables_of(TOWNS.replace('id="10"', 'id="77"'))
    osm = given(TOWNS.encode(), SHA)
    other = given(TOWNS.encode(), "d" * 64)
    for files_given in ((osm, edges), (osm, places), (other, edges, places)):
        found = enrich(RecordingContext(), drive(), files_given, Params())
        assert found["way_id"].to_pylist()[0] == 10
    found = enrich(RecordingContext(), drive(), (osm, edges, places), Params())
    assert found["way_id"].to_pylist()[0] == 77


@pytest.mark.parametrize(
    "name",
    ["gh_andorra.osm.pbf", "gh_monaco.osm.gz", "valhalla_liechtenstein-latest.osm.pbf"],
)
def test_tables_of_a_real_map_give_it_back(real_data: Path, name: str) -> None:
    extract = extract_of((real_data / "osm" / name).read_bytes(), name)
    assert_same(extract, read_tables(*files(extract)))


@pytest.mark.parametrize("name", ["gh_andorra.osm.pbf", "valhalla_liechtenstein-latest.osm.pbf"])
def test_a_drive_over_a_real_map_is_told_the_same_by_its_tables(real_data: Path, name: str) -> None:
    path = real_data / "osm" / name
    graph, edges = map_match.load(path)
    rng = np.random.default_rng(11)
    driven = map_match.random_drive(graph, rng, length_m=5_000.0, rate_hz=1.0)
    noisy = map_match.noisy(driven, rng, 3.0)
    middle = [(x.min() + x.max()) / 2 for x in (edges.nodes.lat_deg, edges.nodes.lon_deg)]
    lat, lon = to_wgs84(noisy.x_m, noisy.y_m, *middle)
    track = Track(noisy.t_ns, lat, lon, noisy.heading_rad, np.gradient(driven.s_m))
    data = path.read_bytes()
    extract = extract_of(data, name)
    tables = [
        given(table(extract), "c" * 64, content=content, map_sha256=SHA)
        for content, table in CONTENTS.items()
    ]
    plain = enrich(RecordingContext(), track, (given(data, SHA),), Params())
    quick = enrich(RecordingContext(), track, (given(b"", SHA), *tables), Params())
    assert quick["way_id"].to_pylist() == plain["way_id"].to_pylist()
    for column in ("road_class", "speed_limit_mps", "tunnel", "map_source", "junction_kind"):
        assert quick[column].to_pylist() == plain[column].to_pylist()
    for column in ("route_m", "junction_distance_m", "school_distance_m", "crossing_distance_m"):
        assert quick[column].to_pylist() == pytest.approx(plain[column].to_pylist(), abs=1e-6)


def test_an_edge_that_crosses_the_area_is_kept_though_no_vertex_lies_in_it() -> None:
    road = """<osm version="0.6"><node id="1" lat="47.0" lon="9.0"/>
      <node id="2" lat="47.0" lon="10.0"/>
      <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>"""
    tables = files(extract_of(road))
    assert read_tables(*tables, Area(46.9, 9.4, 47.1, 9.6)).edges.way.tolist() == [0]
    assert read_tables(*tables, Area(47.0, 10.0, 47.1, 10.1)).edges.way.tolist() == [0]
    assert read_tables(*tables, Area(47.01, 9.4, 47.1, 9.6)).edges.way.tolist() == []


def test_a_circle_of_one_edge_comes_back_as_one() -> None:
    circle = """<osm version="0.6"><node id="1" lat="47.0" lon="9.0"/>
      <node id="2" lat="47.0" lon="9.001"/><node id="3" lat="47.001" lon="9.0"/>
      <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/>
      <tag k="highway" v="primary"/><tag k="junction" v="roundabout"/></way></osm>"""
    extract = extract_of(circle)
    found = read_tables(*files(extract))
    assert_same(extract, found)
    assert found.edges.start.tolist() == found.edges.stop.tolist()
    assert found.attributes.column("roundabout").to_pylist() == [True]


def test_the_southern_and_western_halves_of_the_world_are_cells_too() -> None:
    far = TOWNS.replace('lat="47.', 'lat="-47.').replace('lon="9.', 'lon="-179.')
    extract = extract_of(far)
    assert_same(extract, read_tables(*files(extract)))
    near = read_tables(*files(extract), Area(-47.2, -179.6, -47.0, -179.4))
    assert near.attributes.column("way_id").to_pylist() == [10, 11]
