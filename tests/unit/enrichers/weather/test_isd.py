"""ISD lines, made field by field, and the two real files against a parse of their own."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.enrichers.weather.isd import observations
from avdataops.enrichers.weather.report import Asked, Report, Rules, Tally
from avdataops.model.errors import HostileInput
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.files import BytesFile

ALWAYS = TimeRange(0, 4_000_000_000_000_000_000)


def asked(time: TimeRange, rules: Rules) -> Asked:
    return Asked(time=time, rules=rules)


def line(
    *,
    stamp: str = "201410010153",
    place: str = "+30183-097680",
    kind: str = "FM-15",
    wind: str = "0201N00215",
    visibility: str = "0160935",
    temperature: str = "+00565",
    groups: str = "",
    remarks: str = "",
) -> str:
    """One report: control section, mandatory section, groups and remarks of the format."""
    control = f"72254013904{stamp}7{place}{kind}+0151KAUS V030"
    mandatory = f"{wind}2200059N{visibility}N5{temperature}-00115102685"
    added = f"ADD{groups}" if groups else ""
    body = f"{added}{f'REM{remarks}' if remarks else ''}"
    return f"{len(body):04d}{control}{mandatory}{body}"


def read(*lines: str, rules: Rules | None = None) -> list[Report]:
    data = "".join(f"{text}\n" for text in lines).encode()
    return list(observations(BytesFile("w", data), asked(ALWAYS, rules or Rules()), Tally()))


def one(text: str, rules: Rules | None = None) -> Report:
    (report,) = read(text, rules=rules)
    return report


def falling(groups: str, temperature: str = "+00565") -> tuple[bool | None, bool | None]:
    report = one(line(groups=groups, temperature=temperature))
    return report.rain, report.snow


def test_the_mandatory_fields_are_read_in_their_units() -> None:
    report = one(line())
    assert report.t_ns == parse_time("2014-10-01T01:53:00Z")
    assert (report.lat_deg, report.lon_deg) == (30.183, -97.68)
    assert report.weather_source == "noaa-isd:722540-13904"
    assert report.temperature_c == 5.6
    assert report.wind_mps == 2.1
    assert report.visibility_m == 16093


def test_what_is_missing_is_unknown() -> None:
    report = one(line(wind="9999999999", visibility="9999999", groups="AA101000095"))
    assert report.wind_mps is None
    assert report.visibility_m is None
    cold = one(line(temperature="+99999"))
    assert cold.temperature_c is None
    assert cold.rain is None
    assert cold.snow is None
    assert cold.precipitation_mmph is None
    assert cold.cloud_okta is None


def test_a_temperature_below_zero_keeps_its_sign() -> None:
    assert one(line(temperature="-00561")).temperature_c == -5.6


@pytest.mark.parametrize("quality", list("01459ACIMPRU"))
def test_values_that_passed_are_used(quality: str) -> None:
    assert one(line(temperature=f"+0056{quality}")).temperature_c == 5.6


@pytest.mark.parametrize("quality", list("2367"))
def test_suspect_and_erroneous_values_are_unknown(quality: str) -> None:
    report = one(
        line(
            temperature=f"+0056{quality}",
            wind=f"0201N0021{quality}",
            groups=f"AA10100209{quality}AW161{quality}GF10899{quality}",
        )
    )
    assert report.temperature_c is None
    assert report.wind_mps is None
    assert report.precipitation_mmph is None
    assert report.rain is None
    assert report.cloud_okta is None


def test_the_rate_is_depth_by_period() -> None:
    assert one(line(groups="AA101002595")).precipitation_mmph == 2.5
    assert one(line(groups="AA103009095")).precipitation_mmph == 3.0


def test_the_shortest_period_tells_the_rate() -> None:
    assert one(line(groups="AA103009095AA201000095")).precipitation_mmph == 0.0


def test_long_periods_and_none_tell_no_rate() -> None:
    for hours in ("06", "24", "99", "00"):
        assert one(line(groups=f"AA1{hours}009095")).precipitation_mmph is None
    longer = Rules(max_amount_period_h=6)
    assert one(line(groups="AA106009095"), longer).precipitation_mmph == 1.5


def test_a_missing_or_unfinished_amount_tells_no_rate() -> None:
    assert one(line(groups="AA101999995")).precipitation_mmph is None
    for condition in "1345678IJ":
        assert one(line(groups=f"AA1010020{condition}5")).precipitation_mmph is None


def test_a_trace_is_a_rate_of_zero_and_no_rain() -> None:
    report = one(line(groups="AA101000025"))
    assert report.precipitation_mmph == 0.0
    assert report.rain is False


def test_groups_are_not_looked_for_in_remarks() -> None:
    report = one(line(groups="GA1005+999999999", remarks="MET099 AA101002595 AW1615"))
    assert report.precipitation_mmph is None
    assert report.rain is None


def test_a_group_behind_a_quality_letter_is_found() -> None:
    assert one(line(groups="GA1005+99999999AAA101002595")).precipitation_mmph == 2.5


def test_without_rate_or_code_rain_and_snow_are_unknown() -> None:
    assert falling("GA1005+999999999") == (None, None)


def test_a_dry_rate_denies_both() -> None:
    assert falling("AA101000095") == (False, False)


def test_the_threshold_of_rain_is_a_tenth_of_a_millimetre_an_hour() -> None:
    assert falling("AA102000195") == (False, False)
    assert falling("AA101000195") == (True, False)


def test_warm_precipitation_without_a_code_is_rain_and_cold_is_unknown() -> None:
    assert falling("AA101002095", "+00215") == (True, False)
    assert falling("AA101002095", "+00205") == (None, None)
    assert falling("AA101002095", "+99999") == (None, None)


@pytest.mark.parametrize("code", ["51", "56", "58", "61", "63", "64", "81"])
def test_automatic_codes_of_drizzle_and_rain_say_rain(code: str) -> None:
    assert falling(f"AW1{code}5", "-00105") == (True, False)


@pytest.mark.parametrize("code", ["70", "71", "73", "75", "77", "85"])
def test_automatic_codes_of_snow_say_snow(code: str) -> None:
    assert falling(f"AW1{code}5") == (False, True)


def test_sleet_says_both() -> None:
    assert falling("AW1675") == (True, True)
    assert falling("MW1685") == (True, True)
    assert falling("AW1615AW2715") == (True, True)


@pytest.mark.parametrize("code", ["00", "05", "10", "30", "21", "23", "24"])
def test_codes_of_other_weather_and_of_the_hour_before_deny_both(code: str) -> None:
    assert falling(f"AW1{code}5") == (False, False)


def test_the_two_code_tables_differ() -> None:
    # 91: thunderstorm, dry by the automatic table, slight rain by the manned one.
    assert falling("AW1915") == (False, False)
    assert falling("MW1915") == (True, False)
    # 47: freezing precipitation by the automatic table, fog by the manned one.
    assert falling("AW1475") == (True, False)
    assert falling("MW1475") == (False, False)


def test_a_rejected_code_of_rain_makes_unknown_what_a_dry_rate_would_deny() -> None:
    assert falling("AA101000095AW1616") == (None, None)
    assert falling("AA101000095AW1106") == (False, False)
    assert falling("AA101000095AW1616AW2615") == (True, False)


def test_a_thunderstorm_with_rain_or_snow_is_told_by_the_temperature() -> None:
    assert falling("AW1955", "+02505") == (True, False)
    assert falling("AW1955", "-00105") == (None, None)


def test_a_code_of_snow_decides_over_an_amount() -> None:
    assert falling("AA101002095AW1715", "+00505") == (False, True)


def test_new_snow_says_snow_and_lying_snow_does_not() -> None:
    assert falling("AL10100295") == (False, True)
    assert falling("AL12400295") == (None, None)
    assert falling("AL10100095") == (None, None)
    assert falling("AJ1002095999999") == (None, None)


def test_total_cloud_goes_before_layers() -> None:
    assert one(line(groups="GA1025+060965991GF10799599999999999")).cloud_okta == 7


def test_without_a_total_the_largest_layer_counts() -> None:
    groups = "GA1025+060965991GA2045+076205991GF199999990990060961991991"
    assert one(line(groups=groups)).cloud_okta == 4


def test_an_obscured_sky_has_no_okta() -> None:
    assert one(line(groups="GA1095+000305991GF10999500030")).cloud_okta is None


def test_summaries_of_days_and_months_are_no_reports() -> None:
    assert read(line(kind="SOD  ", groups="AA124002095"), line(kind="SOM  ")) == []


def test_reports_without_a_place_are_left_out() -> None:
    assert read(line(place="+99999+999999"), line(place="+30183+999999")) == []


def test_reports_outside_the_time_are_left_out() -> None:
    data = "\n".join(line(stamp=f"2014100101{minute:02d}") for minute in range(4)).encode()
    time = TimeRange(parse_time("2014-10-01T01:01:00Z"), parse_time("2014-10-01T01:03:00Z"))
    found = list(observations(BytesFile("w", data), asked(time, Rules()), Tally()))
    assert [(report.t_ns // 60_000_000_000) % 60 for report in found] == [1, 2]


def damaged() -> Iterator[str]:
    good = line(groups="AA101002095")
    yield good[:-1]
    yield good + "0"
    yield "x" + good[1:]
    yield good.replace("201410010153", "201413010153")
    yield good.replace("201410010153", "2014100101 3")
    yield good.replace("+00565", "+0x565")
    yield "METAR KAUS 010053Z 16005KT 10SM"
    yield good * 60
    yield "\x00\xff\x00"


@pytest.mark.parametrize("bad", list(damaged()))
def test_a_damaged_line_costs_that_line_alone(bad: str) -> None:
    tally = Tally()
    data = "\n".join([line(), bad, line(stamp="201410010253")]).encode("latin-1")
    found = list(observations(BytesFile("w", data), asked(ALWAYS, Rules()), tally))
    assert [report.t_ns % 86_400_000_000_000 // 3_600_000_000_000 for report in found] == [1, 2]
    assert tally.damaged >= 1
    assert tally.lines == 2 + tally.damaged
    assert not tally.cut_off


def test_blank_lines_and_other_line_ends_are_fine() -> None:
    tally = Tally()
    data = f"{line()}\r\n\r\n{line()}\r\n\n".encode()
    assert len(list(observations(BytesFile("w", data), asked(ALWAYS, Rules()), tally))) == 2
    assert (tally.lines, tally.damaged) == (2, 0)


def test_an_empty_file_has_no_reports() -> None:
    assert list(observations(BytesFile("w", b""), asked(ALWAYS, Rules()), Tally())) == []


def test_gzip_reads_the_same() -> None:
    data = f"{line()}\n{line(stamp='201410010253')}\n".encode()
    plain = list(observations(BytesFile("w", data), asked(ALWAYS, Rules()), Tally()))
    packed = BytesFile("w.gz", gzip.compress(data))
    assert list(observations(packed, asked(ALWAYS, Rules()), Tally())) == plain


def test_a_cut_off_gzip_gives_what_can_be_read_and_says_so() -> None:
    text = "\n".join(line(stamp=f"20141001{h:02d}{m:02d}") for h in range(24) for m in range(60))
    packed = gzip.compress(text.encode())
    tally = Tally()
    found = list(
        observations(BytesFile("w.gz", packed[: len(packed) // 2]), asked(ALWAYS, Rules()), tally)
    )
    assert 0 < len(found) < 24 * 60
    assert tally.cut_off


def test_a_gzip_bomb_is_refused() -> None:
    bomb = gzip.compress(b"\n" * (3 << 20))
    with pytest.raises(HostileInput, match="1 MiB"):
        list(observations(BytesFile("w.gz", bomb), asked(ALWAYS, Rules(max_text_mb=1)), Tally()))


# A second way to read the real files, by whole-line patterns instead of positions.
_LINE = re.compile(
    r"\d{4}(?P<usaf>\w{6})(?P<wban>\d{5})(?P<stamp>\d{12}).(?P<lat>[+-]\d{5})(?P<lon>[+-]\d{6})"
    r"(?P<kind>.{5})[+-]\d{4}.{5}.{4}"
    r"\d{3}.(?P<calm>.)(?P<wind>\d{4})(?P<wind_q>.).{8}(?P<vis>\d{6})(?P<vis_q>.).."
    r"(?P<temp>[+-]\d{4})(?P<temp_q>.)[+-]\d{4}.\d{5}."
    r"(?P<groups>(?:(?!REM|EQD).)*)"
)


@pytest.mark.parametrize(
    ("name", "lines", "reports"),
    [("isd_722540-13904-2014", 4237, 4114), ("isd_726430-14920-2015", 154, 148)],
)
def test_real_files_read_as_an_independent_parse_reads_them(
    real_data: Path, name: str, lines: int, reports: int
) -> None:
    data = (real_data / "weather" / name).read_bytes()
    tally = Tally()
    found = list(observations(BytesFile(name, data), asked(ALWAYS, Rules()), tally))
    assert (tally.lines, tally.damaged, len(found)) == (lines, 0, reports)
    parsed = [m for m in map(_LINE.match, data.decode().splitlines()) if m]
    assert len(parsed) == lines
    hourly = [m for m in parsed if not m["kind"].startswith("SO")]
    assert len(hourly) == reports
    for report, match in zip(found, hourly, strict=True):
        s = match["stamp"]
        stamp = f"{s[:4]}-{s[4:6]}-{s[6:8]}T{s[8:10]}:{s[10:]}:00Z"
        assert report.t_ns == parse_time(stamp)
        assert report.lat_deg == float(match["lat"]) / 1000
        assert report.lon_deg == float(match["lon"]) / 1000
        assert report.weather_source == f"noaa-isd:{match['usaf']}-{match['wban']}"
        bad = match["temp"] == "+9999" or match["temp_q"] in "2367"
        assert report.temperature_c == (None if bad else float(match["temp"]) / 10)
        bad = match["wind"] == "9999" or match["wind_q"] in "2367"
        assert report.wind_mps == (None if bad else float(match["wind"]) / 10)
        bad = match["vis"] == "999999" or match["vis_q"] in "2367"
        assert report.visibility_m == (None if bad else float(match["vis"]))


def test_real_precipitation_of_the_last_hour_is_the_stated_one(real_data: Path) -> None:
    name = "isd_722540-13904-2014"
    text = (real_data / "weather" / name).read_text()
    found = list(observations(BytesFile(name, text.encode()), asked(ALWAYS, Rules()), Tally()))
    hourly = re.findall(r"ADD[^R]*?AA101(\d{4})[29]5", text)
    # 2,930 reports state an amount of at most three hours; all but one parse came by this group.
    assert len([r for r in found if r.precipitation_mmph is not None]) == 2930
    largest = max(int(depth) for depth in hourly if depth != "9999") / 10
    assert max(r.precipitation_mmph or 0 for r in found) == largest == 16.0


def test_real_rain_agrees_with_the_metar_text_beside_it(real_data: Path) -> None:
    text = (real_data / "weather" / "isd_722540-13904-2014").read_text()
    # Rain or drizzle at the station, with its strength and descriptor, before the METAR's remarks.
    rain_now = re.compile(r" [+-]?(?:TS|SH|FZ)?(?:RA|DZ)\w*(?= |$)")
    rains = [
        report.rain
        for given in text.splitlines()
        if rain_now.search(given.partition("REM")[2].partition(" RMK")[0])
        for report in read(given)
    ]
    assert len(rains) > 200
    assert rains.count(True) > 0.96 * len(rains)
    # The others have codes marked suspect: unknown, never denied.
    assert rains.count(False) == 0
