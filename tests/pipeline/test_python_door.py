"""``import avdataops as av`` over a finished drive."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import avdataops as av

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

S = 1_000_000_000


@pytest.fixture(scope="module")
def lake(finished: "Processed") -> Iterator[av.Lake]:
    with av.connect(finished.desk.workspace) as opened:
        yield opened


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert sorted(av.__all__) == [
        "AvdataopsError",
        "FoundScene",
        "Image",
        "Images",
        "Lake",
        "PointCloud",
        "PointClouds",
        "Rows",
        "Scenes",
        "TimeRange",
        "connect",
        "parse_time",
    ]
    assert all(getattr(av, name) is not None for name in av.__all__)


def test_the_settings_name_the_workspace_if_nobody_else_does(
    finished: "Processed", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(finished.desk.workspace))
    with av.connect() as opened:
        assert [one.id for one in opened.measurements()] == [finished.measurement]


def test_scenes_are_those_of_the_command_line(lake: av.Lake, finished: "Processed") -> None:
    rows = finished.desk.here("scenes", "find", "--limit", "0", "--format", "json").json
    found = lake.scenes()
    assert [scene.id for scene in found] == [row["id"] for row in rows]
    assert len(found) == 29
    assert repr(lake.scenes("cut_in", "standstill")) == "<3 scenes: 1 cut_in, 2 standstill>"


def test_conditions_are_keywords(lake: av.Lake) -> None:
    assert [s.type for s in lake.scenes(min_ax_mps2__lt=-4)] == ["hard_brake", "high_jerk"]
    assert [s.type for s in lake.scenes("cut_in", side="right")] == ["cut_in"]
    assert len(lake.scenes("cut_in", side__ne="right")) == 0
    assert len(lake.scenes(confidence__ge=0.99, duration_s__le=5)) > 0
    assert len(lake.scenes(no_such_evidence=1)) == 0


def test_scenes_are_found_by_vehicle_measurement_time_and_place(
    lake: av.Lake, finished: "Processed"
) -> None:
    (brake,) = lake.scenes("hard_brake")
    span = av.TimeRange(brake.t_start_ns, brake.t_end_ns)
    assert "hard_brake" in {scene.type for scene in lake.scenes(time=span)}
    assert "rain" not in {scene.type for scene in lake.scenes(time=span)}
    near = lake.scenes(near=(brake.lat_deg, brake.lon_deg, 1.0))
    assert [scene.id for scene in near] == [brake.id]
    assert len(lake.scenes(vehicle="nobody")) == 0
    assert len(lake.scenes(measurement=finished.measurement)) == 29
    assert lake.scene(brake.id).scene == brake.scene


def test_any_arrow_library_takes_found_scenes(lake: av.Lake) -> None:
    found = lake.scenes()
    table = pa.table(found)
    frame = pl.DataFrame(found)
    assert table.num_rows == frame.height == 29
    assert table.column("type").to_pylist() == frame["type"].to_list() == [s.type for s in found]
    assert frame["t_ns"].to_list() == [scene.t_start_ns for scene in found]
    assert json.loads(frame["evidence"][0]) == found[0].evidence
    assert found.to_polars().equals(frame)
    assert found.to_arrow().equals(table)
    assert found.to_pandas()["id"].tolist() == [scene.id for scene in found]


def test_found_scenes_are_sliced_into_found_scenes(lake: av.Lake) -> None:
    found = lake.scenes()
    assert [scene.id for scene in found[2:5]] == [found[2].id, found[3].id, found[4].id]
    assert pa.table(found[2:5]).num_rows == 3
    assert pa.table(lake.scenes(vehicle="nobody")).num_rows == 0
    assert found[-1].id == list(found)[-1].id


def test_the_rows_around_a_scene_are_those_of_the_stream(
    lake: av.Lake, finished: "Processed"
) -> None:
    (brake,) = lake.scenes("hard_brake")
    rows = brake.stream("/imu/data", before_s=2, after_s=5)
    low, high = brake.t_start_ns - 2 * S, brake.t_end_ns + 5 * S
    whole = lake.stream(finished.measurement, "/imu/data").column("t_ns").to_numpy()
    inside = whole[(whole >= low) & (whole < high)]
    assert rows.column("t_ns").to_numpy().tolist() == inside.tolist()
    assert rows.column("t_ref_ns").to_numpy().tolist() == inside.tolist()
    assert abs(len(inside) - (high - low) * 100 / S) < 5


def test_rows_of_another_clock_are_taken_on_the_reference_clock(
    lake: av.Lake, finished: "Processed"
) -> None:
    (brake,) = lake.scenes("hard_brake")
    rows = brake.stream("CAN1.VehicleDynamics")
    t_ref = rows.column("t_ref_ns").to_numpy()
    assert brake.t_start_ns <= t_ref.min() < brake.t_start_ns + S // 25
    assert brake.t_end_ns - S // 25 < t_ref.max() < brake.t_end_ns
    truth = json.loads(finished.drive.truth.read_text(encoding="utf-8"))["clock"]
    offset_ns = rows.column("t_ns").to_numpy() - t_ref
    drifted_ns = truth["skew"] * (t_ref - truth["t0_ns"])
    assert np.abs(offset_ns - truth["offset_ns"] - drifted_ns).max() < 15_000_000


def test_a_stream_that_is_not_there_is_refused_with_the_near_miss(
    lake: av.Lake, finished: "Processed"
) -> None:
    with pytest.raises(av.AvdataopsError, match="no stream '/imu/dat'; did you mean '/imu/data'"):
        lake.stream(finished.measurement, "/imu/dat")
    with pytest.raises(av.AvdataopsError, match="no table of kind 'egoo'; did you mean 'ego'"):
        lake.table(finished.measurement, "egoo")


def test_an_unknown_measurement_or_scene_is_not_found(lake: av.Lake) -> None:
    with pytest.raises(av.AvdataopsError) as unknown:
        lake.scene("scn_0")
    assert unknown.value.exit_status == 4
    with pytest.raises(av.AvdataopsError) as missing:
        lake.stream("m_0", "/imu/data")
    assert missing.value.exit_status in {4, 65}


def test_a_table_is_all_rows_of_its_kind(lake: av.Lake, finished: "Processed") -> None:
    ego = lake.table(finished.measurement, "ego")
    times = ego.column("t_ns").to_numpy()
    assert set(np.diff(times).tolist()) == {20_000_000}
    assert abs(len(times) - 9000) < 10
    scenes = lake.table(finished.measurement, "scenes")
    assert sorted(scenes.column("id").to_pylist()) == sorted(scene.id for scene in lake.scenes())


def test_lineage_leads_to_the_uploads(lake: av.Lake) -> None:
    (found,) = lake.scenes("cut_in")
    up = lake.lineage(found.id)
    uploads = {node.name: node.id for node in up.nodes if node.kind == "upload"}
    assert {"sensors.mcap", "chassis.mf4"} <= set(uploads)
    down = lake.lineage(uploads["chassis.mf4"], "down")
    assert found.id in {node.id for node in down.nodes}


def test_a_lake_answers_from_two_places_at_once(finished: "Processed") -> None:
    with (
        av.connect(finished.desk.workspace) as one,
        av.connect(str(finished.desk.workspace)) as two,
    ):
        assert [s.id for s in one.scenes()] == [s.id for s in two.scenes()]


def test_found_scenes_can_be_kept_as_parquet(lake: av.Lake, tmp_path: Path) -> None:
    table = pa.table(lake.scenes())
    pq.write_table(table, tmp_path / "scenes.parquet")
    assert pq.read_table(tmp_path / "scenes.parquet").equals(table)
