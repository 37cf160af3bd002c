"""Rain: each source alone, together and against each other."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from avdataops.detectors.rain import RAIN, Params, find
from avdataops.ports.detecting import Drive, Found
from avdataops.signals.arrays import Floats
from avdataops.steps.detect_scenes import loosened
from avdataops.testing.drives import (
    clock,
    context_rows,
    cruise,
    drive,
    seconds,
    unknown_within,
    without_column,
)

DURATION_S = 300.0
T_S = clock(DURATION_S)
TICKS = clock(DURATION_S, 1)


def rainy(
    amount_mmph: Floats | float | None = None,
    wiper: NDArray[Any] | None = None,
    sensor: Floats | None = None,
    **context: Floats | float,
) -> Drive:
    columns = cruise(DURATION_S)
    del columns["wiper_status"]
    if wiper is not None:
        columns["wiper_status"] = wiper
    if sensor is not None:
        columns["rain_intensity"] = sensor
    if amount_mmph is not None:
        context["precipitation_mmph"] = amount_mmph
    return drive(columns, context=context_rows(DURATION_S, **context) if context else None)


def between(start_s: float, stop_s: float, value: float, t_s: Floats = TICKS) -> Floats:
    return np.where((t_s >= start_s) & (t_s < stop_s), value, 0.0)


def wiping(start_s: float, stop_s: float, word: str = "slow") -> NDArray[Any]:
    status = np.full(T_S.size, "off", dtype=object)
    status[(start_s <= T_S) & (stop_s > T_S)] = word
    return status


def only(given: Drive, params: Params | None = None) -> Found:
    (scene,) = find(given, params or Params()).found
    return scene


def test_the_provider_alone_is_believed_a_little() -> None:
    scene = only(rainy(between(100, 200, 1.5), weather_age_s=600.0, weather_distance_km=12.0))
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (100.0, 200.0)
    assert scene.confidence == 0.6
    assert scene.evidence["sources"] == "provider"
    assert scene.evidence["max_precipitation_mmph"] == 1.5
    assert scene.evidence["weather_age_s"] == 600.0
    assert scene.evidence["weather_distance_km"] == 12.0
    assert scene.evidence["wiper_share"] is None
    assert not scene.truncated


@pytest.mark.parametrize(
    ("amount", "severity"),
    [(0.1, "light"), (2.5, "moderate"), (10.0, "heavy"), (50.0, "violent")],
)
def test_severity_follows_the_classes_of_the_weather_services(amount: float, severity: str) -> None:
    assert only(rainy(amount)).evidence["severity"] == severity


def test_less_than_the_least_rain_is_dry() -> None:
    detection = find(rainy(0.09), Params())
    assert detection.found == ()
    assert detection.unknown == ()


def test_the_providers_own_word_counts_before_the_amount() -> None:
    assert find(rainy(1.5, rain=0.0), Params()).found == ()
    assert only(rainy(np.nan, rain=1.0)).evidence["severity"] is None


@pytest.mark.parametrize("word", ["interval", "slow", "fast"])
def test_wipers_alone_are_enough(word: str) -> None:
    scene = only(rainy(wiper=wiping(100, 180, word)))
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (100.0, 180.0)
    assert scene.evidence["sources"] == "wiper"
    assert scene.evidence["wiper_share"] == 1.0
    assert scene.confidence == 0.6


@pytest.mark.parametrize("start", [0.0, 100.0, 292.0])
def test_washing_the_screen_is_no_rain(start: float) -> None:
    assert find(rainy(wiper=wiping(start, start + 8.0)), Params()).found == ()


@pytest.mark.parametrize(("each_s", "found"), [(1.0, 0), (2.0, 1)])
def test_the_share_of_a_minute_decides(each_s: float, found: int) -> None:
    status = np.full(T_S.size, "off", dtype=object)
    status[(each_s > T_S % 8.0) & (T_S > 50.0) & (T_S < 250.0)] = "slow"
    assert len(find(rainy(wiper=status), Params()).found) == found


def test_the_vehicles_sensor_is_a_source() -> None:
    scene = only(rainy(sensor=between(50, 90, 3.0, T_S)))
    assert scene.evidence["sources"] == "rain_sensor"
    assert scene.evidence["max_rain_sensor_mmph"] == 3.0
    assert scene.evidence["severity"] == "moderate"


def test_two_sources_that_agree_are_sure() -> None:
    scene = only(rainy(between(100, 200, 1.0), wiping(110, 190)))
    assert scene.confidence == 0.9
    assert scene.evidence["sources"] == "provider wiper"
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (100.0, 200.0)


def test_a_source_that_another_contradicts_is_doubted() -> None:
    scene = only(rainy(between(100, 200, 1.0), wiping(0, 0)))
    assert scene.confidence == 0.4
    assert scene.evidence["sources"] == "provider"
    assert scene.evidence["sources_known"] == "provider wiper"


def test_short_pauses_are_one_rain() -> None:
    showers = between(50, 100, 1.0) + between(140, 200, 1.0)
    assert seconds(only(rainy(showers)).stop_ns) == 200.0
    assert len(find(rainy(showers), Params(merge_s=30.0)).found) == 2


def test_one_dry_source_is_enough_for_no_rain() -> None:
    detection = find(rainy(np.nan, wiping(0, 0)), Params())
    assert detection.found == ()
    assert detection.unknown == ()


def test_no_source_is_unknown_not_dry() -> None:
    detection = find(rainy(), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no source of rain"]


def test_where_the_only_source_is_unknown_rain_is_not_bridged() -> None:
    amount = np.full(TICKS.size, 1.0)
    amount[100:110] = np.nan
    detection = find(rainy(amount), Params())
    first, second = detection.found
    assert first.truncated
    assert second.truncated
    (unknown,) = detection.unknown
    assert unknown.reason == "gap in source of rain"
    assert (unknown.start_ns, unknown.stop_ns) == (first.stop_ns, second.start_ns)


def test_an_unknown_wiper_is_not_an_idle_one() -> None:
    given = unknown_within(rainy(wiper=wiping(100, 200)), "wiper_status", 140.0, 160.0)
    first, second = find(given, Params()).found
    assert first.truncated
    assert second.truncated
    assert find(without_column(given, "wiper_status"), Params()).found == ()


def test_wipers_that_clear_snow_are_no_rain() -> None:
    snowing = rainy(1.2, wiper=wiping(60.0, 240.0), snow=1.0, rain=0.0)
    detection = find(snowing, Params())
    assert detection.found == ()
    assert detection.unknown == ()


def test_sleet_is_rain_whatever_else_falls() -> None:
    scene = only(rainy(1.2, wiper=wiping(60.0, 240.0), snow=1.0, rain=1.0))
    assert scene.evidence["sources"] == "provider wiper"


def test_wipers_after_the_snow_tell_of_rain() -> None:
    snow = between(0.0, 100.0, 1.0)
    scene = only(rainy(0.0, wiper=wiping(60.0, 240.0), snow=snow))
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (99.0, 240.0)
    assert scene.evidence["sources"] == "wiper"


@pytest.mark.parametrize(
    ("given", "share"),
    [
        (rainy(0.3), 3.0),
        (rainy(np.nan, rain=1.0), 1.0),
        (rainy(sensor=between(50, 90, 0.5, T_S)), 5.0),
        (rainy(wiper=wiping(100, 124)), 2.0),
    ],
)
def test_the_strength_is_how_far_the_strongest_source_was_beyond_its_threshold(
    given: Drive, share: float
) -> None:
    assert only(given).evidence["strength_share"] == pytest.approx(share, rel=0.01)


def test_almost_rain_by_either_source_is_a_candidate() -> None:
    loose = loosened(RAIN, Params())
    assert find(rainy(0.08), Params()).found == ()
    assert len(find(rainy(0.08), loose).found) == 1
    assert len(find(rainy(0.06), loose).found) == 0
    assert find(rainy(wiper=wiping(100, 110)), Params()).found == ()
    assert len(find(rainy(wiper=wiping(100, 110)), loose).found) == 1
    assert len(find(rainy(wiper=wiping(100, 107)), loose).found) == 0
