"""The columns that a rule may name: of the ego, of its context and of what is around it."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from avdataops.tables.kinds import kind
from avdataops.tables.signals import signals, unit_scale

_MORE_UNITS = {
    "m": {"km": 1000.0},
    "km": {"m": 0.001},
    "s": {"ms": 0.001, "min": 60.0, "h": 3600.0},
}
"""Units that people write and no recording does."""
_NOT_FOR_RULES = ("t_ns",)


class Source(StrEnum):
    """Which table of the drive holds a column."""

    EGO = "ego"
    CONTEXT = "context"
    AROUND = "object_context"


class Nature(StrEnum):
    """How the values of a column may be compared."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class RuleColumn:
    """One column as a rule sees it."""

    name: str
    source: Source
    nature: Nature
    unit: str
    words: frozenset[str] = frozenset()
    """All the values there are; empty where they are not counted."""

    def scale(self, unit: str) -> float | None:
        """Return the factor from ``unit`` to the column's own, None if it is no such unit."""
        more = _MORE_UNITS.get(self.unit, {})
        return more[unit] if unit in more else unit_scale(unit, self.unit)


@functools.cache
def rule_columns() -> Mapping[str, RuleColumn]:
    """Return every column by name; where two tables have one, that of the ego counts."""
    found: dict[str, RuleColumn] = {}
    for source in (Source.AROUND, Source.CONTEXT):
        for column in kind(source).columns:
            if column.name not in _NOT_FOR_RULES:
                nature = _NATURES.get(column.type, Nature.NUMBER)
                found[column.name] = RuleColumn(column.name, source, nature, column.unit)
    for signal in signals().values():
        nature = Nature.TEXT if signal.is_text else Nature.NUMBER
        found[signal.name] = RuleColumn(
            signal.name, Source.EGO, nature, signal.unit, frozenset(signal.words)
        )
    return found


_NATURES = {"string": Nature.TEXT, "bool": Nature.FLAG}


def seconds(value: float, unit: str) -> float | None:
    """Return a duration in seconds, None if ``unit`` is none of time."""
    return value if unit == "s" else _scaled(value, _MORE_UNITS["s"].get(unit))


def _scaled(value: float, factor: float | None) -> float | None:
    return None if factor is None else value * factor


def time_units() -> Iterable[str]:
    """Return the units that a duration may have."""
    return ("s", *_MORE_UNITS["s"])
