"""A real commute run again: nothing to do, other maps and weather, lineage to its bytes."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import avdataops as av
from avdataops.testing.command_line import Desk, sha256_of

if TYPE_CHECKING:
    from tests.system.conftest import Taken

WEATHER = ("precipitation_mmph", "rain", "snow", "temperature_c", "weather_source")
ROAD = ("way_id", "road_class", "speed_limit_mps", "junction_distance_m", "map_source")


def _graph(taken: "Taken", of: str) -> Any:
    return taken.desk.here("lineage", "show", of, "--up", "--format", "json").json


def test_a_second_run_has_nothing_to_do_and_says_so(commute: "Taken") -> None:
    again = commute.desk.here("run", commute.measurement, "--format", "json")
    assert again.status == 0
    assert again.json["nothing_to_do"] is True
    assert {run["outcome"] for run in again.json["runs"]} == {"nothing to do"}
    assert {run["run"] for run in again.json["runs"]} == {
        run["run"] for run in commute.ran.json["runs"]
    }


def test_a_second_upload_has_nothing_to_do(
    commute: "Taken", real_data: Path, commute_files: list[Path], tmp_path: Path
) -> None:
    for path in commute_files:
        (tmp_path / path.name).symlink_to(path)
    dbc = [real_data / "dbc" / name for name in ("canmod-gps.dbc", "OBD-v4.4.dbc")]
    given = ("--vehicle", "real", "--dbc", dbc[0], "--dbc", dbc[1], "--format", "json")
    again = commute.desk.here("upload", tmp_path, *given)
    assert again.status == 0
    assert again.json["measurement"] == commute.measurement
    assert again.json["uploaded"] is False


def test_lineage_of_a_scene_ends_at_the_files_that_were_uploaded(
    commute: "Taken", real_data: Path, commute_files: list[Path]
) -> None:
    (brake,) = commute.desk.here("scenes", "find", "--type", "hard_brake", "--format", "json").json
    graph = _graph(commute, brake["id"])
    uploads = {node["name"]: node["sha256"] for node in graph["nodes"] if node["kind"] == "upload"}
    originals = {path.name: path for path in commute_files} | {
        f"dbc/{name}": real_data / "dbc" / name for name in ("canmod-gps.dbc", "OBD-v4.4.dbc")
    }
    assert uploads == {name: sha256_of(path) for name, path in originals.items()}
    given = commute.uploaded["recordings"]
    assert {one["name"]: one["sha256"] for one in given}.items() <= uploads.items()
    known = {node["id"] for node in graph["nodes"]}
    assert {end for edge in graph["edges"] for end in (edge["from"], edge["to"])} == known
    # Every node but the uploads was made from something.
    made = {edge["to"] for edge in graph["edges"]}
    sources = {node["id"] for node in graph["nodes"] if node["id"] not in made}
    assert sources == {node["id"] for node in graph["nodes"] if node["kind"] == "upload"}


def test_the_hash_is_what_sha256sum_prints(commute: "Taken", commute_files: list[Path]) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("there is no sha256sum on this machine")
    printed = subprocess.run(
        ["sha256sum", *commute_files], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split() for line in printed.splitlines()]
    expected = {os.path.basename(name): sha256 for sha256, name in lines}  # noqa: PTH119
    assert {one["name"]: one["sha256"] for one in commute.uploaded["recordings"]} == expected


def test_every_stored_file_is_still_what_the_catalog_says(commute: "Taken") -> None:
    checked = commute.desk.here("measurements", "verify", commute.measurement, "--format", "json")
    assert checked.status == 0
    assert checked.json["findings"] == []
    assert checked.json["files"] > 150


def test_no_task_needs_much_memory(commute: "Taken") -> None:
    import json

    peaks: dict[str, int] = {}
    for path in (commute.desk.workspace / "derived" / "runs").rglob("attempt-*.json"):
        record = json.loads(path.read_bytes())
        peaks[record["step"]] = max(peaks.get(record["step"], 0), record["peak_rss_bytes"])
    assert len(peaks) == 8
    assert max(peaks.values()) < 1_000_000_000, peaks


def test_a_map_and_weather_of_elsewhere_leave_road_and_rain_unknown(
    commute: "Taken", real_data: Path, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(commute.desk.workspace, workspace)
    weather = sorted((real_data / "weather").glob("isd_*"))
    assert len(weather) == 2
    settings = {
        "AVDATAOPS_MAP": str(real_data / "osm" / "gh_monaco.osm.gz"),
        "AVDATAOPS_WEATHER": os.pathsep.join(map(str, weather)),
    }
    ran = Desk(workspace, settings).here("run", commute.measurement, "--format", "json")
    assert ran.status == 0
    executed = {run["step"] for run in ran.json["runs"] if run["outcome"] != "nothing to do"}
    assert executed == {"enrich", "detect_scenes", "full_rate"}
    (enrich,) = (run for run in ran.json["runs"] if run["step"] == "enrich")
    assert enrich["outcome"] == "done with caveats"
    assert len(enrich["caveats"]) == 2
    assert any("weather" in text for text in enrich["caveats"])
    assert any("road" in text for text in enrich["caveats"])
    with av.connect(workspace) as lake:
        context = lake.table(commute.measurement, "context")
        coverage = lake.table(commute.measurement, "scene_coverage").to_pylist()
    for name in (*WEATHER, *ROAD):
        assert context[name].null_count == context.num_rows > 2800, name
    assert set(context["light"].to_pylist()) == {"day"}
    assert {row["known"] for row in coverage if row["type"] == "rain"} == {False}


def test_the_sun_stood_where_it_does_in_july(lake: av.Lake) -> None:
    context = lake.table(lake.measurements()[0].id, "context")
    # Aarhus, 26 July 2021, 15:13 to 16:01 summer time: past noon, sinking in the south-west.
    elevation = context["sun_elevation_deg"].to_numpy()
    azimuth = context["sun_azimuth_deg"].to_numpy()
    assert 42 < elevation.min() < elevation.max() < 50
    assert elevation[0] > elevation[-1]
    assert 210 < azimuth.min() < azimuth.max() < 245
