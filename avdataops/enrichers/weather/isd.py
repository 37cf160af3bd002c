"""Reports of weather stations, read from files of NOAA's Integrated Surface Database (ISD).

Layout and codes: Federal Climate Complex Data Documentation for Integrated Surface Data; present
weather: WMO code tables 4677 (manned stations, groups MW) and 4680 (automatic, groups AW).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from avdataops.enrichers.weather.codes import WMO_4677, WMO_4680
from avdataops.enrichers.weather.report import (
    Asked,
    Report,
    Rules,
    Source,
    Tally,
    falling,
    fog_of,
)
from avdataops.enrichers.weather.texts import lines_of
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.files import ReadableFile

_MANDATORY = 105
# Suspect (2, 6) and erroneous (3, 7) values are not used; all other codes are forms of passed.
_REJECTED = frozenset("2367")
# Summaries of a day or month are no observations of a moment.
_SUMMARIES = frozenset({"SOD", "SOM"})
# Amounts with these conditions cover their period: not stated, trace, estimated.
_WHOLE_AMOUNTS = frozenset("92E")
_NO_OKTA_FROM = 9

_RAINFALL = re.compile(r"AA[1-4](\d\d)(\d{4})([\dEIJ])(\w)")
_SNOWFALL = re.compile(r"AL[1-4](\d\d)(\d{3})(\w)(\w)")
_AUTOMATIC = re.compile(r"AW[1-4](\d\d)(\w)")
_MANNED = re.compile(r"MW[1-7](\d\d)(\w)")
_TOTAL_CLOUD = re.compile(r"GF1(\d\d)\d\d(\w)")
_CLOUD_LAYER = re.compile(r"GA[1-6](\d\d)(\w)")
_AFTER_GROUPS = re.compile(r"REM|EQD|QNN")
_STARTS = re.compile(rb"[0-9]{4}[0-9A-Z]{11}[0-9]{12}.[+-]")


def observations(file: ReadableFile, asked: Asked, tally: Tally) -> Iterator[Report]:
    """Yield the reports of the time asked for, plain or gzip, line by line in bounded memory.

    A damaged line costs that line and is counted.  Raises ``HostileInput`` beyond the size limit.
    """
    for line in lines_of(file, asked.rules.max_text_mb << 20, tally):
        tally.lines += 1
        try:
            report = _report(line, asked.time, asked.rules)
        except ValueError:
            tally.damaged += 1
            continue
        if report is not None:
            yield report


def _report(line: str, time: TimeRange, rules: Rules) -> Report | None:
    """Return the report of one line, None if it is not of ``time`` or gives nothing."""
    if len(line) != _MANDATORY + _whole(line[:4]):
        raise ValueError(line[:4])
    t_ns = _time_ns(line[15:27])
    if not time.start_ns <= t_ns < time.stop_ns or line[41:46].strip() in _SUMMARIES:
        return None
    lat, lon = _scaled(line[28:34], "99999", 1000), _scaled(line[34:41], "999999", 1000)
    if lat is None or lon is None:
        return None
    temperature_c = _scaled(line[87:92], "9999", 10, line[92])
    end = _AFTER_GROUPS.search(line, _MANDATORY)
    groups = line[_MANDATORY : end.start() if end else None]
    rate_mmph = _rate_mmph(groups, rules)
    said, doubted = _said(groups)
    fog = fog_of(said, doubted)
    # Lying snow (AJ) is not falling snow; new snow (AL) within the allowed period is.
    if _has_new_snow(groups, rules):
        said |= {"solid"}
    rain, snow = falling(said, doubted, rate_mmph, temperature_c, rules)
    report = Report(
        t_ns=t_ns,
        lat_deg=lat,
        lon_deg=lon,
        weather_source=f"noaa-isd:{line[4:10]}-{line[10:15]}",
        precipitation_mmph=rate_mmph,
        rain=rain,
        snow=snow,
        visibility_m=_scaled(line[78:84], "999999", 1, line[84]),
        temperature_c=temperature_c,
        wind_mps=_scaled(line[65:69], "9999", 10, line[69]),
        cloud_okta=_cloud_okta(groups),
        fog=fog,
    )
    return report if report.known else None


def _time_ns(stamp: str) -> int:
    _whole(stamp)
    parts = (stamp[:4], stamp[4:6], stamp[6:8], stamp[8:10], stamp[10:])
    year, month, day, hour, minute = map(int, parts)
    moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    return int(moment.timestamp()) * NS_PER_S


def _whole(text: str) -> int:
    """Return the number that ``text`` writes in digits alone; raises ``ValueError``."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _scaled(text: str, missing: str, scale: int, quality: str = "1") -> float | None:
    """Return a fixed-width number in its unit, None if missing or rejected; ``ValueError``."""
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("+", text)
    number = _whole(digits)
    if digits == missing or quality in _REJECTED:
        return None
    return (-number if sign == "-" else number) / scale


def _rate_mmph(groups: str, rules: Rules) -> float | None:
    """Return the mean rate of the shortest stated period; a trace counts as 0."""
    amounts = [
        (int(hours), int(tenths) / 10)
        for hours, tenths, condition, quality in _RAINFALL.findall(groups)
        if 0 < int(hours) <= rules.max_amount_period_h
        and tenths != "9999"
        and condition in _WHOLE_AMOUNTS
        and quality not in _REJECTED
    ]
    if not amounts:
        return None
    hours, depth_mm = min(amounts)
    return depth_mm / hours


def _said(groups: str) -> tuple[set[str], set[str]]:
    """Return the kinds of weather that accepted, and that rejected, codes speak of."""
    accepted: set[str] = set()
    rejected: set[str] = set()
    for pattern, phases in ((_AUTOMATIC, WMO_4680), (_MANNED, WMO_4677)):
        for code, quality in pattern.findall(groups):
            (rejected if quality in _REJECTED else accepted).update(phases.kinds(int(code)))
    return accepted, rejected


def _has_new_snow(groups: str, rules: Rules) -> bool:
    return any(
        0 < int(hours) <= rules.max_amount_period_h
        and depth not in {"000", "999"}
        and quality not in _REJECTED
        for hours, depth, _, quality in _SNOWFALL.findall(groups)
    )


def _cloud_okta(groups: str) -> float | None:
    """Return the total cover, or the largest layer's, which METAR sums from below; 9 is no okta."""
    for pattern in (_TOTAL_CLOUD, _CLOUD_LAYER):
        covers = [
            int(cover)
            for cover, quality in pattern.findall(groups)
            if int(cover) < _NO_OKTA_FROM and quality not in _REJECTED
        ]
        if covers:
            return float(max(covers))
    return None


def _matches(head: bytes) -> bool:
    return any(_STARTS.match(line) for line in head.splitlines()[:3])


ISD = Source(name="noaa-isd", matches=_matches, observations=observations)
