"""Dropouts of periodic sensors, and the streams that are none."""

from dataclasses import replace

import pytest

from avdataops.detectors.sensor_dropout import PERIODIC, Params, find
from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import at, cruise, drive, seconds

CAMERA = "/camera/front"


def streams(
    *gaps: tuple[float, float], rate_hz: float = 20.0, kind: str = "camera", name: str = CAMERA
) -> Drive:
    return replace(
        drive(cruise(60.0)),
        classes={name: kind},
        periods_ns={name: round(NS_PER_S / rate_hz)},
        gaps={name: tuple((at(start), at(stop)) for start, stop in gaps)},
    )


def test_a_gap_is_a_dropout_of_that_stream() -> None:
    detection = find(streams((10.0, 11.5)), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (10.0, 11.5)
    assert scene.actor == CAMERA
    assert scene.evidence == {
        "duration_s": 1.5,
        "longest_gap_s": 1.5,
        "period_s": 0.05,
        "missed_messages": 29.0,
        "topic_class": "camera",
        "streams": "/camera/front",
        "place": "middle",
    }
    assert not scene.truncated


@pytest.mark.parametrize(("length_s", "found"), [(0.19, 0), (0.21, 1)])
def test_a_fast_stream_needs_a_fifth_of_a_second(length_s: float, found: int) -> None:
    given = streams((10.0, 10.0 + length_s), rate_hz=100.0)
    assert len(find(given, Params()).found) == found


@pytest.mark.parametrize(("length_s", "found"), [(2.9, 0), (3.1, 1)])
def test_a_slow_stream_needs_three_periods(length_s: float, found: int) -> None:
    assert len(find(streams((10.0, 10.0 + length_s), rate_hz=1.0), Params()).found) == found


@pytest.mark.parametrize("kind", PERIODIC)
def test_every_periodic_class_counts(kind: str) -> None:
    assert len(find(streams((10.0, 12.0), kind=kind), Params()).found) == 1


def test_other_streams_do_not_count_and_alone_leave_it_unknown() -> None:
    detection = find(streams((10.0, 12.0), kind="other"), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no timing of any sensor"]


def test_a_heartbeat_is_no_sensor() -> None:
    detection = find(streams((10.0, 30.0), rate_hz=0.4), Params())
    assert detection.found == ()
    assert detection.unknown == ()


def test_a_stream_without_a_steady_period_is_left_out() -> None:
    given = replace(streams((10.0, 12.0)), periods_ns={})
    assert find(given, Params()).found == ()


def test_a_stream_that_comes_in_bursts_is_left_out() -> None:
    bursts = [(float(start), start + 6.0) for start in range(2, 58, 10)]
    assert find(streams(*bursts), Params()).found == ()
    assert len(find(streams(*bursts), Params(max_silent_share=0.7)).found) == 6


def test_a_sensor_that_dies_is_a_truncated_dropout() -> None:
    (scene,) = find(streams((20.0, 60.1)), Params()).found
    assert scene.truncated
    assert seconds(scene.start_ns) == 20.0
    assert scene.evidence["place"] == "end"


@pytest.mark.parametrize(("start", "found"), [(58.5, 0), (57.0, 1)])
def test_recorders_may_stop_one_by_one(start: float, found: int) -> None:
    assert len(find(streams((start, 60.1)), Params()).found) == found


@pytest.mark.parametrize(("stop", "found"), [(1.5, 0), (3.0, 1)])
def test_recorders_may_start_one_by_one(stop: float, found: int) -> None:
    scenes = find(streams((0.0, stop)), Params()).found
    assert [scene.evidence["place"] for scene in scenes] == ["start"] * found


def test_each_stream_has_its_own_dropouts() -> None:
    one, other = streams((10.0, 12.0)), streams((11.0, 14.0), name="/lidar", kind="lidar")
    both = replace(
        one,
        classes={**one.classes, **other.classes},
        periods_ns={**one.periods_ns, **other.periods_ns},
        gaps={**one.gaps, **other.gaps},
    )
    assert [scene.actor for scene in find(both, Params()).found] == [CAMERA, "/lidar"]


def test_longer_silence_is_surer() -> None:
    short, long = find(streams((10.0, 10.22), (20.0, 22.0)), Params()).found
    assert short.confidence < long.confidence


def test_single_messages_on_the_way_are_no_recovery() -> None:
    stutters = [(float(start), start + 1.0) for start in range(10, 18)]
    (scene,) = find(streams(*stutters), Params()).found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (10.0, 18.0)
    assert scene.evidence["longest_gap_s"] == 1.0
    # 160 periods in 8 s, of which 7 ended with the one message between two gaps.
    assert scene.evidence["missed_messages"] == 152.0


@pytest.mark.parametrize(("pause_s", "found"), [(1.9, 1), (2.1, 2)])
def test_two_good_seconds_are_a_recovery(pause_s: float, found: int) -> None:
    given = streams((10.0, 11.0), (11.0 + pause_s, 12.0 + pause_s))
    assert len(find(given, Params()).found) == found


@pytest.mark.parametrize(("pause_s", "found"), [(9.0, 1), (11.0, 2)])
def test_a_slow_stream_needs_ten_periods_to_recover(pause_s: float, found: int) -> None:
    given = streams((10.0, 14.0), (14.0 + pause_s, 18.0 + pause_s), rate_hz=1.0)
    assert len(find(given, Params()).found) == found


def joined(*drives: Drive) -> Drive:
    return replace(
        drives[0],
        classes={name: kind for one in drives for name, kind in one.classes.items()},
        periods_ns={name: period for one in drives for name, period in one.periods_ns.items()},
        gaps={name: gaps for one in drives for name, gaps in one.gaps.items()},
    )


def test_a_receiver_that_falls_silent_with_all_its_messages_has_failed_once() -> None:
    given = joined(
        *(
            streams((10.0 + late, 15.0 + late), rate_hz=rate, kind=kind, name=f"CAN2.{name}")
            for name, kind, rate, late in (
                ("gnss_pos", "gnss", 1.0, 0.0),
                ("gnss_speed", "gnss", 1.0, 0.1),
                ("gnss_imu", "imu", 100.0, 0.3),
            )
        )
    )
    (scene,) = find(given, Params()).found
    assert scene.actor == "CAN2.gnss_imu"
    assert scene.evidence["streams"] == "CAN2.gnss_imu CAN2.gnss_pos CAN2.gnss_speed"


def test_a_bus_and_its_messages_fall_silent_once() -> None:
    frames = streams((10.0, 15.0), rate_hz=100.0, kind="can", name="CAN2")
    message = streams((10.0, 15.0), rate_hz=1.0, kind="gnss", name="CAN2.gnss_pos")
    (scene,) = find(joined(frames, message), Params()).found
    assert scene.actor == "CAN2"


def test_streams_of_one_device_at_different_times_fail_by_themselves() -> None:
    one = streams((10.0, 12.0), name="/camera/left")
    other = streams((11.5, 14.0), name="/camera/right")
    assert len(find(joined(one, other), Params()).found) == 2


def test_streams_of_different_devices_are_not_joined() -> None:
    one = streams((10.0, 12.0), name="/camera/image")
    other = streams((10.0, 12.0), kind="lidar", name="/lidar/points")
    assert len(find(joined(one, other), Params()).found) == 2


@pytest.mark.parametrize(
    "name", ["/cmd_vel", "/vehicle/steering_cmd", "/control/command", "/dbw/brake_request"]
)
def test_a_command_is_no_sensor(name: str) -> None:
    detection = find(streams((10.0, 16.0), kind="vehicle", name=name), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no timing of any sensor"]


@pytest.mark.parametrize("name", ["/cmdr/pose", "/commander", "/vehicle/speed"])
def test_a_name_that_only_looks_like_a_command_is_a_sensor(name: str) -> None:
    assert len(find(streams((10.0, 16.0), kind="vehicle", name=name), Params()).found) == 1
