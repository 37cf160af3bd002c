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
        "period_s": 0.05,
        "missed_messages": 29.0,
        "topic_class": "camera",
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
