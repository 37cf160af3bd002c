"""Tables of weather and of stations."""

import gzip
import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avdataops.enrichers.weather.report import Asked, Report, Rules, Tally
from avdataops.enrichers.weather.tables import (
    TABLE,
    is_station_table,
    observations,
    stations_of,
)
from avdataops.model.errors import UnreadableFile
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.files import BytesFile

ASKED = Asked(time=TimeRange(0, 4_000_000_000_000_000_000), rules=Rules())
NOON = "2021-07-26T12:00:00Z"


def read(data: bytes, *, asked: Asked = ASKED, tally: Tally | None = None) -> list[Report]:
    return list(observations(BytesFile("t", data), asked, tally if tally is not None else Tally()))


def csv_of(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def parquet_of(**columns: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_a_row_of_csv_is_a_report() -> None:
    (report,) = read(
        csv_of(
            "time,lat_deg,lon_deg,precipitation_mmph,rain,snow,fog,visibility_m,temperature_c,"
            "wind_mps,cloud_okta,source,mood",
            f"{NOON},56.1,10.2,1.5,true,0,FALSE,800,-2.5,3,8,north mast,grim",
        )
    )
    assert report == Report(
        parse_time(NOON), 56.1, 10.2, "table:north mast", 1.5, True, False, 800.0, -2.5, 3.0, 8.0,
        False,
    )  # fmt: skip


def test_empty_cells_and_absent_columns_are_unknown() -> None:
    (report,) = read(csv_of("t_ns,lat_deg,lon_deg,temperature_c,rain", "1000000000,56,10,5,"))
    assert report.t_ns == 1_000_000_000
    assert report.temperature_c == 5.0
    assert (report.rain, report.snow, report.fog, report.visibility_m) == (None,) * 4
    assert report.weather_source == "table:t"


@pytest.mark.parametrize(
    "row",
    [
        ",56,10,5,", "yesterday,56,10,5,", f"{NOON},,10,5,", f"{NOON},96,10,5,",
        f"{NOON},56,190,5,", f"{NOON},nan,10,5,", f"{NOON},56,10,warm,", f"{NOON},56,10,5,perhaps",
        f"{NOON}",
    ],
)  # fmt: skip
def test_a_row_that_is_no_report_costs_itself(row: str) -> None:
    tally = Tally()
    head = "time,lat_deg,lon_deg,temperature_c,rain"
    found = read(csv_of(head, row, f"{NOON},56,10,7,true"), tally=tally)
    assert [one.temperature_c for one in found] == [7.0]
    assert (tally.lines, tally.damaged) == (2, 1)


def test_less_than_nothing_is_damage_and_an_infinite_value_unknown() -> None:
    tally = Tally()
    head = "time,lat_deg,lon_deg,visibility_m,wind_mps"
    found = read(csv_of(head, f"{NOON},56,10,-5,3", f"{NOON},56,10,inf,4"), tally=tally)
    assert [(one.visibility_m, one.wind_mps) for one in found] == [(None, 4.0)]
    assert tally.damaged == 1


def test_rows_outside_the_time_and_rows_that_say_nothing_are_left_out() -> None:
    start = parse_time(NOON)
    asked = Asked(time=TimeRange(start, start + 1), rules=Rules())
    head = "time,lat_deg,lon_deg,temperature_c"
    rows = (f"{NOON},56,10,", f"{NOON},56,10,1", "2021-07-26T12:00:01Z,56,10,2")
    assert [one.temperature_c for one in read(csv_of(head, *rows), asked=asked)] == [1.0]


def test_a_compressed_csv_is_read_as_well() -> None:
    plain = csv_of("time,lat_deg,lon_deg,temperature_c", f"{NOON},56,10,1")
    assert read(gzip.compress(plain)) == read(plain)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Copenhagen"])
def test_parquet_with_timestamps(zone: str | None) -> None:
    noon = datetime(2021, 7, 26, 12, tzinfo=UTC)
    naive = noon.replace(tzinfo=None)
    stamps = pa.array([naive if zone is None else noon], pa.timestamp("us", tz=zone))
    data = parquet_of(
        time=stamps, lat_deg=[56.1], lon_deg=[10.2], rain=[True], visibility_m=[None], other=[[1]]
    )
    (report,) = read(data)
    assert report.t_ns == parse_time(NOON)
    assert report.rain is True
    assert report.visibility_m is None


def test_parquet_with_nanoseconds_keeps_them() -> None:
    t_ns = 1_627_300_800_123_456_789
    data = parquet_of(t_ns=[t_ns], lat_deg=[56.1], lon_deg=[10.2], snow=[False])
    assert [one.t_ns for one in read(data)] == [t_ns]


def test_parquet_with_times_as_text() -> None:
    data = parquet_of(time=[NOON], lat_deg=["56.1"], lon_deg=[10.2], cloud_okta=[4])
    assert [(one.t_ns, one.cloud_okta) for one in read(data)] == [(parse_time(NOON), 4.0)]


def test_a_broken_parquet_is_refused_by_name() -> None:
    data = parquet_of(t_ns=[1], lat_deg=[56.1], lon_deg=[10.2])
    with pytest.raises(UnreadableFile, match="t: not a Parquet table"):
        read(data[:-20])


def test_a_broken_csv_is_refused_by_name() -> None:
    with pytest.raises(UnreadableFile, match="t: not a CSV table"):
        read(csv_of("time,lat_deg,lon_deg", f'{NOON},56,"10"x'))


def test_the_first_bytes_tell_a_table_of_weather() -> None:
    assert TABLE.matches(b"lon_deg,lat_deg,time\n")
    assert TABLE.matches(b"t_ns,lat_deg,lon_deg,rain\n1,2")
    assert TABLE.matches(parquet_of(t_ns=[1]))
    assert not TABLE.matches(b"time,where\n")
    assert not TABLE.matches(b"")


def test_places_of_stations() -> None:
    data = csv_of(
        '"USAF","ICAO","LAT","LON"',
        '"060700","EKAH","+56.300","+010.619"',
        '"000001","","+10.0","+10.0"',
        '"000002","XXXX","+00.000","+000.000"',
        '"000003","YYYY","",""',
        '"000004","ZZZZ","+97.0","+10.0"',
    )
    assert is_station_table(data)
    assert not is_station_table(b"time,lat_deg,lon_deg\n")
    assert stations_of(BytesFile("s", data), ASKED, Tally()) == {"EKAH": (56.3, 10.619)}
