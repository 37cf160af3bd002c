"""Clocks that step, and clocks that are off their rate."""

from dataclasses import replace

import pytest

from avdataops.detectors.clock_anomaly import Params, find
from avdataops.ports.detecting import ClockSpan, Detection, Drive
from avdataops.testing.drives import at, cruise, drive, seconds
from avdataops.testing.drives_clocks import stepping_clocks

LIDAR = "/lidar/top"


def _drive(*spans: ClockSpan, name: str = LIDAR) -> Drive:
    return replace(drive(cruise(180.0)), clocks={name: spans})


def _step(at_s: float, step_ms: float | None) -> tuple[ClockSpan, ClockSpan]:
    return (
        ClockSpan(start_ns=at(0.0), stop_ns=at(at_s), skew_ppm=0.0),
        ClockSpan(
            start_ns=at(at_s), stop_ns=at(180.0), skew_ppm=0.0, stepped=True, step_ms=step_ms
        ),
    )


def _found(given: Drive) -> Detection:
    return find(given, Params())


def test_a_step_is_told_at_its_second_with_its_size() -> None:
    (scene,) = _found(_drive(*_step(70.0, -50.0))).found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (70.0, 71.0)
    assert scene.actor == LIDAR
    assert scene.evidence == {"anomaly": "step", "step_s": -0.05}
    assert scene.confidence > 0.9


@pytest.mark.parametrize(("step_ms", "count"), [(19.0, 0), (-19.0, 0), (21.0, 1), (-21.0, 1)])
def test_a_step_needs_20_ms(step_ms: float, count: int) -> None:
    assert len(_found(_drive(*_step(70.0, step_ms))).found) == count


def test_a_step_of_unknown_size_is_told_without_confidence() -> None:
    (scene,) = _found(_drive(*_step(70.0, None))).found
    assert scene.evidence == {"anomaly": "step", "step_s": None}
    assert scene.confidence == pytest.approx(0.001, abs=0.001)


def test_a_step_in_the_last_second_ends_with_the_drive() -> None:
    given = _drive(*_step(179.5, 60.0))
    (scene,) = _found(given).found
    assert scene.stop_ns == given.stop_ns


def test_two_steps_within_a_second_are_one_scene() -> None:
    first, second = _step(70.0, 60.0)
    third = replace(second, start_ns=at(70.5))
    assert len(_found(_drive(first, second, third)).found) == 1


@pytest.mark.parametrize(("ppm", "count"), [(99.0, 0), (-99.0, 0), (101.0, 1), (-101.0, 1)])
def test_a_rate_may_be_off_by_100_ppm(ppm: float, count: int) -> None:
    span = ClockSpan(start_ns=at(0.0), stop_ns=at(180.0), skew_ppm=ppm)
    found = _found(_drive(span)).found
    assert len(found) == count
    assert all(scene.evidence == {"anomaly": "rate", "skew_ppm": ppm} for scene in found)


def test_the_rate_of_half_a_minute_is_not_known_well_enough() -> None:
    span = ClockSpan(start_ns=at(0.0), stop_ns=at(30.0), skew_ppm=180.0)
    assert _found(_drive(span)).found == ()


def test_a_clock_without_a_rate_is_no_anomaly() -> None:
    assert _found(_drive(ClockSpan(start_ns=at(0.0), stop_ns=at(180.0)))).found == ()


def test_a_span_beyond_the_drive_is_cut_to_it() -> None:
    given = _drive(ClockSpan(start_ns=at(-50.0), stop_ns=at(500.0), skew_ppm=150.0))
    (scene,) = _found(given).found
    assert (scene.start_ns, scene.stop_ns) == (given.start_ns, given.stop_ns)


def test_good_clocks_are_known_to_be_good() -> None:
    span = ClockSpan(start_ns=at(0.0), stop_ns=at(180.0), skew_ppm=20.0)
    assert _found(_drive(span)) == Detection()


def test_without_any_modelled_clock_it_is_unknown_throughout() -> None:
    given = drive(cruise(60.0))
    (unknown,) = _found(given).unknown
    assert (unknown.start_ns, unknown.stop_ns) == (given.start_ns, given.stop_ns)
    assert unknown.reason == "no stamps of any sensor's clock"


def test_each_clock_is_told_by_itself() -> None:
    found = _found(stepping_clocks()).found
    assert {(scene.actor, scene.evidence["anomaly"]) for scene in found} == {
        (LIDAR, "step"),
        ("/radar/front", "rate"),
    }
