"""Reports of weather stations, read from files of NOAA's Integrated Surface Database (ISD).

Layout and codes: Federal Climate Complex Data Documentation for Integrated Surface Data; present
weather: WMO code tables 4677 (manned stations, groups MW) and 4680 (automatic, groups AW).
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from avdataops.model.errors import HostileInput
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.files import ReadableFile, as_stream

_GZIP = b"\x1f\x8b"
# The longest record the format allows is 2,844 characters.
_MAX_LINE_BYTES = 4096
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


class _Phases(NamedTuple):
    """Codes of what falls at the time of the report; drizzle and freezing rain are liquid."""

    liquid: frozenset[int]
    solid: frozenset[int]
    either: frozenset[int]
    """Something falls, but the code does not tell what."""


def _codes(*parts: range | int) -> frozenset[int]:
    return frozenset(chain.from_iterable([p] if isinstance(p, int) else p for p in parts))


_WMO_4680 = _Phases(
    liquid=_codes(43, 44, 47, 48, range(50, 59), range(60, 69), range(81, 85)),
    solid=_codes(45, 46, 67, 68, range(70, 78), range(85, 88)),
    either=_codes(40, 41, 42, 80, 92, 95),
)
_WMO_4677 = _Phases(
    liquid=_codes(range(50, 70), range(80, 85), 91, 92),
    solid=_codes(range(68, 76), 77, 79, range(83, 87)),
    either=_codes(87, 88, 93, 94, 95, 97),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a report is taken to say."""

    max_amount_period_h: int = 3
    """A sum over a longer time says nothing of the rate at the moment."""
    rain_from_mmph: float = 0.1
    """WMO-No. 8: less is a trace."""
    liquid_above_c: float = 2.0
    """Unspecified precipitation is taken as rain above this temperature, else left unknown."""
    max_text_mb: int = 1024
    """Unpacked size that no honest file passes; a station's year has up to 20 MB."""


class Report(NamedTuple):
    """One observation of one station; None is unknown.  Precipitation is a mean rate."""

    t_ns: int
    lat_deg: float
    lon_deg: float
    weather_source: str
    precipitation_mmph: float | None
    rain: bool | None
    snow: bool | None
    visibility_m: float | None
    temperature_c: float | None
    wind_mps: float | None
    cloud_okta: float | None

    @property
    def known(self) -> int:
        """How many values it gives."""
        return sum(value is not None for value in self[4:])


@dataclass(slots=True)
class Tally:
    """What became of the lines of one file."""

    lines: int = 0
    damaged: int = 0
    """Not of the stated length, or with something else where digits belong."""
    cut_off: bool = False
    """The compressed file ends early or is damaged from some point on."""


def read_reports(
    file: ReadableFile, time: TimeRange, rules: Rules, tally: Tally
) -> Iterator[Report]:
    """Yield the reports of ``time``, plain or gzip, line by line in bounded memory.

    A damaged line costs that line and is counted.  Raises ``HostileInput`` beyond the size limit.
    """
    for line in _lines(file, rules.max_text_mb << 20, tally):
        tally.lines += 1
        try:
            report = _report(line, time, rules)
        except ValueError:
            tally.damaged += 1
            continue
        if report is not None:
            yield report


def _lines(file: ReadableFile, max_bytes: int, tally: Tally) -> Iterator[str]:
    packed = file.read_at(0, len(_GZIP)) == _GZIP
    raw = as_stream(file)
    text: io.BufferedIOBase = gzip.GzipFile(fileobj=raw) if packed else raw
    read = 0
    while True:
        try:
            line = text.readline(_MAX_LINE_BYTES)
        except (EOFError, OSError, zlib.error):
            tally.cut_off = True
            return
        if not line:
            return
        read += len(line)
        if read > max_bytes:
            raise HostileInput(f"{file.name}: more than {max_bytes >> 20} MiB of weather reports")
        stripped = line.decode("latin-1").rstrip("\r\n")
        if stripped:
            yield stripped


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
    rain, snow = _falling(groups, rate_mmph, temperature_c, rules)
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


def _falling(
    groups: str, rate_mmph: float | None, temperature_c: float | None, rules: Rules
) -> tuple[bool | None, bool | None]:
    """Return whether rain and whether snow falls, None where the report does not tell.

    A code that names the kind decides.  Precipitation of unnamed kind is rain above a temperature
    and of unknown kind below.  A code of other weather, or too small a rate, denies both, unless a
    rejected code spoke of precipitation.  Lying snow (AJ) is not falling snow; new snow (AL)
    within the allowed period is.
    """
    said, doubted = _said(groups)
    liquid = "liquid" in said
    solid = "solid" in said or _has_new_snow(groups, rules)
    if liquid or solid:
        return liquid, solid
    if "either" in said or (rate_mmph is not None and rate_mmph >= rules.rain_from_mmph):
        warm = temperature_c is not None and temperature_c > rules.liquid_above_c
        return (True, False) if warm else (None, None)
    told = bool(said) or rate_mmph is not None
    return (False, False) if told and not doubted - {"other"} else (None, None)


def _said(groups: str) -> tuple[set[str], set[str]]:
    """Return the kinds of weather that accepted, and that rejected, codes speak of."""
    accepted: set[str] = set()
    rejected: set[str] = set()
    for pattern, phases in ((_AUTOMATIC, _WMO_4680), (_MANNED, _WMO_4677)):
        for code, quality in pattern.findall(groups):
            kinds = {name for name in _Phases._fields if int(code) in getattr(phases, name)}
            (rejected if quality in _REJECTED else accepted).update(kinds or {"other"})
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
