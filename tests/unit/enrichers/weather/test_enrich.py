"""Weather along a track, from made and real files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from avdataops.enrichers.weather import WEATHER, Params, enrich
from avdataops.model.errors import ConfigError
from avdataops.model.time import NS_PER_S, parse_time
from avdataops.ports.enriching import Track
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile
from avdataops.testing.step_tables import RecordingContext, memory_table

NAN = float("nan")
# The station of the made lines.
STATION = (30.183, -97.680)


def line(
    stamp: str, temperature: str = "+00565", groups: str = "", place: str = "+30183-097680"
) -> str:
    added = f"ADD{groups}" if groups else ""
    control = f"72254013904{stamp}7{place}FM-15+0151KAUS V030"
    return f"{len(added):04d}{control}1605N002652200059N0160935N5{temperature}-00115102685{added}"


def reference(name: str, data: bytes) -> InputFile:
    artifact = memory_table(pa.table({}), kind="reference", name=name).artifact
    return InputFile(artifact, BytesFile(name, data))


def weather(*lines: str, name: str = "weather") -> InputFile:
    data = "\n".join(lines).encode()
    return reference(name, data)


def track(
    start: str, n: int = 3, *, step_s: int = 60, place: tuple[float, float] = STATION
) -> Track:
    t = parse_time(start) + np.arange(n, dtype=np.int64) * step_s * NS_PER_S
    unknown = np.full(n, NAN)
    return Track(t, np.full(n, place[0]), np.full(n, place[1]), unknown, unknown)


def run(
    drive: Track, *files: InputFile, params: Params | None = None
) -> tuple[dict[str, list[object]], list[str]]:
    context = RecordingContext()
    found = enrich(context, drive, files, params or Params())
    return {name: column.to_pylist() for name, column in found.items()}, [
        problem.code for problem in context.caveats
    ]


def test_each_tick_gets_the_latest_report_with_its_source() -> None:
    found, problems = run(
        track("2014-10-01T01:59:00Z"),
        weather(line("201410010100", "+00105"), line("201410010200", "+00205", "AA101002595")),
    )
    assert found["temperature_c"] == [1.0, 2.0, 2.0]
    assert found["precipitation_mmph"] == [None, 2.5, 2.5]
    assert found["weather_age_s"] == [3540.0, 0.0, 60.0]
    assert found["weather_source"] == ["noaa-isd:722540-13904"] * 3
    assert found["weather_distance_km"] == [0.0, 0.0, 0.0]
    assert found["wind_mps"] == [2.6, 2.6, 2.6]
    assert problems == []


def test_the_result_has_all_promised_columns_and_no_other() -> None:
    found, _ = run(track("2014-10-01T01:59:00Z"), weather(line("201410010100")))
    assert set(found) == set(WEATHER.columns)


def test_a_value_missing_in_the_latest_report_is_not_taken_from_an_older_one() -> None:
    found, _ = run(
        track("2014-10-01T02:30:00Z", 1),
        weather(line("201410010100", "+00105"), line("201410010200", "+99999")),
    )
    assert found["temperature_c"] == [None]
    assert found["weather_age_s"] == [1800.0]


def test_of_two_reports_at_once_the_fuller_one_counts() -> None:
    full, bare = line("201410010200", "+00205"), line("201410010200", "+99999")
    for order in ((full, bare), (bare, full)):
        found, _ = run(track("2014-10-01T02:30:00Z", 1), weather(*order))
        assert found["temperature_c"] == [2.0]


def test_a_report_shortly_ahead_counts_if_none_is_behind() -> None:
    files = weather(line("201410010200"))
    found, _ = run(track("2014-10-01T01:49:00Z"), files)
    assert found["weather_age_s"] == [None, -600.0, -540.0]
    strict, _ = run(track("2014-10-01T01:59:00Z", 2), files, params=Params(future_tolerance_min=0))
    assert strict["weather_age_s"] == [None, 0.0]


def test_a_report_too_old_leaves_weather_unknown() -> None:
    found, problems = run(track("2014-10-01T03:30:00Z", 2), weather(line("201410010200")))
    assert found["temperature_c"] == [5.6, None]
    assert found["rain"] == [None, None]
    assert problems == []
    found, problems = run(track("2014-10-01T03:31:00Z", 2), weather(line("201410010200")))
    assert found["weather_source"] == [None, None]
    assert problems == ["weather_out_of_reach"]


def test_a_station_too_far_leaves_weather_unknown() -> None:
    found, problems = run(
        track("2014-10-01T02:00:00Z", 1, place=(30.7, -97.68)), weather(line("201410010200"))
    )
    assert found["temperature_c"] == [None]
    assert problems == ["weather_out_of_reach"]
    found, _ = run(
        track("2014-10-01T02:00:00Z", 1, place=(30.6, -97.68)), weather(line("201410010200"))
    )
    assert found["weather_distance_km"] == [pytest.approx(46.37, abs=0.05)]


def test_of_two_files_the_nearer_station_counts() -> None:
    near = weather(line("201410010100", "+00105"), name="a")
    far = weather(line("201410010200", "+00205", place="+30283-097680"), name="b")
    for files in ((near, far), (far, near)):
        found, _ = run(track("2014-10-01T02:10:00Z", 1), *files)
        assert found["temperature_c"] == [1.0]


def test_a_short_gap_of_the_position_keeps_the_weather_and_a_long_one_does_not() -> None:
    drive = track("2014-10-01T02:00:00Z", 5)
    drive.lat_deg[1:] = NAN
    found, _ = run(drive, weather(line("201410010200")))
    assert found["temperature_c"] == [5.6, 5.6, 5.6, None, None]


def test_without_a_file_all_is_null_and_it_says_so() -> None:
    found, problems = run(track("2014-10-01T02:00:00Z", 2))
    assert set(found) == set(WEATHER.columns)
    assert all(values == [None, None] for values in found.values())
    assert problems == ["no_weather"]


def test_damaged_lines_are_counted_in_a_caveat() -> None:
    context = RecordingContext()
    files = (weather(line("201410010200"), "rubbish", line("201410010200")[:-1], name="w1"),)
    found = enrich(context, track("2014-10-01T02:00:00Z", 1), files, Params())
    assert found["temperature_c"].to_pylist() == [5.6]
    assert [problem.message for problem in context.caveats] == [
        "w1: 2 of 3 lines are not of noaa-isd"
    ]


def test_a_file_of_another_kind_leaves_weather_unknown_and_says_so() -> None:
    found, problems = run(track("2014-10-01T02:00:00Z", 1), weather("<html>no weather</html>"))
    assert found["rain"] == [None]
    assert problems == ["weather_unreadable", "weather_out_of_reach"]


def test_a_bomb_is_a_caveat_and_other_files_still_count() -> None:
    bomb = reference("b", line("201410010200").encode() + b"\n" * (2 << 20))
    found, problems = run(
        track("2014-10-01T02:00:00Z", 1),
        bomb,
        weather(line("201410010200")),
        params=Params(max_text_mb=1),
    )
    assert found["temperature_c"] == [5.6]
    assert problems == ["weather_unreadable"]


def test_an_empty_track_gives_empty_columns() -> None:
    found, problems = run(track("2014-10-01T02:00:00Z", 0), weather(line("201410010200")))
    assert all(values == [] for values in found.values())
    assert problems == []


def test_a_drive_in_austin_gets_the_reports_of_its_airport(real_data: Path) -> None:
    name = "isd_722540-13904-2014"
    data = (real_data / "weather" / name).read_bytes()
    given = reference(name, data)
    drive = track("2014-01-01T01:00:00Z", 3600, step_s=1, place=(30.2, -97.7))
    found, problems = run(drive, given)
    assert problems == []
    # METAR of 00:53Z: 5.6 degC; of 01:53Z, which is tick 3180: 1.7 degC.
    assert set(found["temperature_c"][:3180]) == {5.6}
    assert set(found["temperature_c"][3180:]) == {1.7}
    assert found["weather_age_s"][0] == 420.0
    assert found["weather_age_s"][3180] == 0.0
    assert set(found["weather_source"]) == {"noaa-isd:722540-13904"}
    assert found["precipitation_mmph"][0] == 0.0
    assert found["rain"][0] is False
    assert found["visibility_m"][0] == 16093.0


TABLE_HEAD = "time,lat_deg,lon_deg,temperature_c,rain"


def test_the_order_of_sources_decides_and_each_tick_tells_its_own() -> None:
    station = weather(line("201410010100", "+00105"))
    # The table's report is out of reach for the third tick.
    table = weather(TABLE_HEAD, "2014-10-01T00:31:00Z,30.183,-97.68,7.5,false", name="t.csv")
    drive = track("2014-10-01T01:59:30Z", 3)
    found, _ = run(drive, station, table)
    assert found["temperature_c"] == [7.5, 7.5, 1.0]
    assert found["weather_source"] == ["table:t.csv", "table:t.csv", "noaa-isd:722540-13904"]
    assert found["weather_age_s"] == [5310.0, 5370.0, 3690.0]
    turned, _ = run(drive, station, table, params=Params(order=("noaa-isd", "table")))
    assert turned["temperature_c"] == [1.0, 1.0, 1.0]
    alone, _ = run(drive, station, table, params=Params(order=("metar", "table")))
    assert alone["temperature_c"] == [7.5, 7.5, None]


def test_a_source_of_no_such_name_is_refused_with_the_near_miss() -> None:
    with pytest.raises(ConfigError, match="did you mean 'open-meteo'"):
        run(track("2014-10-01T02:00:00Z"), params=Params(order=("open-metoe",)))


def test_metar_reports_find_their_place_in_a_table_of_stations() -> None:
    text = weather("201410010153 METAR KAUS 010153Z 16005KT 1/4SM FG VV001 17/17 A2990=")
    stations = weather(
        "USAF,ICAO,LAT,LON", "722540,KAUS,+30.183,-97.680", "1,XXXX,+0.0,+0.0", name="stations.csv"
    )
    found, problems = run(track("2014-10-01T02:00:00Z", 1), text, stations)
    assert problems == []
    assert found["weather_source"] == ["metar:KAUS"]
    assert found["fog"] == [True]
    assert found["visibility_m"] == [402.336]
    assert found["weather_age_s"] == [420.0]
    lost, problems = run(track("2014-10-01T02:00:00Z", 1), text)
    assert lost["fog"] == [None]
    assert problems == ["weather_without_place", "weather_out_of_reach"]
