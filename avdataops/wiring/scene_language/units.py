"""Units that people write, and the ones that the names of attributes say.

Factors are exact fractions (SI Brochure; NIST SP 811 for mph, knots, feet and miles), so that
36 km/h is 10 m/s and not something beside it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

_DEGREE = Fraction(math.pi) / 180


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: of what, and how many of the SI unit it is."""

    dimension: str
    factor: Fraction


_SPELLED: dict[str, dict[str, Fraction | int]] = {
    "speed": {
        "m/s": 1,
        "km/h": Fraction(5, 18),
        "kmh": Fraction(5, 18),
        "kph": Fraction(5, 18),
        "mph": Fraction(44704, 100_000),
        "kn": Fraction(1852, 3600),
    },
    "acceleration": {"m/s2": 1, "m/s^2": 1, "m/s²": 1, "g": Fraction("9.80665")},
    "jerk": {"m/s3": 1, "m/s^3": 1, "m/s³": 1},
    "length": {
        "m": 1,
        "km": 1000,
        "cm": Fraction(1, 100),
        "mm": Fraction(1, 1000),
        "ft": Fraction(3048, 10_000),
        "mi": Fraction("1609.344"),
    },
    "time": {
        "s": 1,
        "ms": Fraction(1, 1000),
        "us": Fraction(1, 1_000_000),
        "min": 60,
        "h": 3600,
        "d": 86_400,
    },
    "angle": {"rad": 1, "deg": _DEGREE, "°": _DEGREE},
    "angular rate": {"rad/s": 1, "deg/s": _DEGREE, "°/s": _DEGREE},
    "precipitation": {"mm/h": 1},
    "temperature": {"degC": 1, "°C": 1, "C": 1},
    "frequency": {"Hz": 1, "kHz": 1000},
    "ratio": {"%": Fraction(1, 100), "ppm": Fraction(1, 1_000_000)},
}

UNITS: Mapping[str, Unit] = {
    spelled: Unit(dimension, Fraction(factor))
    for dimension, units in _SPELLED.items()
    for spelled, factor in units.items()
}

_SUFFIXES = {
    "mps": "m/s",
    "mps2": "m/s2",
    "mps3": "m/s3",
    "m": "m",
    "km": "km",
    "s": "s",
    "ms": "ms",
    "deg": "deg",
    "rad": "rad",
    "radps": "rad/s",
    "degps": "deg/s",
    "mmph": "mm/h",
    "c": "degC",
    "hz": "Hz",
    "ppm": "ppm",
}

SUFFIXES: Mapping[str, str] = _SUFFIXES
"""Ending of an attribute's name -> unit of its values."""


def unit_in(attribute: str) -> str | None:
    """Return the unit that an attribute's name says, None if it says none."""
    stem, _, ending = attribute.rpartition("_")
    return SUFFIXES.get(ending) if stem else None


def converted(value: str, unit: str, wanted: str) -> float:
    """Return a number, as it was written, in the unit ``wanted`` of the same dimension."""
    return float(Fraction(value) * UNITS[unit].factor / UNITS[wanted].factor)
