"""What the pipeline finds in the sample drive is what happened in it: scenes and clocks."""

import json
from typing import TYPE_CHECKING, Any

import pytest

import avdataops as av
from avdataops.detectors import scene_types
from sample_data import SampleDrive

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

ONSET_S = {
    "hard_brake": 1.0,
    "high_jerk": 1.0,
    "standstill": 1.0,
    "drive_off": 1.0,
    "turn_left": 1.0,
    "turn_right": 1.0,
    "lane_change_left": 2.0,
    "lane_change_right": 2.0,
    "cut_in": 2.0,
    "vru_crossing": 2.0,
    "tunnel": 3.0,
    "sensor_dropout": 3.0,
    "gnss_outage": 3.0,
    "night": 60.0,
    "twilight": 60.0,
    "rain": 60.0,
}
"""How far the start of a scene may lie from the truth, by type."""
ROS_LATENCY_MS = -0.3
"""ROS messages carry stamps of the recorder's own clock and lie where those say; a CAN frame has
no stamp and comes 0.3 ms after what it tells of.  The logger's clock is tied so that both agree."""

Json = dict[str, Any]


@pytest.fixture(scope="module")
def truth(sample: SampleDrive) -> Json:
    document: Json = json.loads(sample.truth.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def scenes(finished: "Processed") -> list[Json]:
    answer = finished.desk.here("scenes", "find", "--limit", "0", "--format", "json")
    found: list[Json] = answer.json
    return found


def known_events(truth: Json) -> list[Json]:
    return [event for event in truth["events"] if event["type"] in scene_types()]


def overlap(event: Json, scene: Json) -> bool:
    in_time = event["t_start_ns"] < scene["t_end_ns"] and scene["t_start_ns"] < event["t_end_ns"]
    return bool(event["type"] == scene["type"] and in_time)


def onset_error_s(event: Json, scene: Json) -> float:
    return abs(int(event["t_start_ns"]) - int(scene["t_start_ns"])) / 1e9


def test_what_is_measured_here_happens_in_the_sample_drive(truth: Json) -> None:
    assert {event["type"] for event in known_events(truth)} == set(ONSET_S)
    assert set(ONSET_S) <= set(scene_types())
    assert {event["type"] for event in truth["events"]} <= set(truth["types"])


def test_every_event_is_found_exactly_once_where_it_was(truth: Json, scenes: list[Json]) -> None:
    found = {
        f"{event['type']} at {event['t_start_ns']}": [
            scene["type"] for scene in scenes if overlap(event, scene)
        ]
        for event in known_events(truth)
    }
    assert {name: kinds for name, kinds in found.items() if len(kinds) != 1} == {}


def test_no_scene_is_found_where_nothing_was(truth: Json, scenes: list[Json]) -> None:
    events = known_events(truth)
    told = [scene for scene in scenes if scene["type"] in truth["types"]]
    false = [scene for scene in told if sum(overlap(event, scene) for event in events) != 1]
    assert false == []
    assert len(told) == len(events)


def test_a_scene_starts_when_its_event_does(truth: Json, scenes: list[Json]) -> None:
    late = {
        event["type"]: onset_error_s(event, scene)
        for event in known_events(truth)
        for scene in scenes
        if overlap(event, scene) and onset_error_s(event, scene) > ONSET_S[event["type"]]
    }
    assert late == {}


@pytest.mark.parametrize("kind", ["cut_in", "vru_crossing"])
def test_the_actor_of_a_scene_is_who_did_it(truth: Json, scenes: list[Json], kind: str) -> None:
    (event,) = [event for event in truth["events"] if event["type"] == kind]
    (scene,) = [scene for scene in scenes if scene["type"] == kind]
    assert scene["actor"] == event["actor"]["track"]


def test_the_stream_that_failed_is_named(truth: Json, scenes: list[Json]) -> None:
    (event,) = [event for event in truth["events"] if event["type"] == "sensor_dropout"]
    (scene,) = [scene for scene in scenes if scene["type"] == "sensor_dropout"]
    assert scene["actor"] == event["stream"]


def test_peak_values_are_those_of_the_motion(truth: Json, scenes: list[Json]) -> None:
    (brake,) = [event for event in truth["events"] if event["type"] == "hard_brake"]
    (found,) = [scene for scene in scenes if scene["type"] == "hard_brake"]
    assert found["evidence"]["min_ax_mps2"] == pytest.approx(brake["min_accel_mps2"], abs=0.3)
    (turn,) = [event for event in truth["events"] if event["type"] == "turn_left"]
    (left,) = [scene for scene in scenes if scene["type"] == "turn_left"]
    assert left["evidence"]["heading_change_deg"] == pytest.approx(turn["turned_deg"], abs=3)


@pytest.fixture(scope="module")
def quality(finished: "Processed") -> list[Json]:
    with av.connect(finished.desk.workspace) as lake:
        rows: list[Json] = lake.table(finished.measurement, "sync_quality").to_pylist()
    return rows


def logger_error_ms(truth: Json, row: Json, after_s: float) -> float:
    """How far a moment lies from the truth when put on the reference clock as ``row`` says."""
    clock = truth["clock"]
    t_true = clock["t0_ns"] + round(after_s * 1e9)
    t_logger = t_true + clock["offset_ns"] + clock["skew"] * (t_true - clock["t0_ns"])
    added_ms = row["offset_ms"] + row["drift_ppm"] * 1e-6 * (t_logger - row["t_ns"]) / 1e6
    # Floats of 1.8e18 are 256 ns apart, which is nothing here.
    return float((t_logger - t_true) / 1e6 + added_ms)


def test_the_logger_clock_is_tied_within_10_ms_over_the_whole_drive(
    truth: Json, quality: list[Json]
) -> None:
    logger = [row for row in quality if row["clock"] == "mdf"]
    assert len(logger) == 9
    for row in logger:
        for after_s in (0.0, 45.0, 90.0, 135.0, 180.0):
            error_ms = logger_error_ms(truth, row, after_s) - ROS_LATENCY_MS
            assert abs(error_ms) <= 10.0, (row["stream"], after_s)


def test_the_drift_of_the_logger_clock_is_found(truth: Json, quality: list[Json]) -> None:
    expected_ppm = -truth["clock"]["skew"] * 1e6
    found = {row["drift_ppm"] for row in quality if row["clock"] == "mdf"}
    assert len(found) == 1
    # 10 ppm over these 180 s is 1.8 ms.
    assert found.pop() == pytest.approx(expected_ppm, abs=10.0)


def test_the_stated_uncertainty_holds_the_true_error(truth: Json, quality: list[Json]) -> None:
    row = next(row for row in quality if row["clock"] == "mdf")
    assert 0 < row["sigma_ms"] < 5
    assert abs(logger_error_ms(truth, row, 90.0) - ROS_LATENCY_MS) <= 3 * row["sigma_ms"]


def test_how_the_clocks_were_tied_is_said(quality: list[Json]) -> None:
    assert {row["method"] for row in quality if row["clock"] == "mdf"} <= {"yaw_rate", "speed"}
    ros = [row for row in quality if row["clock"] == "ros"]
    assert len(ros) == 10
    assert {(row["method"], row["offset_ms"]) for row in ros} == {("reference", 0.0)}
    assert {row["refused"] for row in quality} == {None}


def test_a_gap_of_the_camera_is_in_its_quality(truth: Json, quality: list[Json]) -> None:
    (event,) = [event for event in truth["events"] if event["type"] == "sensor_dropout"]
    (camera,) = [row for row in quality if row["stream"] == event["stream"]]
    assert camera["gaps"] == 1
    true_s = (event["t_end_ns"] - event["t_start_ns"]) / 1e9
    assert camera["longest_gap_s"] == pytest.approx(true_s, abs=0.02)
    assert camera["coverage"] == pytest.approx(1785 / 1800, abs=0.001)
