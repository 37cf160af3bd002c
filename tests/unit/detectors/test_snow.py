"""Snow: the provider says it, wipers and temperature weigh it."""

import numpy as np
import pytest

from avdataops.detectors.snow import Params, find
from avdataops.ports.detecting import Drive, Found
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import clock, context_rows, cruise, drive, seconds, without_rows
from avdataops.testing.drives_sky import snowing

DURATION_S = 300.0
TICKS = clock(DURATION_S, 1)
FALLS = np.where((TICKS >= 60) & (TICKS < 200), 1.0, 0.0)


def under(*, wiper: str | None = None, **context: Floats | float) -> Drive:
    columns = cruise(DURATION_S)
    del columns["wiper_status"]
    if wiper is not None:
        columns["wiper_status"] = np.full(columns["ego_speed_mps"].size, wiper, dtype=object)
    return drive(columns, context=context_rows(DURATION_S, **context))


def only(given: Drive) -> Found:
    (scene,) = find(given, Params()).found
    return scene


def test_the_provider_alone_is_believed_a_little() -> None:
    scene = only(
        under(
            snow=FALLS,
            precipitation_mmph=0.5,
            visibility_m=2500.0,
            temperature_c=-2.0,
            weather_age_s=60.0,
            weather_distance_km=3.0,
        )
    )
    assert (seconds(scene.start_ns), seconds(scene.stop_ns)) == (60.0, 200.0)
    assert scene.confidence == 0.6
    assert scene.evidence == {
        "sources": "provider",
        "max_precipitation_mmph": 0.5,
        "min_visibility_km": 2.5,
        "min_temperature_c": -2.0,
        "weather_age_s": 60.0,
        "weather_distance_km": 3.0,
        "severity": "light",
    }


@pytest.mark.parametrize(
    ("amount", "severity"), [(0.99, "light"), (1.0, "moderate"), (4.9, "moderate"), (5.0, "heavy")]
)
def test_classes_by_water(amount: float, severity: str) -> None:
    assert only(under(snow=FALLS, precipitation_mmph=amount)).evidence["severity"] == severity


def test_without_an_amount_there_is_no_class() -> None:
    assert only(under(snow=FALLS)).evidence["severity"] is None


def test_wipers_make_it_surer_and_idle_ones_deny_nothing() -> None:
    assert only(under(snow=FALLS, wiper="slow")).confidence == 0.9
    assert only(under(snow=FALLS, wiper="slow")).evidence["sources"] == "provider wiper"
    assert only(under(snow=FALLS, wiper="off")).confidence == 0.6


def test_snow_in_the_warm_is_doubted() -> None:
    assert only(under(snow=FALLS, wiper="slow", temperature_c=6.0)).confidence == 0.4


def test_wipers_and_water_alone_are_no_snow() -> None:
    detection = find(under(snow=0.0, precipitation_mmph=3.0, wiper="fast"), Params())
    assert detection.found == ()
    assert detection.unknown == ()


def test_a_provider_that_does_not_say_is_unknown_not_snowless() -> None:
    detection = find(under(snow=np.nan, wiper="fast"), Params())
    assert detection.found == ()
    assert [one.reason for one in detection.unknown] == ["no provider of snow"]


def test_a_short_break_is_the_same_snow_and_a_gap_cuts_it() -> None:
    broken = FALLS.copy()
    broken[100:140] = 0.0
    assert len(find(under(snow=broken), Params()).found) == 1
    assert len(find(under(snow=broken), Params(merge_s=20.0)).found) == 2
    cut = find(without_rows(snowing(), 150.0, 160.0), Params()).found
    assert [one.truncated for one in cut] == [True, True]
