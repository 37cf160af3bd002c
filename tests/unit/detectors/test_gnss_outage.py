"""Outages of the satellite position: causes, flicker, and silence of the recorder itself."""

from dataclasses import replace

import numpy as np
import pytest

from avdataops.detectors.gnss_outage import Params, find
from avdataops.ports.detecting import Drive
from avdataops.testing.drives import (
    Columns,
    clock,
    cruise,
    drive,
    seconds,
    unknown_within,
    without_column,
    without_rows,
)

T_S = clock(40.0)


def within(start_s: float, stop_s: float) -> np.ndarray:
    return (start_s <= T_S) & (stop_s > T_S)


def changed(**columns: np.ndarray) -> Drive:
    return drive({**cruise(40.0), **columns})


def no_fix(start_s: float, stop_s: float) -> Columns:
    lost = within(start_s, stop_s)
    return {
        "gnss_fix": np.where(lost, -1.0, 0.0),
        "lat_deg": np.where(lost, np.nan, cruise(40.0)["lat_deg"]),
    }


def test_no_fix_is_an_outage_with_its_dead_reckoned_way() -> None:
    detection = find(changed(**no_fix(10.0, 16.0)), Params())
    (scene,) = detection.found
    assert detection.unknown == ()
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (10.0, 16.0)
    assert scene.evidence["duration_s"] == 6.0
    assert scene.evidence["dead_reckoned_m"] == pytest.approx(90.0, abs=0.5)
    assert scene.evidence["cause"] == "no fix, no position"
    assert not scene.truncated


def test_a_poor_position_is_an_outage() -> None:
    sigma = np.where(within(10.0, 14.0), 5.1, 0.8)
    (scene,) = find(changed(gnss_sigma_m=sigma), Params()).found
    assert scene.evidence["cause"] == "poor accuracy"
    assert scene.evidence["max_sigma_m"] == 5.1
    assert find(changed(gnss_sigma_m=np.minimum(sigma, 5.0)), Params()).found == ()


@pytest.mark.parametrize(("length_s", "found"), [(1.9, 0), (2.1, 1)])
def test_silence_counts_after_two_seconds(length_s: float, found: int) -> None:
    detection = find(unknown_within(changed(), "lat_deg", 10.0, 10.0 + length_s), Params())
    assert len(detection.found) == found
    assert detection.unknown == ()
    for scene in detection.found:
        assert scene.evidence["cause"] == "no position"
        assert scene.confidence == 0.8


@pytest.mark.parametrize(
    ("rate_hz", "kind", "length_s", "found"),
    [
        (1.0, "gnss", 2.5, 0),
        (1.0, "gnss", 3.1, 1),
        (10.0, "gnss", 2.5, 1),
        (0.1, "gnss", 2.5, 1),
        (1.0, "imu", 2.5, 1),
    ],
)
def test_a_slow_receiver_may_be_silent_for_three_periods(
    rate_hz: float, kind: str, length_s: float, found: int
) -> None:
    given = replace(
        unknown_within(changed(), "lat_deg", 10.0, 10.0 + length_s),
        classes={"/fix": kind},
        periods_ns={"/fix": round(1e9 / rate_hz)},
    )
    assert len(find(given, Params()).found) == found


def test_a_receiver_of_one_hertz_is_no_outage() -> None:
    sparse = np.where(np.arange(T_S.size) % 50 == 0, cruise(40.0)["lat_deg"], np.nan)
    assert find(changed(lat_deg=sparse), Params()).found == ()


def test_flicker_is_no_outage() -> None:
    assert find(changed(**no_fix(10.0, 10.4)), Params()).found == ()


@pytest.mark.parametrize(("good_s", "found"), [(1.9, 1), (2.1, 2)])
def test_an_outage_ends_after_two_good_seconds(good_s: float, found: int) -> None:
    lost = within(10.0, 14.0) | within(14.0 + good_s, 20.0)
    assert len(find(changed(gnss_fix=np.where(lost, -1.0, 0.0)), Params()).found) == found


def test_an_outage_at_the_start_is_truncated() -> None:
    (scene,) = find(changed(**no_fix(0.0, 8.0)), Params()).found
    assert scene.truncated
    assert seconds(scene.start_ns) == 0.0


def test_a_drive_without_fix_throughout_is_one_outage() -> None:
    (scene,) = find(changed(**no_fix(0.0, 99.0)), Params()).found
    assert scene.truncated
    assert seconds(scene.stop_ns) == 40.0


def test_a_drive_without_receiver_is_unknown() -> None:
    detection = find(without_column(changed(), "lat_deg", "gnss_fix"), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no satellite position"]


def test_without_positions_the_receivers_word_has_to_do() -> None:
    detection = find(without_column(changed(**no_fix(10.0, 16.0)), "lat_deg"), Params())
    (scene,) = detection.found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (10.0, 16.0)
    assert scene.evidence["cause"] == "no fix"
    mute = unknown_within(without_column(changed(), "lat_deg"), "gnss_fix", 10.0, 16.0)
    (silent,) = find(mute, Params()).found
    assert silent.evidence["cause"] == "no position"


def test_where_nothing_at_all_was_recorded_it_is_unknown() -> None:
    detection = find(without_rows(changed(), 10.0, 20.0), Params())
    assert detection.found == ()
    (unknown,) = detection.unknown
    assert unknown.reason == "gap in satellite position"
    dark = changed()
    for name in dark.ego.columns:
        dark = unknown_within(dark, name, 10.0, 20.0)
    assert find(dark, Params()).found == ()
    assert [one.reason for one in find(dark, Params()).unknown] == ["gap in satellite position"]


def test_of_a_receiver_alone_silence_is_an_outage() -> None:
    whole = unknown_within(changed(), "lat_deg", 10.0, 20.0)
    alone = {name: whole.ego.columns[name] for name in ("lat_deg", "lon_deg")}
    (scene,) = find(replace(whole, ego=replace(whole.ego, columns=alone)), Params()).found
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (10.0, 20.0)
    assert scene.evidence["dead_reckoned_m"] is None
    assert scene.evidence["ego_speed_mps"] is None


def test_without_speed_the_way_is_unknown_but_the_outage_is_not() -> None:
    (scene,) = find(without_column(changed(**no_fix(10, 16)), "ego_speed_mps"), Params()).found
    assert scene.evidence["dead_reckoned_m"] is None


def test_a_gap_in_the_recording_cuts_an_outage() -> None:
    first, second = find(without_rows(changed(**no_fix(10, 20)), 14.0, 16.0), Params()).found
    assert first.truncated
    assert second.truncated
