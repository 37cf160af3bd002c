"""What Valhalla answers, taken to our own network; Valhalla itself is in tests/system."""

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avdataops.enrichers.road_osm import Params, enrich, valhalla
from avdataops.enrichers.road_osm.extract import Extract, read_extract
from avdataops.enrichers.road_osm.valhalla import Meili, is_tiles, meili, open_tiles
from avdataops.model.errors import ConfigError, UnreadableFile
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.ports.map_matching import Fixes
from avdataops.signals.arrays import Floats
from avdataops.signals.map_matching import MatchLimits
from avdataops.signals.road_graph import road_graph
from avdataops.signals.roads import Plane
from avdataops.testing.step_tables import RecordingContext
from tests.unit.enrichers.road_osm.test_edge_table import given

LAT, STEP = 47.1, 0.0002
STEP_M = 15.18
"""Of longitude at that latitude."""
MAP = f"""<osm version="0.6">
  {"".join(f'<node id="{n}" lat="{LAT}" lon="{9.5 + n * STEP:.7f}"/>' for n in range(1, 22))}
  <way id="10">{"".join(f'<nd ref="{n}"/>' for n in range(1, 12))}
    <tag k="highway" v="primary"/></way>
  <way id="20">{"".join(f'<nd ref="{n}"/>' for n in range(11, 22))}<tag k="highway" v="primary"/>
    <tag k="oneway" v="yes"/></way>
</osm>"""


def network() -> Extract:
    return read_extract(BytesFile("map.osm", MAP.encode()), max_mb=1)


def fixes(count: int = 20, *, westwards: bool = False) -> Fixes:
    """A position each 15 m, at the nodes."""
    lon: Floats = np.asarray(9.5 + STEP * np.arange(1, count + 1), dtype=np.float64)
    t = np.arange(count, dtype=np.int64) * 1_000_000_000
    nothing = np.full(count, np.nan)
    lon = lon[::-1] if westwards else lon
    return Fixes(t, np.full(count, LAT), lon, nothing, np.zeros(count, dtype=np.bool_))


def edge(way: int, heading: float = 90.0) -> dict[str, Any]:
    return {"way_id": way, "begin_heading": heading, "end_heading": heading}


def point(place: dict[str, float], number: int, **more: Any) -> dict[str, Any]:
    where = {"lat": place["lat"], "lon": place["lon"], "distance_along_edge": 0.5}
    return where | {"type": "matched", "edge_index": number} | more


def on(way_of: Any, heading: float = 90.0) -> Any:
    """Answer every position with a way of choice, as Valhalla does."""

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        shape = request["shape"]
        ways = [way_of(number) for number in range(len(shape))]
        return {
            "edges": [edge(way, heading) for way in ways],
            "matched_points": [point(place, n) for n, place in enumerate(shape)],
        }

    return ask


def matcher(ask: Any) -> Meili:
    roads = network()
    plane = Plane(roads.edges.nodes)
    way_id = roads.attributes["way_id"].to_numpy()[roads.edges.way]
    made = meili(ask, MatchLimits())(road_graph(roads.edges, plane), plane, way_id)
    assert isinstance(made, Meili)
    return made


def first_or_second(number: int) -> int:
    return 10 if number < 10 else 20


def test_each_position_is_on_the_edge_of_its_way_as_far_as_it_was_driven() -> None:
    (chain,) = matcher(on(first_or_second))(fixes())
    assert chain.rows.tolist() == list(range(20))
    assert chain.arc.tolist() == [0] * 10 + [2] * 10
    np.testing.assert_allclose(chain.offset_m[:10], STEP_M * np.arange(10), atol=0.2)
    np.testing.assert_allclose(chain.offset_m[10:], STEP_M * np.arange(10), atol=0.2)
    assert np.isnan(chain.probability).all()


def test_against_the_nodes_is_the_other_arc() -> None:
    (chain,) = matcher(on(lambda _: 10, heading=270.0))(fixes(8, westwards=True))
    assert chain.arc.tolist() == [1] * 8
    assert np.all(np.diff(chain.offset_m) > 14)


def test_a_one_way_road_is_driven_its_own_way_whatever_the_heading() -> None:
    (chain,) = matcher(on(lambda _: 20, heading=270.0))(fixes(20))
    assert set(chain.arc.tolist()) == {2}


@pytest.mark.parametrize("place", [0, 7, 19])
def test_a_position_beside_every_road_is_left_out(place: int) -> None:
    def ask(request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = on(first_or_second)(request)
        answer["matched_points"][place]["type"] = "unmatched"
        return answer

    (chain,) = matcher(ask)(fixes())
    assert chain.rows.tolist() == [row for row in range(20) if row != place]


def test_a_route_that_breaks_is_two() -> None:
    def ask(request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = on(first_or_second)(request)
        answer["matched_points"][12]["begin_route_discontinuity"] = True
        return answer

    found = matcher(ask)(fixes())
    assert [chain.rows.tolist() for chain in found] == [list(range(12)), list(range(12, 20))]


def test_a_break_at_an_unmatched_position_is_at_the_next() -> None:
    def ask(request: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = on(first_or_second)(request)
        answer["matched_points"][12] |= {"begin_route_discontinuity": True, "type": "unmatched"}
        return answer

    found = matcher(ask)(fixes())
    assert [chain.rows.tolist() for chain in found] == [list(range(12)), list(range(13, 20))]


@pytest.mark.parametrize(
    "way", [99, 10], ids=["a way that the extract lacks", "a way that is elsewhere"]
)
def test_a_way_that_is_not_there_is_no_match(way: int) -> None:
    far = fixes(20)
    if way == 10:
        far = Fixes(far.t_ns, far.lat_deg + 0.01, far.lon_deg, far.heading_rad, far.moving)
    assert matcher(on(lambda _: way))(far) == ()


@pytest.mark.parametrize(
    "answer",
    [{}, {"matched_points": []}, {"edges": [edge(10)], "matched_points": [{"type": "matched"}]}],
    ids=["nothing", "no points", "too few points"],
)
def test_an_answer_that_does_not_fit_matches_nothing(answer: dict[str, Any]) -> None:
    assert matcher(lambda _: answer)(fixes()) == ()


def test_beside_all_roads_there_is_no_match_and_other_failures_are_told() -> None:
    def nowhere(_: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("No suitable edges near location")

    def broken(_: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("tile is too old")

    assert matcher(nowhere)(fixes()) == ()
    with pytest.raises(UnreadableFile, match="Valhalla does not answer: tile is too old"):
        matcher(broken)(fixes())


def test_a_jump_is_asked_in_two_questions() -> None:
    asked: list[int] = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(len(request["shape"]))
        assert request["trace_options"] == {"search_radius": 30.0, "gps_accuracy": 4.07}
        answer: dict[str, Any] = on(lambda _: 10)(request)
        return answer

    there = fixes(10)
    lat = np.append(there.lat_deg[:6], there.lat_deg[6:] + 1.0)
    jump = Fixes(there.t_ns, lat, there.lon_deg, there.heading_rad, there.moving)
    (chain,) = matcher(ask)(jump)
    assert asked == [6, 4]
    assert chain.rows.tolist() == list(range(6))


def test_no_positions_need_no_question() -> None:
    assert matcher(on(first_or_second))(fixes(0)) == ()


def tar(*names: str) -> BytesFile:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as packed:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 3
            packed.addfile(member, io.BytesIO(b"abc"))
    return BytesFile("tiles.tar", data.getvalue())


def test_a_tar_is_told_from_an_extract() -> None:
    assert is_tiles(tar("0/000/001.gph"))
    assert not is_tiles(BytesFile("map.osm", MAP.encode()))
    assert not is_tiles(BytesFile("short", b"x"))


@pytest.mark.parametrize(
    "name",
    ["../0/000/001.gph", "/0/000/001.gph", "0/../../001.gph", "0/000/001.gph/../x.gph", "x.gph"],
)
def test_only_what_is_named_as_a_tile_is_written(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "tiles"
    valhalla._unpack(tar("./0/000/001.gph", name, "2/000/001/234.gph"), folder)
    written = {str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file()}
    assert written == {"tiles/0/000/001.gph", "tiles/2/000/001/234.gph"}
    with pytest.raises(UnreadableFile, match="no tiles"):
        valhalla._unpack(tar(name), tmp_path / "none")


def test_the_package_is_asked_for_by_name_where_it_is_not_installed() -> None:
    with pytest.raises(ConfigError, match="not installed") as caught, open_tiles(tar("a.gph")):
        pass
    assert "avdataops[valhalla]" in (caught.value.hint or "")


def track() -> Track:
    there = fixes()
    return Track(there.t_ns, there.lat_deg, there.lon_deg, there.heading_rad, np.full(20, 15.0))


def test_without_tiles_the_setting_is_named() -> None:
    files = (given(MAP.encode(), "a" * 64),)
    with pytest.raises(ConfigError, match="no tiles") as caught:
        enrich(RecordingContext(), track(), files, Params(matcher="valhalla"))
    assert "map_tiles" in (caught.value.hint or "")


def test_another_matcher_is_refused_with_the_near_miss() -> None:
    with pytest.raises(ConfigError, match="did you mean 'hmm'"):
        enrich(RecordingContext(), track(), (), Params(matcher="hhm"))


def test_tiles_beside_the_map_change_nothing_for_our_own_matcher() -> None:
    extract = given(MAP.encode(), "a" * 64)
    plain = enrich(RecordingContext(), track(), (extract,), Params())
    context = RecordingContext()
    tiles = given(tar("0/000/001.gph").data, "b" * 64)
    both = enrich(context, track(), (extract, tiles), Params())
    assert context.caveats == []
    assert all(both[name].equals(plain[name]) for name in plain)
    assert plain["way_id"].to_pylist()[0] == 10
