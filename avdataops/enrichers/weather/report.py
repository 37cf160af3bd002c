"""What every source of weather gives: reports of one place and moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile

Place = tuple[float, float]
"""Latitude and longitude in degrees."""


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
    """One observation of one place; None is unknown.  Precipitation is a mean rate."""

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
    fog: bool | None = None

    @property
    def known(self) -> int:
        """How many values it gives."""
        return sum(value is not None for value in self[4:])


@dataclass(slots=True)
class Tally:
    """What became of the lines, rows or hours of one file."""

    lines: int = 0
    damaged: int = 0
    """Not what the format promises."""
    cut_off: bool = False
    """The compressed file ends early or is damaged from some point on."""
    placeless: int = 0
    """Reports of stations whose place no station table told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted of a file."""

    time: TimeRange
    rules: Rules
    stations: Mapping[str, Place] = field(default_factory=dict)
    """Station (four-letter ICAO code) -> its place, for reports that name no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of file that holds weather."""

    name: str
    matches: Callable[[bytes], bool]
    """Says by the first bytes of a file, unpacked, whether it is of this kind."""
    observations: Callable[[ReadableFile, Asked, Tally], Iterator[Report]]
    """Yields the reports of the time asked for; counts what it cannot read.  Raises
    ``InputError`` for a file that is no use as a whole."""


def falling(
    said: set[str],
    doubted: set[str],
    rate_mmph: float | None,
    temperature_c: float | None,
    rules: Rules,
) -> tuple[bool | None, bool | None]:
    """Return whether rain and whether snow falls, None where a report does not tell.

    ``said`` are kinds of weather (``liquid``, ``solid``, ``either``, ``other``) that it names;
    ``doubted`` those that it names without being believed.  A kind that is named decides.
    Precipitation of unnamed kind is rain above a temperature and of unknown kind below.  Other
    weather, or too small a rate, denies both, unless precipitation was doubted.
    """
    liquid, solid = "liquid" in said, "solid" in said
    if liquid or solid:
        return liquid, solid
    if "either" in said or (rate_mmph is not None and rate_mmph >= rules.rain_from_mmph):
        warm = temperature_c is not None and temperature_c > rules.liquid_above_c
        return (True, False) if warm else (None, None)
    told = bool(said) or rate_mmph is not None
    return (False, False) if told and not doubted & {"liquid", "solid", "either"} else (None, None)


def fog_of(said: set[str], doubted: set[str]) -> bool | None:
    """Return whether a report names fog; None where it names no weather, or only in doubt."""
    if "fog" in said:
        return True
    return False if said and "fog" not in doubted else None
