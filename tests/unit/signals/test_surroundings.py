"""Surroundings are those of the nearest context, and unknown where that is too far away."""

import numpy as np
import pytest

from avdataops.model.scene import Surroundings
from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive, Signals
from avdataops.signals.surroundings import surroundings_at

S = NS_PER_S


def words(*values: str | None) -> np.ndarray:
    return np.array(values, dtype=object)


def drive(**context: np.ndarray) -> Drive:
    t = np.array([0, 1, 2], dtype=np.int64) * S
    speed = np.array([5.0, np.nan, 7.0])
    return Drive(
        measurement="m",
        start_ns=0,
        stop_ns=2 * S + 1,
        ego=Signals(t, {"ego_speed_mps": speed}, S // 2),
        context=Signals(t, context, 3 * S) if context else None,
    )


def test_each_value_is_that_of_the_nearest_row() -> None:
    given = drive(
        light=words("day", "twilight", "night"),
        way_id=np.array([7.0, np.nan, 9.0]),
        junction_distance_m=np.array([30.0, 20.0, np.inf]),
    )
    assert surroundings_at(given, 1 * S // 4) == Surroundings(
        ego_speed_mps=5.0, light="day", way_id=7, junction_distance_m=30.0
    )
    assert surroundings_at(given, S * 9 // 10) == Surroundings(
        light="twilight", junction_distance_m=20.0
    )
    assert surroundings_at(given, 2 * S) == Surroundings(ego_speed_mps=7.0, light="night", way_id=9)


def test_far_from_every_row_nothing_is_known() -> None:
    given = drive(light=words("day", "day", "day"))
    assert surroundings_at(given, 5 * S).light == "day"
    assert surroundings_at(given, 5 * S + 1) == Surroundings()
    assert surroundings_at(given, -4 * S) == Surroundings()
    assert surroundings_at(drive(), 0) == Surroundings(ego_speed_mps=5.0)


@pytest.mark.parametrize(
    ("snow", "rain", "fog", "weather"),
    [
        (1.0, 1.0, 1.0, "snow"),
        (0.0, 1.0, 1.0, "rain"),
        (0.0, 0.0, 1.0, "fog"),
        (np.nan, np.nan, 1.0, "fog"),
        (0.0, 0.0, np.nan, "dry"),
        (0.0, np.nan, 0.0, None),
        (np.nan, 0.0, 0.0, None),
        (np.nan, np.nan, np.nan, None),
    ],
)
def test_weather_is_dry_only_if_a_report_says_so(
    snow: float, rain: float, fog: float, weather: str | None
) -> None:
    columns = {"snow": snow, "rain": rain, "fog": fog}
    given = drive(**{name: np.full(3, value) for name, value in columns.items()})
    assert surroundings_at(given, 0).weather == weather


def test_columns_of_another_kind_are_unknown() -> None:
    given = drive(light=np.ones(3), way_id=words("a", "b", "c"))
    assert surroundings_at(given, 0) == Surroundings(ego_speed_mps=5.0)
