"""METAR and SPECI: reports of airports as text.

Groups as WMO-No. 306, FM 15 and 16, and the American forms (statute miles, CLR, AUTO AO1).  Each
report needs its date: twelve digits (year to minute) before it, or a line of its own before it
such as 2021/07/26 13:20; its own day, hour and minute then tell the moment.  A report without a
date is of no known month and is not used.  The place comes from a station table.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from avdataops.enrichers.weather.report import Asked, Report, Source, Tally, falling, fog_of
from avdataops.enrichers.weather.texts import lines_of
from avdataops.model.time import NS_PER_S
from avdataops.ports.files import ReadableFile

_KNOT_MPS, _KMH_MPS, _MILE_M = 1852 / 3600, 1 / 3.6, 1609.344
_UNIT_MPS = {"KT": _KNOT_MPS, "MPS": 1.0, "KMH": _KMH_MPS}
_FAR_M = 10_000.0
"""9999 and CAVOK: 10 km or more."""
_OKTAS = {"SKC": 0.0, "CLR": 0.0, "NCD": 0.0, "FEW": 2.0, "SCT": 4.0, "BKN": 7.0, "OVC": 8.0}
"""Upper end of each class of cover; NSC and CAVOK speak of significant cloud alone."""

_STAMP = re.compile(r"^(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d)\s*$")
_REPORT = re.compile(
    r"^(?:(?P<stamp>\d{12})\s+)?(?:(?:METAR|SPECI)\s+)?(?:COR\s+)?"
    r"(?P<station>[A-Z][A-Z0-9]{3})\s+(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)Z\s*(?P<rest>.*)$"
)
_WIND = re.compile(r"^(?:\d{3}|VRB|///)P?(\d{2,3})(?:G\d{2,3})?(KT|MPS|KMH)$")
_METRES = re.compile(r"^(\d{4})(?:NDV)?$")
_MILES = re.compile(r"^[PM]?(?:(\d{1,2})|(?:(\d{1,2}) )?(\d{1,2})/(\d{1,2}))SM$")
_TEMPERATURE = re.compile(r"^(M?)(\d\d)/(?:M?\d\d|//)?$")
_CLOUD = re.compile(r"^(SKC|CLR|NCD|(?:FEW|SCT|BKN|OVC)(?=\d{3}|///)|VV(?=\d{3}|///))")
_WEATHER = re.compile(
    r"^(?:[+-])?(MI|PR|BC|DR|BL|SH|TS|FZ)?"
    r"((?:DZ|RA|SN|SG|IC|PL|GR|GS|UP|BR|FG|FU|VA|DU|SA|HZ|PY|PO|SQ|FC|SS|DS)*)$"
)
_KINDS = {"DZ": "liquid", "RA": "liquid", "SN": "solid", "SG": "solid", "PL": "solid",
          "UP": "either", "FG": "fog"}  # fmt: skip
_NOT_HERE = {"MI", "BC", "PR", "DR"}
"""Shallow, in patches, over part of the field or low drifting: no fog, no fall at the place."""
_ENDS = {"RMK", "TEMPO", "BECMG", "NOSIG"}
_MAX_DAYS_APART = 2.0
_MAX_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One report with the moment that its file says it is near to."""

    near: datetime | None
    text: str


def observations(file: ReadableFile, asked: Asked, tally: Tally) -> Iterator[Report]:
    """Yield the reports of the time asked for whose station's place is known."""
    for spoken in _spoken(lines_of(file, asked.rules.max_text_mb << 20, tally)):
        tally.lines += 1
        try:
            report = _report(spoken, asked, tally)
        except ValueError:
            tally.damaged += 1
            continue
        if report is not None:
            yield report


def _spoken(lines: Iterator[str]) -> Iterator[_Spoken]:
    """Yield whole reports: they end with an equals sign, or where the next one begins."""
    near: datetime | None = None
    held = ""
    for line in lines:
        stamp = _STAMP.match(line)
        begins = _REPORT.match(line.strip())
        if (stamp or begins) and held:
            yield _Spoken(near, held)
            held = ""
        if stamp:
            near = _moment(*stamp.groups())
        elif begins:
            held = line.strip()
        elif held and line[0].isspace() and len(held) < _MAX_CHARACTERS:
            held += f" {line.strip()}"
        if held.endswith("="):
            yield _Spoken(near, held)
            held = ""
    if held:
        yield _Spoken(near, held)


def _moment(*parts: str) -> datetime | None:
    try:
        year, month, day, hour, minute = map(int, parts)
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _report(spoken: _Spoken, asked: Asked, tally: Tally) -> Report | None:
    """Return what one report says; ``ValueError`` if it has no date or no such day."""
    match = _REPORT.match(spoken.text.rstrip("= "))
    if match is None:
        raise ValueError(spoken.text)
    stamp = match["stamp"]
    near = spoken.near
    if stamp:
        near = _moment(stamp[:4], stamp[4:6], stamp[6:8], stamp[8:10], stamp[10:])
    t_ns = _time_ns(near, int(match["day"]), int(match["hour"]), int(match["minute"]))
    if not asked.time.start_ns <= t_ns < asked.time.stop_ns:
        return None
    place = asked.stations.get(match["station"])
    if place is None:
        tally.placeless += 1
        return None
    report = _read(t_ns, place, f"metar:{match['station']}", match["rest"], asked)
    return report if report.known else None


def _time_ns(near: datetime | None, day: int, hour: int, minute: int) -> int:
    """Return the moment of this day and time next to the one in the file."""
    if near is None:
        raise ValueError("no date")
    for shift in (0, -1, 1):
        moved = near + timedelta(days=shift)
        if moved.day == day:
            moment = moved.replace(hour=hour, minute=minute, second=0)
            if abs(moment - near) <= timedelta(days=_MAX_DAYS_APART):
                return int(moment.timestamp()) * NS_PER_S
    raise ValueError("another day")


def _read(t_ns: int, place: tuple[float, float], source: str, text: str, asked: Asked) -> Report:
    words = _words(text)
    said = _said(words, text)
    temperature = _first(_TEMPERATURE, words)
    temperature_c = None
    if temperature:
        temperature_c = float(temperature[2]) * (-1 if temperature[1] else 1)
    wind = _first(_WIND, words)
    rain, snow = falling(said, set(), None, temperature_c, asked.rules)
    return Report(
        t_ns=t_ns,
        lat_deg=place[0],
        lon_deg=place[1],
        weather_source=source,
        precipitation_mmph=None,
        rain=rain,
        snow=snow,
        visibility_m=_visibility_m(words),
        temperature_c=temperature_c,
        wind_mps=int(wind[1]) * _UNIT_MPS[wind[2]] if wind else None,
        cloud_okta=_cloud_okta(words),
        fog=fog_of(said, set()),
    )


def _words(text: str) -> list[str]:
    """Return the groups of the observation itself; 1 1/2SM is one group."""
    words: list[str] = []
    for word in text.split():
        if word in _ENDS:
            break
        if words and words[-1].isdigit() and len(words[-1]) <= 2 and word.endswith("SM"):  # noqa: PLR2004 - whole miles before a fraction
            words[-1] = f"{words[-1]} {word}"
        else:
            words.append(word)
    return words


def _first(pattern: re.Pattern[str], words: list[str]) -> re.Match[str] | None:
    return next((found for word in words if (found := pattern.match(word))), None)


def _said(words: list[str], text: str) -> set[str]:
    """Return the kinds of weather that the groups name; a report without any says ``other``.

    An automatic station says nothing of weather with two slashes, nor where it has no sensor that
    tells kinds of precipitation apart (AO1).
    """
    said: set[str] = set()
    for word in words:
        found = _WEATHER.match(word)
        if not found or not (found[1] or found[2]):
            continue
        named = [found[2][at : at + 2] for at in range(0, len(found[2]), 2)]
        if found[1] in _NOT_HERE:
            named = []
        said |= {_KINDS.get(one, "other") for one in named} or {"other"}
    silent = "//" in words or "NIL" in words or ("AUTO" in words and "AO2" not in text)
    return said if said or silent or not words else {"other"}


def _visibility_m(words: list[str]) -> float | None:
    if "CAVOK" in words:
        return _FAR_M
    miles = _first(_MILES, words)
    if miles:
        whole, mixed, above, below = miles.groups()
        if whole:
            return int(whole) * _MILE_M
        if int(below) == 0:
            return None
        return (int(mixed or 0) + int(above) / int(below)) * _MILE_M
    metres = _first(_METRES, words)
    if metres is None:
        return None
    return _FAR_M if metres[1] == "9999" else float(metres[1])


def _cloud_okta(words: list[str]) -> float | None:
    """Return the largest layer's cover; a sky that cannot be seen for fog or snow is covered."""
    found = [match[1] for word in words if (match := _CLOUD.match(word))]
    covers = [8.0 if one == "VV" else _OKTAS[one] for one in found]
    return max(covers) if covers else None


def _matches(head: bytes) -> bool:
    lines = head.decode("latin-1").splitlines()
    return any(_REPORT.match(line.strip()) for line in lines)


METAR = Source(name="metar", matches=_matches, observations=observations)
