"""From a heap of files of all kinds to reports by source."""

import gzip

import pyarrow as pa
import pytest

from avdataops.enrichers.weather.reading import read_all
from avdataops.enrichers.weather.report import Report, Rules, Tally
from avdataops.enrichers.weather.texts import head_of, lines_of
from avdataops.model.errors import HostileInput
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile
from avdataops.testing.step_tables import RecordingContext, memory_table

DAY = TimeRange(parse_time("2021-07-26T00:00:00Z"), parse_time("2021-07-27T00:00:00Z"))
TABLE = b"time,lat_deg,lon_deg,temperature_c,wind_mps\n2021-07-26T12:00:00Z,56,10,5,\n"
STATIONS = b"ICAO,LAT,LON\nEKAH,56.3,10.6\n"
METAR = b"202107261320 METAR EKAH 261320Z 27010KT 10/08=\n"


def given(name: str, data: bytes) -> InputFile:
    artifact = memory_table(pa.table({}), kind="reference", name=name).artifact
    return InputFile(artifact, BytesFile(name, data))


def read(*files: InputFile) -> tuple[dict[str, list[Report]], list[str]]:
    context = RecordingContext()
    found = read_all(context, files, DAY, Rules())
    return found, [f"{one.code}: {one.message}" for one in context.caveats]


def test_each_file_goes_to_its_source_whatever_its_name_and_order() -> None:
    files = [given("a", METAR), given("b", STATIONS), given("c", TABLE)]
    for order in (files, files[::-1]):
        found, problems = read(*order)
        assert {name: len(reports) for name, reports in found.items()} == {"metar": 1, "table": 1}
        assert problems == []


def test_a_compressed_file_is_known_by_what_it_holds() -> None:
    found, problems = read(given("a.gz", gzip.compress(TABLE)))
    assert [one.temperature_c for one in found["table"]] == [5.0]
    assert problems == []


def test_the_fullest_report_of_a_source_comes_last() -> None:
    fuller = TABLE.replace(b"5,\n", b"6,3\n")
    for order in ((TABLE, fuller), (fuller, TABLE)):
        found, _ = read(*(given(f"f{n}", data) for n, data in enumerate(order)))
        assert [one.temperature_c for one in found["table"]] == [5.0, 6.0]


@pytest.mark.parametrize("data", [b"", b"\x00" * 50, b"<html>", b"\x1f\x8bbroken", b"{}", b"a,b\n"])
def test_a_file_of_no_known_kind_is_told(data: bytes) -> None:
    found, problems = read(given("odd", data), given("t", TABLE))
    assert list(found) == ["table"]
    assert problems == ["weather_unreadable: odd: no known source of weather reads this file"]


def test_a_broken_document_is_told_and_the_others_count() -> None:
    found, problems = read(given("d.json", b'{"hourly": {}, "latitude": 5}'), given("t", TABLE))
    assert len(found["table"]) == 1
    assert [text.partition(":")[0] for text in problems] == ["weather_unreadable"]


def test_reports_without_a_date_and_without_a_place_are_told() -> None:
    _, problems = read(given("m", METAR[13:]), given("n", METAR))
    assert problems == [
        "weather_damaged: m: 1 of 1 reports are not of metar with a date",
        (
            "weather_without_place: n: 1 reports are of stations whose place is not known; give a"
            " table of stations (CSV with ICAO, LAT, LON) as a weather file too"
        ),
    ]


def test_no_files_give_no_reports() -> None:
    assert read() == ({}, [])


def test_lines_of_a_cut_off_file_are_given_up_to_the_cut() -> None:
    data = gzip.compress(b"".join(b"line %d of some weather\n" % n for n in range(5000)))
    tally = Tally()
    lines = list(lines_of(BytesFile("w", data[:-40]), 1 << 20, tally))
    assert tally.cut_off
    assert lines[0] == "line 0 of some weather"
    assert 0 < len(lines) <= 5000


def test_lines_are_limited_in_bytes_and_empty_ones_left_out() -> None:
    assert list(lines_of(BytesFile("w", b"a\n\n\r\nb\r\n"), 100, Tally())) == ["a", "b"]
    with pytest.raises(HostileInput, match="w: more than 0 MiB"):
        list(lines_of(BytesFile("w", b"a\n" * 60), 100, Tally()))


def test_the_head_of_a_file_is_unpacked() -> None:
    assert head_of(BytesFile("w", gzip.compress(TABLE))) == TABLE
    assert head_of(BytesFile("w", TABLE)) == TABLE
    assert head_of(BytesFile("w", b"x" * 10_000)) == b"x" * 4096
    assert head_of(BytesFile("w", gzip.compress(TABLE)[:15])) == b""
