"""The context table of a drive: the track, unknown positions, and what each enricher adds."""

import dataclasses
import gzip
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.documents import from_document, to_document
from avdataops.model.time import NS_PER_S, parse_time
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile, Inputs
from avdataops.steps.enrich import ENRICH, Params, TrackParams, course_heading, make_track, run
from avdataops.tables.kinds import kind
from avdataops.testing.drives_traffic import among, lead
from avdataops.testing.step_tables import RecordingContext, made_tables, memory_table

NAN = float("nan")
START_NS = parse_time("2021-07-26T13:13:00Z")
MAP = b"""<osm version="0.6">
  <node id="1" lat="56.0" lon="9.80"/><node id="2" lat="56.0" lon="9.90"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>"""
Floats = npt.NDArray[np.float64]


def ego(**columns: list[float | None]) -> pa.Table:
    """Ego signals at 10 Hz from START_NS."""
    rows = len(next(iter(columns.values())))
    t = pa.array(START_NS + np.arange(rows, dtype=np.int64) * NS_PER_S // 10)
    return pa.table({"t_ns": t} | {n: pa.array(v, pa.float64()) for n, v in columns.items()})


def eastwards(rows: int) -> dict[str, list[float | None]]:
    """A drive east along the made road, at 0.0001 degrees or 6.2 m every 0.1 s."""
    return {"lat_deg": [56.0] * rows, "lon_deg": [9.8 + 1e-5 * i for i in range(rows)]}


def reference(name: str, data: bytes) -> tuple[InputFile, ...]:
    artifact = memory_table(pa.table({}), kind="reference", name=name).artifact
    return (InputFile(artifact, BytesFile(name, data)),)


def enriched(
    table: pa.Table, files: Mapping[str, tuple[InputFile, ...]] | None = None, params: Any = None
) -> tuple[pa.Table, list[str]]:
    context = RecordingContext()
    inputs = Inputs({"ego": (memory_table(table, kind="ego", name="ego"),)}, files or {})
    made = made_tables(run(context, inputs, params or Params()))
    (output,) = made
    assert (output.kind, output.name) == ("context", "context")
    assert context.done == 1.0
    return made[output], [problem.code for problem in context.caveats]


def track_of(
    seconds: list[float], *, params: TrackParams | None = None, **signals: list[float]
) -> Track:
    t = START_NS + np.round(np.array(seconds) * NS_PER_S).astype(np.int64)
    unknown = np.full(t.size, NAN)
    given_signals: dict[str, Floats] = {
        name: np.array(signals[name], dtype=np.float64) if name in signals else unknown
        for name in ("lat_deg", "lon_deg", "heading_rad", "ego_speed_mps")
    }
    return make_track(t, given_signals, params or TrackParams())


def ticks_s(track: Track) -> list[float]:
    return [float(v) for v in (track.t_ns - START_NS) / NS_PER_S]


def nulls(values: Floats) -> list[bool]:
    return [bool(v) for v in np.isnan(values)]


def test_the_table_keeps_the_promise_of_its_kind() -> None:
    table, _ = enriched(ego(**eastwards(41)))
    assert table.schema.equals(kind("context").schema, check_metadata=True)
    assert ENRICH.makes == ("context", "object_context")
    assert list(ENRICH.needs) == ["ego", "objects", "weather", "map"]


def test_who_is_around_is_told_where_there_is_an_object_list() -> None:
    given = among(lead(np.full(51, 20.0)), duration_s=5.0)
    assert given.objects is not None
    ego_rows = pa.table({"t_ns": given.ego.t_ns, **given.ego.columns})
    rows = {name: pa.array(column) for name, column in given.objects.columns.items()}
    object_rows = pa.table({"t_ns": given.objects.t_ns, **rows})
    inputs = Inputs(
        {
            "ego": (memory_table(ego_rows, kind="ego", name="ego"),),
            "objects": (memory_table(object_rows, kind="objects", name="objects"),),
        },
        {},
    )
    made = {
        one.kind: table
        for one, table in made_tables(run(RecordingContext(), inputs, Params())).items()
    }
    assert set(made) == {"context", "object_context"}
    assert set(made["object_context"]["vehicles_30m"].to_pylist()) == {1}
    assert made["object_context"].schema.equals(kind("object_context").schema)


def test_there_is_one_row_per_whole_second_even_where_nothing_is_known() -> None:
    table, problems = enriched(ego(lat_deg=[None] * 41))
    assert table["t_ns"].to_pylist() == [START_NS + i * NS_PER_S for i in range(5)]
    for name in table.column_names[1:]:
        assert table[name].null_count == 5, name
    assert problems == ["sun_unknown", "no_weather", "no_map"]


def test_without_map_and_weather_the_rest_is_there_and_it_says_so() -> None:
    table, problems = enriched(ego(**eastwards(41)))
    assert table["light"].to_pylist() == ["day"] * 5
    assert table["way_id"].null_count == table["rain"].null_count == 5
    assert problems == ["no_weather", "no_map"]


def test_all_enrichers_fill_their_columns() -> None:
    table, problems = enriched(
        ego(**eastwards(41)),
        {"weather": reference("w.gz", gzip.compress(weather())), "map": reference("m", MAP)},
    )
    assert problems == []
    assert table["way_id"].to_pylist() == [10] * 5
    assert table["rain"].to_pylist() == [True] * 5
    assert table["temperature_c"].to_pylist() == [20.1] * 5
    assert table["weather_source"].to_pylist() == ["noaa-isd:060700-99999"] * 5
    assert table["weather_age_s"].to_pylist() == [780.0 + i for i in range(5)]
    assert table["light"].to_pylist() == ["day"] * 5
    assert table["map_source"].to_pylist() == ["0" * 12] * 5
    # Matched both in place and by the course of the positions.
    assert table["heading_rad"].to_pylist() == pytest.approx([0.0] * 5, abs=1e-4)
    assert table["road_heading_rad"].to_pylist() == pytest.approx([0.0] * 5, abs=2e-3)


def weather() -> bytes:
    added = "ADDAW1615"
    control = "060700999992021072613007+56000+009700FM-12+0025EKAH V020"
    mandatory = "2701N0051599999" + "99N" + "0100001N1" + "+02011+01001101001"
    return f"{len(added):04d}{control}{mandatory}{added}\n".encode()


def test_a_drive_without_rows_gives_an_empty_table_and_a_caveat() -> None:
    table, problems = enriched(ego(lat_deg=[]))
    assert table.num_rows == 0
    assert table.schema.equals(kind("context").schema)
    assert "no_track" in problems


def test_no_ego_table_gives_an_empty_table() -> None:
    context = RecordingContext()
    made = made_tables(run(context, Inputs(), Params()))
    assert [table.num_rows for table in made.values()] == [0]


def test_a_drive_within_one_second_has_no_row() -> None:
    later = ego(**eastwards(5))
    moved = later.set_column(0, "t_ns", pa.array(np.array(later["t_ns"]) + NS_PER_S // 10))
    table, problems = enriched(moved)
    assert table.num_rows == 0
    assert "no_track" in problems


def test_only_the_needed_columns_are_read() -> None:
    data = ego(**eastwards(11)).append_column("wiper", pa.array(["slow"] * 11))
    table = memory_table(data, kind="ego", name="ego")
    list(run(RecordingContext(), Inputs({"ego": (table,)}), Params()))
    assert table.asked == [("t_ns", "lat_deg", "lon_deg")]


def test_running_twice_gives_the_same_bytes() -> None:
    files = {"map": reference("m", MAP), "weather": reference("w", weather())}
    assert enriched(ego(**eastwards(41)), files)[0].equals(enriched(ego(**eastwards(41)), files)[0])


def test_parameters_survive_json_and_reach_the_enrichers() -> None:
    document = to_document(Params())
    assert from_document(Params, document) == Params()
    document["road_osm"]["max_distance_m"] = 1.0
    params: Any = from_document(Params, document)
    aside = ego(lat_deg=[56.0001] * 41, lon_deg=eastwards(41)["lon_deg"])
    files = {"map": reference("m", MAP)}
    assert enriched(aside, files)[0]["way_id"].to_pylist() == [10] * 5
    assert enriched(aside, files, params)[0]["way_id"].to_pylist() == [None] * 5


def test_parameters_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Params().bridge_s = 5.0


def test_ticks_lie_on_whole_seconds_inside_the_drive() -> None:
    track = track_of([0.4, 0.9, 1.4, 1.9, 2.4], lat_deg=[0, 1, 2, 3, 4], lon_deg=[0.0] * 5)
    assert ticks_s(track) == [1.0, 2.0]
    assert track.lat_deg.tolist() == pytest.approx([1.2, 3.2])


def test_the_last_row_counts_if_it_is_a_tick() -> None:
    assert ticks_s(track_of([0.0, 1.0, 2.0], lat_deg=[1, 1, 1], lon_deg=[1, 1, 1])) == [0, 1, 2]


def test_the_rate_is_a_parameter() -> None:
    track = track_of(
        [0.0, 1.0], lat_deg=[1, 2], lon_deg=[1, 1], params=TrackParams(track_rate_hz=4)
    )
    assert track.lat_deg.tolist() == [1.0, 1.25, 1.5, 1.75, 2.0]


def test_an_outage_is_not_bridged() -> None:
    seconds = [i / 2 for i in range(13)]
    lat = [1.0] * 3 + [NAN] * 6 + [1.0] * 4
    track = track_of(seconds, lat_deg=lat, lon_deg=[2.0] * 13)
    # Known until 1.0 s and again from 4.5 s.
    assert nulls(track.lat_deg) == [False, False, True, True, True, False, False]
    assert nulls(track.lon_deg) == nulls(track.lat_deg)


def test_one_unknown_row_beside_a_tick_makes_the_tick_unknown() -> None:
    seconds = [0.7, 0.9, 1.1, 1.3]
    known = track_of(seconds, lat_deg=[1, 1, 1, 1], lon_deg=[1, 1, 1, 1])
    assert nulls(known.lat_deg) == [False]
    hole = track_of(seconds, lat_deg=[1, NAN, 1, 1], lon_deg=[1, 1, 1, 1])
    assert nulls(hole.lat_deg) == [True]


def test_missing_rows_are_not_bridged_either() -> None:
    seconds = [0.0, 0.1, 0.2, 0.3, 2.9, 3.0, 3.1]
    track = track_of(seconds, lat_deg=[1.0] * 7, lon_deg=[1.0] * 7)
    assert nulls(track.lat_deg) == [False, True, True, False]


def test_an_outage_is_bridged_as_long_as_the_parameter_says() -> None:
    seconds = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    lat = [0.0, 0.5, NAN, NAN, NAN, 2.5, 3.0]
    two, one = (
        track_of(seconds, lat_deg=lat, lon_deg=[9.0] * 7, params=TrackParams(bridge_s=s))
        for s in (2.0, 1.9)
    )
    assert two.lat_deg.tolist() == pytest.approx([0, 1, 2, 3])
    assert nulls(one.lat_deg) == [False, True, True, False]


def test_the_bridge_is_for_positions_alone() -> None:
    seconds = [0.0, 0.5, 1.0, 1.5, 2.0]
    track = track_of(
        seconds,
        lat_deg=[1.0] * 5,
        lon_deg=[1.0] * 5,
        ego_speed_mps=[5, 5, NAN, 5, 5],
        heading_rad=[1, 1, NAN, 1, 1],
        params=TrackParams(bridge_s=60),
    )
    assert nulls(track.speed_mps) == [False, True, False]
    assert nulls(track.heading_rad) == [False, True, False]


def test_headings_and_longitudes_go_the_shorter_way_round() -> None:
    track = track_of(
        [0.5, 1.5],
        lat_deg=[0, 0],
        lon_deg=[179.9, -179.7],
        heading_rad=[3.1, -3.1],
        ego_speed_mps=[1, 1],
    )
    assert track.lon_deg.tolist() == pytest.approx([-179.9])
    assert abs(track.heading_rad[0]) == pytest.approx(np.pi)


def test_a_known_heading_goes_before_the_course() -> None:
    lon = [0.0, 0.001, 0.002]
    track = track_of([0.0, 1.0, 2.0], lat_deg=[0, 0, 0], lon_deg=lon, heading_rad=[1.0, NAN, 1.0])
    assert track.heading_rad.tolist() == pytest.approx([1.0, 0.0, 1.0], abs=1e-9)


@pytest.mark.parametrize("speed", [0.0, 2.0, -8.0])
def test_a_car_that_stands_or_reverses_gets_no_heading_from_its_course(speed: float) -> None:
    track = track_of(
        [0.0, 1.0, 2.0],
        lat_deg=[0, 0, 0],
        lon_deg=[0.0, 0.001, 0.002],
        ego_speed_mps=[speed] * 3,
    )
    assert nulls(track.heading_rad) == [True] * 3


def course(lat: list[float], lon: list[float]) -> Floats:
    t = np.arange(len(lat), dtype=np.int64) * NS_PER_S
    return course_heading(t, np.array(lat), np.array(lon), 2.0)


def test_the_course_is_that_of_the_neighbouring_ticks() -> None:
    step = 1e-4
    assert course([0, 0, 0], [0, step, 2 * step]) == pytest.approx([0, 0, 0], abs=1e-6)
    assert course([0, step], [0, 0]) == pytest.approx([np.pi / 2] * 2, abs=1e-6)
    bend = course([0, 0, step], [0, step, step])
    assert bend == pytest.approx([0, np.pi / 4, np.pi / 2], abs=0.01)


def test_a_course_is_unknown_when_slow_or_alone() -> None:
    # 1e-5 degrees are 1.1 m.
    assert nulls(course([0, 1e-5, 2e-5], [0, 0, 0])) == [True] * 3
    assert nulls(course([0, 2e-5, 4e-5], [0, 0, 0])) == [False] * 3
    assert nulls(course([0, NAN, 1], [0, NAN, 1])) == [True] * 3
    assert nulls(course([1.0], [1.0])) == [True]
    assert course([], []).size == 0


def test_a_course_beside_an_outage_uses_the_known_side() -> None:
    found = course([0, 0, NAN, 0, 0], [0, 0.001, NAN, 0.003, 0.004])
    assert nulls(found) == [False, False, True, False, False]
    assert found[[0, 1, 3, 4]] == pytest.approx([0] * 4, abs=1e-6)


@given(st.floats(-3.1, 3.1), st.floats(5.0, 50.0), st.floats(-60.0, 60.0))
def test_a_straight_drive_has_its_own_heading(heading: float, speed: float, lat0: float) -> None:
    t = np.arange(5)
    lat = lat0 + t * speed * np.sin(heading) / 111_195
    lon = 10 + t * speed * np.cos(heading) / 111_195 / np.cos(np.radians(lat0))
    found = course(lat.tolist(), lon.tolist())
    off = np.angle(np.exp(1j * (found - heading)))
    assert np.abs(off).max() < 2e-3
