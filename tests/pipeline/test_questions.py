"""The command line's answers over a finished drive: the fields, formats and filters it promises."""

import csv
import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from avdataops.testing.command_line import sha256_of

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

NOT_FOUND, UNUSABLE, USAGE, BAD_CONFIGURATION = 4, 65, 2, 78
EARTH_M = 6_371_008.8
SCENE_FIELDS = {
    "id",
    "type",
    "measurement",
    "vehicle",
    "t_start_ns",
    "t_end_ns",
    "detector",
    "detector_version",
    "confidence",
    "evidence",
}
Json = dict[str, Any]


def find(done: "Processed", *options: str) -> list[Json]:
    answer = done.desk.here("scenes", "find", *options, "--format", "json")
    assert answer.status == 0, answer.err
    rows: list[Json] = answer.json
    return rows


@pytest.fixture(scope="module")
def scenes(finished: "Processed") -> list[Json]:
    return find(finished, "--limit", "0")


def ids(rows: list[Json]) -> list[str]:
    return [row["id"] for row in rows]


def distance_m(row: Json, lat_deg: float, lon_deg: float) -> float:
    lat, other = math.radians(row["lat_deg"]), math.radians(lat_deg)
    half = math.radians(row["lon_deg"] - lon_deg) / 2
    a = math.sin((lat - other) / 2) ** 2 + math.cos(lat) * math.cos(other) * math.sin(half) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(a))


def test_upload_and_run_have_the_fields_that_others_build_on(finished: "Processed") -> None:
    assert {"measurement", "state", "recordings"} <= set(finished.uploaded)
    assert all({"name", "bytes", "sha256"} <= set(one) for one in finished.uploaded["recordings"])
    assert {"measurement", "runs"} <= set(finished.ran)
    assert finished.ran["measurement"] == finished.measurement
    for run in finished.ran["runs"]:
        assert {"run", "step", "outcome", "made"} <= set(run)
        # A stream that is kept whole, or with no scene near, has nothing to keep twice.
        nothing = run["step"] == "full_rate" and run["outcome"] == "nothing to do"
        assert nothing or (run["outcome"] == "done" and run["made"])
    steps = list(dict.fromkeys(run["step"] for run in finished.ran["runs"]))
    assert steps == [
        *(
            "validate",
            "extract",
            "downsample",
            "sync",
            "keyframes",
            "enrich",
            "detect_scenes",
            "full_rate",
        )
    ]


def test_measurements_show_tells_what_need_not_be_labelled(finished: "Processed") -> None:
    show = ("measurements", "show", finished.measurement)
    savings = finished.desk.here(*show, "--format", "json").json["savings"]
    camera = savings["/camera/front/image/compressed"]
    assert 0 < camera["keyframes"] + camera["near_duplicates"] < camera["recorded"] / 2
    assert camera["kept_by_downsampling"] <= camera["recorded"]
    assert set(savings) == {
        "/camera/front/image/compressed",
        "/lidar/top/points",
        "/radar/front/tracks",
    }
    lines = finished.desk.here(*show).text.splitlines()
    (line,) = [one for one in lines if one.startswith("  /camera/front/image/compressed: ")]
    assert f"{camera['keyframes']:,} of {camera['recorded']:,} recorded (" in line


def test_measurements_show_tells_everything_about_one(finished: "Processed") -> None:
    show = ("measurements", "show", finished.measurement, "--format", "json")
    shown = finished.desk.here(*show).json
    assert {"measurement", "vehicle", "state", "reason", "recordings", "streams"} <= set(shown)
    assert (shown["vehicle"], shown["state"], shown["reason"]) == ("aar-07", "complete", None)
    assert {r["name"]: r["sha256"] for r in shown["recordings"]} == {
        path.name: sha256_of(path)
        for path in finished.drive.drive.iterdir()
        if path.suffix != ".json"
    }
    assert {r["format"] for r in shown["recordings"]} == {"mcap", "mdf4", "bag", "db3"}
    assert {s["class"] for s in shown["streams"]} == {
        *("camera", "lidar", "radar", "gnss", "imu", "can", "vehicle", "objects", "other")
    }
    assert all((finished.desk.workspace / s["location"]).is_file() for s in shown["streams"])


def test_the_beginning_of_an_id_is_enough(finished: "Processed") -> None:
    whole = finished.desk.here("measurements", "show", finished.measurement).text
    assert finished.desk.here("measurements", "show", finished.measurement[:6]).text == whole


@pytest.mark.parametrize(
    ("name", "known", "topics"),
    [
        ("sensors", "mcap", 7),
        ("body", "bag", 2),
        ("localization", "db3", 1),
        ("chassis", "mdf4", 9),
    ],
)
def test_info_tells_what_is_in_a_recording(
    finished: "Processed", name: str, known: str, topics: int
) -> None:
    dbc = ("--dbc", finished.drive.dbc)
    recording = getattr(finished.drive, name)
    info = finished.desk.here("info", recording, *dbc, "--format", "json").json
    assert {"format", "start_ns", "end_ns", "streams", "problems"} <= set(info)
    assert (info["format"], info["problems"]) == (known, [])
    assert 0 < info["start_ns"] < info["end_ns"]
    own = [stream for stream in info["streams"] if stream["parent"] is None]
    assert len(own) == topics
    assert all({"name", "topic", "type", "rows", "rate_hz"} <= set(stream) for stream in own)
    assert all(stream["rows"] > 0 and stream["rate_hz"] > 0 for stream in own)


def test_info_says_that_frames_want_a_database(finished: "Processed") -> None:
    info = finished.desk.here("info", finished.drive.chassis, "--format", "json").json
    assert [problem["code"] for problem in info["problems"]] == ["no_dbc"]
    assert [stream["name"] for stream in info["streams"]] == ["BrakeSystem", "Ambient", "CAN1"]


def test_a_scene_has_the_fields_that_others_build_on(scenes: list[Json]) -> None:
    assert len(scenes) == 29
    for scene in scenes:
        assert set(scene) >= SCENE_FIELDS
        assert scene["t_start_ns"] < scene["t_end_ns"]
        assert 0 < scene["confidence"] <= 1
        assert scene["evidence"]
    starts = [(scene["t_start_ns"], scene["id"]) for scene in scenes]
    assert starts == sorted(starts)


def test_scenes_show_is_the_row_that_find_gives(finished: "Processed", scenes: list[Json]) -> None:
    shown = finished.desk.here("scenes", "show", scenes[3]["id"], "--format", "json")
    assert shown.json == scenes[3]
    text = finished.desk.here("scenes", "show", scenes[3]["id"]).text
    assert f"lineage: avdataops lineage show {scenes[3]['id']} --up" in text


def test_every_format_holds_the_same_rows(
    finished: "Processed", scenes: list[Json], tmp_path: Path
) -> None:
    def out(style: str) -> bytes:
        return finished.desk.here("scenes", "find", "--format", style).out

    assert [json.loads(line) for line in out("ndjson").splitlines()] == scenes
    rows = list(csv.DictReader(io.StringIO(out("csv").decode())))
    assert [row["id"] for row in rows] == ids(scenes)
    assert [int(row["t_start_ns"]) for row in rows] == [s["t_start_ns"] for s in scenes]
    assert [json.loads(row["evidence"]) for row in rows] == [s["evidence"] for s in scenes]
    table = pq.read_table(io.BytesIO(out("parquet")))
    assert table.column("t_end_ns").to_pylist() == [s["t_end_ns"] for s in scenes]
    assert [json.loads(e) for e in table.column("evidence").to_pylist()] == [
        s["evidence"] for s in scenes
    ]
    lines = out("table").decode().splitlines()
    assert [line.split()[0] for line in lines[2:]] == ids(scenes)
    file = tmp_path / "found.parquet"
    written = finished.desk.here("scenes", "find", "--format", "parquet", "-o", str(file))
    assert (written.status, written.out) == (0, b"")
    assert pq.read_table(file).equals(table)


def test_a_process_of_its_own_answers_the_same(finished: "Processed", scenes: list[Json]) -> None:
    workspace = str(finished.desk.workspace)
    answer = finished.desk.call("scenes", "find", "--workspace", workspace, "--format", "json")
    assert (answer.status, answer.json) == (0, scenes)


def test_pages_follow_each_other_without_gap_or_overlap(
    finished: "Processed", scenes: list[Json]
) -> None:
    pages: list[list[Json]] = []
    after: tuple[str, ...] = ()
    while not pages or pages[-1]:
        pages.append(find(finished, "--limit", "4", *after))
        after = ("--after", pages[-1][-1]["id"]) if pages[-1] else ()
    assert [len(page) for page in pages] == [4] * 7 + [1, 0]
    assert [row for page in pages for row in page] == scenes
    first = finished.desk.here("scenes", "find", "--limit", "4", "--format", "json")
    assert f"--after {pages[0][-1]['id']}" in first.err


def test_types_are_any_of_and_counts_agree(finished: "Processed", scenes: list[Json]) -> None:
    both = find(finished, "--type", "standstill", "--type", "cut_in")
    assert [row["type"] for row in both] == ["standstill", "cut_in", "standstill"]
    counted = finished.desk.here("scenes", "count", "--format", "json").json
    assert {row["type"]: row["scenes"] for row in counted} == {
        kind: sum(scene["type"] == kind for scene in scenes) for kind in {s["type"] for s in scenes}
    }
    by = finished.desk.here("scenes", "count", "--by", "vehicle", "--format", "json").json
    assert by == [{"vehicle": "aar-07", "scenes": 29}]


def test_where_compares_evidence_and_fields(finished: "Processed", scenes: list[Json]) -> None:
    hard = find(finished, "--where", "min_ax_mps2 < -4")
    assert [scene["type"] for scene in hard] == ["hard_brake", "high_jerk"]
    assert find(finished, "--where", "min_ax_mps2 > -4") == []
    long = [s["id"] for s in scenes if s["duration_s"] > 60]
    assert ids(find(finished, "--where", "duration_s>60")) == long
    sure = [s["id"] for s in scenes if s["confidence"] >= 0.99 and s["truncated"] is False]
    given = ("--where", "confidence >= 0.99", "--where", "truncated = false")
    assert ids(find(finished, *given)) == sure != []
    on_the_right = find(finished, "--where", "side == 'right'")
    assert [scene["type"] for scene in on_the_right] == ["cut_in", "pedestrian_near_path"]


def test_near_is_within_the_great_circle(finished: "Processed", scenes: list[Json]) -> None:
    (brake,) = [scene for scene in scenes if scene["type"] == "hard_brake"]
    lat, lon = brake["lat_deg"], brake["lon_deg"]
    for radius_m in (1.0, 150.0, 400.0, 100_000.0):
        expected = [s["id"] for s in scenes if distance_m(s, lat, lon) <= radius_m]
        assert ids(find(finished, "--near", f"{lat},{lon},{radius_m}")) == expected
    assert find(finished, "--near", f"{-lat},{lon},1000") == []


def test_during_is_while_another_scene_lasts(finished: "Processed", scenes: list[Json]) -> None:
    def within(scene: Json, kind: str) -> bool:
        return any(
            o["type"] == kind
            and o["t_start_ns"] < scene["t_end_ns"]
            and scene["t_start_ns"] < o["t_end_ns"]
            for o in scenes
        )

    both = [s["id"] for s in scenes if within(s, "night") and within(s, "rain")]
    found = find(finished, "--during", "night", "--during", "rain")
    assert ids(found) == both
    assert {"gnss_outage", "turn_left", "rain", "night"} <= {row["type"] for row in found}
    assert not {"cut_in", "twilight"} & {row["type"] for row in found}


def test_time_is_absolute_or_since_the_start_of_a_measurement(
    finished: "Processed", scenes: list[Json]
) -> None:
    show = ("measurements", "show", finished.measurement, "--format", "json")
    start_ns = finished.desk.here(*show).json["start_ns"]
    low_ns, high_ns = start_ns + 12_500_000_000, start_ns + 60_000_000_000
    expected = [s["id"] for s in scenes if s["t_start_ns"] < high_ns and low_ns < s["t_end_ns"]]
    assert 0 < len(expected) < len(scenes)
    absolute = find(finished, "--start", str(low_ns), "--end", str(high_ns))
    assert ids(absolute) == expected
    own = ("--measurement", finished.measurement)
    assert find(finished, *own, "--start", "+12.5s", "--end", "+60s") == absolute
    assert find(finished, "--start", "2027-01-01T00:00:00Z") == []
    without = finished.desk.here("scenes", "find", "--start", "+12.5s")
    assert without.status == UNUSABLE
    assert "add --measurement ID" in without.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--type", "cut_inn"), "no scene type 'cut_inn'; did you mean 'cut_in'?"),
        (("--during", "nigth"), "did you mean 'night'?"),
        (("--near", "56,10"), "is not LAT,LON,RADIUS_M"),
        (("--near", "156,10,5"), "latitude -90 to 90"),
        (("--where", "speed"), "is not a comparison"),
        (("--start", "yesterday"), "is not a time"),
        (("--start", "200", "--end", "100"), "before it starts"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_what_would_be_right(
    finished: "Processed", options: tuple[str, ...], told: str
) -> None:
    answer = finished.desk.here("scenes", "find", *options)
    assert (answer.status, answer.out) == (UNUSABLE, b"")
    assert told in answer.err


@pytest.mark.parametrize(
    "command",
    [
        ("measurements", "show", "m_0123"),
        ("measurements", "verify", "m_0123"),
        ("measurements", "requeue", "m_0123"),
        ("run", "m_0123"),
        ("scenes", "show", "scn_0123"),
        ("scenes", "find", "--measurement", "m_0123"),
        ("scenes", "find", "--after", "scn_0123"),
        ("lineage", "show", "art_0123"),
    ],
)
def test_an_unknown_id_is_not_found(finished: "Processed", command: tuple[str, ...]) -> None:
    answer = finished.desk.here(*command, "--format", "json")
    assert (answer.status, answer.out) == (NOT_FOUND, b"")
    error = json.loads(answer.err)["error"]
    assert error["code"] == "not_found"
    assert error["retryable"] is False
    assert command[-1] in error["message"]


def test_the_near_miss_of_an_id_is_named(finished: "Processed", scenes: list[Json]) -> None:
    right = scenes[0]["id"]
    wrong = f"{right[:-1]}{'0' if right[-1] != '0' else '1'}"
    answer = finished.desk.here("scenes", "show", wrong)
    assert answer.status == NOT_FOUND
    assert f"did you mean '{right}'?" in answer.err


def test_usage_and_configuration_have_their_own_statuses(finished: "Processed") -> None:
    assert finished.desk.here("scenes", "fnd").status == USAGE
    assert finished.desk.here("scenes", "find", "--limit", "-1").status == USAGE
    assert finished.desk.here("run", finished.measurement, "--param", "x").status == USAGE
    wrong = finished.desk.here("run", finished.measurement, "--from", "extrac")
    assert wrong.status == BAD_CONFIGURATION
    assert "did you mean 'extract'?" in wrong.err


def test_verify_reads_every_stored_file_back(finished: "Processed") -> None:
    verify = ("measurements", "verify", finished.measurement, "--format", "json")
    answer = finished.desk.here(*verify)
    assert (answer.status, answer.json["findings"]) == (0, [])
    made = {artifact for run in finished.ran["runs"] for artifact in run["made"]}
    assert answer.json["files"] == len(made)
