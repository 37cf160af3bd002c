"""METAR groups one by one, dates, places, and a real bulletin."""

from pathlib import Path

import pytest

from avdataops.enrichers.weather.metar import METAR, observations
from avdataops.enrichers.weather.report import Asked, Report, Rules, Tally
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.files import BytesFile

ALWAYS = TimeRange(0, 4_000_000_000_000_000_000)
STATIONS = {"EKAH": (56.3, 10.62), "KAUS": (30.183, -97.68)}


def read(*lines: str, time: TimeRange = ALWAYS, tally: Tally | None = None) -> list[Report]:
    asked = Asked(time=time, rules=Rules(), stations=STATIONS)
    file = BytesFile("m.txt", "\n".join(lines).encode())
    return list(observations(file, asked, tally if tally is not None else Tally()))


def one(groups: str) -> Report:
    (report,) = read(f"202107261320 METAR EKAH 261320Z {groups}=")
    return report


def test_a_report_is_read_in_our_units() -> None:
    report = one("AUTO 27010G20KT 220V300 9999 SCT025 BKN040 M03/M07 Q1013")
    assert report.t_ns == parse_time("2021-07-26T13:20:00Z")
    assert (report.lat_deg, report.lon_deg) == (56.3, 10.62)
    assert report.weather_source == "metar:EKAH"
    assert report.wind_mps == pytest.approx(5.1444, abs=1e-4)
    assert report.visibility_m == 10_000.0
    assert report.temperature_c == -3.0
    assert report.cloud_okta == 7.0
    assert report.precipitation_mmph is None


@pytest.mark.parametrize(
    ("groups", "metres"),
    [
        ("0400 FG", 400.0),
        ("2000NDV", 2000.0),
        ("CAVOK", 10_000.0),
        ("10SM", 16_093.44),
        ("M1/4SM", 402.336),
        ("1 1/2SM", 2414.016),
        ("P6SM", 9656.064),
        ("////", None),
        ("1/0SM", None),
        ("27010KT", None),
        ("3000 0800NE", 3000.0),
    ],
)
def test_visibility(groups: str, metres: float | None) -> None:
    assert one(f"{groups} 10/08").visibility_m == (
        None if metres is None else pytest.approx(metres)
    )


@pytest.mark.parametrize(
    ("groups", "rain", "snow", "fog"),
    [
        ("-RA", True, False, False),
        ("+TSRA", True, False, False),
        ("FZDZ", True, False, False),
        ("SHSN", False, True, False),
        ("-RASN BR", True, True, False),
        ("FG", False, False, True),
        ("FZFG", False, False, True),
        ("MIFG", False, False, False),
        ("BCFG", False, False, False),
        ("VCSH", False, False, False),
        ("VCFG", False, False, False),
        ("DRSN", False, False, False),
        ("UP", True, False, False),
        ("HZ", False, False, False),
        ("TS", False, False, False),
        ("RERA", False, False, False),
        ("9999 TEMPO RA", False, False, False),
        ("9999 RMK RAB10E15", False, False, False),
    ],
)
def test_present_weather(groups: str, rain: bool, snow: bool, fog: bool) -> None:
    report = one(f"27010KT {groups} 10/08" if "RMK" not in groups else f"10/08 {groups}")
    assert (report.rain, report.snow, report.fog) == (rain, snow, fog)


@pytest.mark.parametrize("groups", ["AUTO 10SM // CLR 10/08", "AUTO 10SM CLR 10/08 RMK AO1"])
def test_a_station_that_cannot_tell_weather_leaves_it_unknown(groups: str) -> None:
    report = one(groups)
    assert (report.rain, report.snow, report.fog) == (None, None, None)
    assert report.temperature_c == 10.0


def test_unknown_precipitation_in_the_cold_is_of_unknown_kind() -> None:
    report = one("27010KT UP 00/M01")
    assert (report.rain, report.snow) == (None, None)


@pytest.mark.parametrize(
    ("groups", "okta"),
    [("SKC", 0.0), ("FEW010", 2.0), ("FEW010 SCT020 OVC100", 8.0), ("VV001", 8.0), ("NSC", None),
     ("CAVOK", None), ("BKN///", 7.0)],
)  # fmt: skip
def test_cloud(groups: str, okta: float | None) -> None:
    assert one(f"{groups} 10/08").cloud_okta == okta


def test_winds_in_other_units_and_unknown_ones() -> None:
    assert one("27010MPS 10/08").wind_mps == 10.0
    assert one("VRB36KMH 10/08").wind_mps == pytest.approx(10.0)
    assert one("/////KT 10/08").wind_mps is None


def test_a_line_with_a_date_dates_the_report_below_it() -> None:
    found = read("2021/07/26 13:20", "EKAH 261320Z 27010KT 10/08", "", "2021/08/01 00:05",
                 "EKAH 312350Z 27010KT 11/08")  # fmt: skip
    assert [one.t_ns for one in found] == [
        parse_time("2021-07-26T13:20:00Z"),
        parse_time("2021-07-31T23:50:00Z"),
    ]


def test_a_report_without_a_date_is_never_taken_for_this_month() -> None:
    tally = Tally()
    assert read("METAR EKAH 261320Z 27010KT 10/08=", tally=tally) == []
    assert (tally.lines, tally.damaged) == (1, 1)


@pytest.mark.parametrize("stamp", ["202107201320", "202113261320", "202107262520"])
def test_a_date_that_does_not_fit_the_report_damages_it(stamp: str) -> None:
    tally = Tally()
    assert read(f"{stamp} METAR EKAH 261320Z 27010KT 10/08=", tally=tally) == []
    assert tally.damaged == 1


def test_an_impossible_hour_damages_the_report() -> None:
    tally = Tally()
    assert read("202107261320 METAR EKAH 262520Z 27010KT 10/08=", tally=tally) == []
    assert tally.damaged == 1


def test_a_station_of_unknown_place_is_counted() -> None:
    tally = Tally()
    assert read("202107261320 METAR ESSA 261320Z 27010KT 10/08=", tally=tally) == []
    assert (tally.placeless, tally.damaged) == (1, 0)


def test_reports_outside_the_time_asked_for_are_left_out() -> None:
    wanted = TimeRange(parse_time("2021-07-26T13:00:00Z"), parse_time("2021-07-26T13:20:00Z"))
    assert read("202107261320 EKAH 261320Z 10/08=", "202107261250 EKAH 261250Z 10/08=",
                time=wanted) == []  # fmt: skip


def test_a_report_goes_on_over_indented_lines_until_its_end() -> None:
    (report,) = read(
        "202107261320 METAR EKAH 261320Z 27010KT",
        "     0300 FG",
        "     12/12=",
        "     99/99=",
    )
    assert (report.visibility_m, report.temperature_c, report.fog) == (300.0, 12.0, True)


def test_a_report_that_says_nothing_is_none() -> None:
    assert read("202107261320 METAR EKAH 261320Z NIL=") == []
    assert read("202107261320 METAR EKAH 261320Z =") == []


def test_the_first_bytes_tell_metar_from_other_text() -> None:
    assert METAR.matches(b"2021/07/26 13:20\nEKAH 261320Z 27010KT\n")
    assert METAR.matches(b"SADN31 EKCH 261320\nMETAR EKAH 261320Z 27010KT=\n")
    assert not METAR.matches(b"time,lat_deg,lon_deg\n")
    assert not METAR.matches(b"")


def test_a_real_bulletin_of_unknown_month_is_counted_and_not_used(real_data: Path) -> None:
    text = (real_data / "weather" / "metar_collective.txt").read_text(encoding="ascii")
    tally = Tally()
    assert read(text, tally=tally) == []
    assert tally.damaged == tally.lines == 12
    stations = {"KALO": (42.55, -92.4)}
    dated = "\n".join(
        f"201401{line[5:7]}{line[7:11]} {line}" if line[5:11].isdigit() else line
        for line in text.splitlines()
    )
    asked = Asked(time=ALWAYS, rules=Rules(), stations=stations)
    reports = list(observations(BytesFile("m", dated.encode()), asked, tally))
    assert {report.weather_source for report in reports} == {"metar:KALO"}
    assert [r.rain for r in reports if r.visibility_m == pytest.approx(4 * 1609.344)] == [True]
