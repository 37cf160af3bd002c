"""Sun and light along a track."""

import numpy as np
import pytest

from avdataops.enrichers.sun import SUN, Params, enrich
from avdataops.model.time import NS_PER_S, parse_time
from avdataops.ports.enriching import Track
from avdataops.signals.sun import sun_position
from avdataops.testing.step_tables import RecordingContext

NAN = float("nan")
AARHUS = (56.16, 10.20)


def track(start: str, lat: list[float], lon: list[float], *, step_s: int = 1) -> Track:
    n = len(lat)
    t = parse_time(start) + np.arange(n, dtype=np.int64) * step_s * NS_PER_S
    unknown = np.full(n, NAN)
    return Track(
        t, np.array(lat, dtype=np.float64), np.array(lon, dtype=np.float64), unknown, unknown
    )


def light_at(time: str) -> str | None:
    found = enrich(RecordingContext(), track(time, [AARHUS[0]], [AARHUS[1]]), (), Params())
    light: str | None = found["light"].to_pylist()[0]
    return light


def test_a_summer_day_in_aarhus_goes_from_night_over_twilight_to_day() -> None:
    # Published for 2021-09-22 at this place: sunrise 04:59 UTC, civil dawn 04:23 UTC.
    assert light_at("2021-09-22T04:15:00Z") == "night"
    assert light_at("2021-09-22T04:40:00Z") == "twilight"
    assert light_at("2021-09-22T05:10:00Z") == "day"
    assert light_at("2021-09-22T12:00:00Z") == "day"


def test_all_promised_columns_have_one_value_per_tick() -> None:
    found = enrich(
        RecordingContext(), track("2021-07-26T13:13:00Z", [56.0] * 5, [9.8] * 5), (), Params()
    )
    assert set(found) == set(SUN.columns)
    assert [len(column) for column in found.values()] == [5, 5, 5]


def test_values_are_those_of_the_sun_function() -> None:
    drive = track("2021-07-26T13:13:00Z", [55.9, 56.0], [9.8, 9.9])
    found = enrich(RecordingContext(), drive, (), Params())
    elevation, azimuth = sun_position(drive.t_ns, drive.lat_deg, drive.lon_deg)
    assert found["sun_elevation_deg"].to_pylist() == elevation.tolist()
    assert found["sun_azimuth_deg"].to_pylist() == azimuth.tolist()
    # Afternoon in July: the sun stands high in the south-west.
    assert 45 < elevation[0] < 55
    assert 200 < azimuth[0] < 250


def test_the_place_before_a_tunnel_stands_in_inside_it() -> None:
    drive = track("2021-07-26T13:13:00Z", [56.0, NAN, NAN, 56.0], [9.8, NAN, NAN, 9.8])
    context = RecordingContext()
    found = enrich(context, drive, (), Params())
    whole = enrich(context, track("2021-07-26T13:13:00Z", [56.0] * 4, [9.8] * 4), (), Params())
    assert found["sun_elevation_deg"].to_pylist() == whole["sun_elevation_deg"].to_pylist()
    assert context.caveats == []


def test_a_place_is_not_carried_over_too_long() -> None:
    drive = track("2021-07-26T13:13:00Z", [56.0, NAN, NAN], [9.8, NAN, NAN], step_s=400)
    found = enrich(RecordingContext(), drive, (), Params())
    assert [v is None for v in found["sun_elevation_deg"].to_pylist()] == [False, False, True]
    assert [v is None for v in found["light"].to_pylist()] == [False, False, True]


def test_half_a_position_is_no_position() -> None:
    drive = track("2021-07-26T13:13:00Z", [56.0], [NAN])
    assert enrich(RecordingContext(), drive, (), Params())["light"].to_pylist() == [None]


def test_without_any_position_all_is_null_and_it_says_so() -> None:
    context = RecordingContext()
    found = enrich(context, track("2021-07-26T13:13:00Z", [NAN, NAN], [NAN, NAN]), (), Params())
    assert all(column.to_pylist() == [None, None] for column in found.values())
    assert [problem.code for problem in context.caveats] == ["sun_unknown"]


def test_an_empty_track_gives_empty_columns_and_no_caveat() -> None:
    context = RecordingContext()
    found = enrich(context, track("2021-07-26T13:13:00Z", [], []), (), Params())
    assert [len(column) for column in found.values()] == [0, 0, 0]
    assert context.caveats == []


@pytest.mark.parametrize(("lat", "light"), [(80.0, "night"), (-80.0, "day")])
def test_polar_night_and_day_in_december(lat: float, light: str) -> None:
    found = enrich(RecordingContext(), track("2021-12-21T12:00:00Z", [lat], [0.0]), (), Params())
    assert found["light"].to_pylist() == [light]
