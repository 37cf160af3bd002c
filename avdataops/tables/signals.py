"""Canonical ego signals, units and the rules that find them, from ``schemas/signals.json``."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from avdataops.model.errors import ConfigError, SchemaMismatch, did_you_mean
from avdataops.tables.load import load_json

METHODS = ("linear", "angle", "hold")
READINGS = (
    "value",
    "length",
    "course",
    "compass",
    "quaternion",
    "level_rate",
    "sigma",
    "text",
    "map",
)
_CONVERTED = frozenset({"value", "length", "course", "compass", "level_rate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What another column of the same row must say; a row where it is null does not pass."""

    column: re.Pattern[str]
    among: tuple[float | str, ...] = ()
    """Accepted values; empty accepts by ``at_least`` alone."""
    at_least: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One place that a signal may come from."""

    type: re.Pattern[str]
    """Message type or channel-group kind."""
    stream: re.Pattern[str]
    columns: Mapping[str, re.Pattern[str]]
    """Role in the reading -> pattern of the column."""
    reading: str
    where: Condition | None
    map: Mapping[float, float]
    assume_unit: str | None
    """Unit by the definition of the message type, where the column states none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One canonical signal."""

    name: str
    unit: str
    method: str
    candidates: tuple[Candidate, ...]
    """In order of preference."""
    words: Mapping[str, re.Pattern[str]]
    """Canonical word -> what recordings call it; empty for numbers."""
    doc: str

    @property
    def is_text(self) -> bool:
        """Say whether its values are words."""
        return bool(self.words)

    def word(self, text: str) -> str | None:
        """Return the canonical word for a recording's text, None if it is not known."""
        return next((word for word, known in self.words.items() if known.fullmatch(text)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Values that a source itself says are no measurement."""

    type: re.Pattern[str]
    columns: re.Pattern[str]
    unless: Condition | None
    """Usable only where this holds, if the stream has such a column."""
    values: tuple[float, ...]
    """Never measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A stream as the rules see it."""

    stream: str
    type: str
    schema: pa.Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A signal that a stream can give: the columns to read and how to read them."""

    signal: Signal
    rank: int
    """Place of the rule in the signal's order of preference; 0 is best."""
    candidate: Candidate
    stream: str
    columns: Mapping[str, str]
    """Role -> column."""
    where: str | None
    """Column of the candidate's condition."""
    scales: Mapping[str, float]
    """Role -> factor from the source's unit to the one that the reading wants."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns to read, without repeats."""
        named = (*self.columns.values(), *((self.where,) if self.where else ()))
        return tuple(dict.fromkeys(named))


@functools.cache
def signals() -> dict[str, Signal]:
    """Return the canonical signals by name, in the order of the schema."""
    return {facts["name"]: _signal(facts) for facts in load_json("signals.json")["signals"]}


def signal(name: str) -> Signal:
    """Return one signal; raises ``SchemaMismatch`` with the near miss."""
    known = signals()
    if name not in known:
        raise SchemaMismatch(f"no canonical signal '{name}'{did_you_mean(name, known)}")
    return known[name]


@functools.cache
def unusable_rules() -> tuple[Unusable, ...]:
    """Return the rules about values that are no measurements."""
    return tuple(
        Unusable(
            type=_pattern(facts["type"]),
            columns=_pattern(facts["columns"]),
            unless=_condition(facts.get("unless")),
            values=tuple(facts.get("values", ())),
        )
        for facts in load_json("signals.json")["unusable"]
    )


def unit_scale(unit: str | None, wanted: str) -> float | None:
    """Return the factor from ``unit``, as a recording spells it, to ``wanted``; None if unknown."""
    if unit == wanted:
        return 1.0
    spelled = (unit or "").strip().lower()
    for known in load_json("signals.json")["units"].get(wanted, ()):
        if spelled == known["unit"].lower() or spelled in known["aliases"]:
            return float(known["scale"])
    return None


def matches(source: Source) -> tuple[Match, ...]:
    """Return every canonical signal that a stream can give, each by its best fitting rule.

    A column whose unit is unknown is no match: its values would be of unknown size.
    """
    found = []
    for one in signals().values():
        fitting = (_match(one, rank, source) for rank in range(len(one.candidates)))
        best = next((match for match in fitting if match is not None), None)
        if best is not None:
            found.append(best)
    return tuple(found)


def columns_that_fit(schema: pa.Schema, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Return all columns whose name, or name in the recording, fits the pattern."""
    return tuple(field.name for field in schema if _fits(field, pattern))


def find_column(schema: pa.Schema, pattern: re.Pattern[str]) -> str | None:
    """Return the first column whose name, or name in the recording, fits the pattern."""
    return next(iter(columns_that_fit(schema, pattern)), None)


def metadata_text(field: pa.Field, key: str) -> str | None:
    """Return one entry of a field's metadata, None if it has none."""
    value = (field.metadata or {}).get(key.encode())
    return None if value is None else str(value.decode())


def _fits(field: pa.Field, pattern: re.Pattern[str]) -> bool:
    source = metadata_text(field, "source")
    return bool(pattern.fullmatch(field.name) or (source and pattern.fullmatch(source)))


def _match(one: Signal, rank: int, source: Source) -> Match | None:
    rule = one.candidates[rank]
    if not (rule.type.fullmatch(source.type) and rule.stream.fullmatch(source.stream)):
        return None
    columns: dict[str, str] = {}
    scales: dict[str, float] = {}
    for role, pattern in rule.columns.items():
        scaled = _scaled_column(rule, _unit_wanted(one, rule, role), source.schema, pattern)
        if scaled is None:
            return None
        columns[role], scales[role] = scaled
    where = find_column(source.schema, rule.where.column) if rule.where else None
    if rule.where and where is None:
        return None
    return Match(
        signal=one,
        rank=rank,
        candidate=rule,
        stream=source.stream,
        columns=columns,
        where=where,
        scales=scales,
    )


def _unit_wanted(one: Signal, rule: Candidate, role: str) -> str | None:
    """Return the unit that a reading takes for a role, None if it takes the values as they are."""
    if rule.reading not in _CONVERTED:
        return None
    if rule.reading == "level_rate" and role.startswith("up_"):
        return "m/s2"
    return "m/s" if rule.reading == "course" else one.unit


def _scaled_column(
    rule: Candidate, unit: str | None, schema: pa.Schema, pattern: re.Pattern[str]
) -> tuple[str, float] | None:
    """Return the first fitting column that the rule can read, and the factor to its unit."""
    for name in columns_that_fit(schema, pattern):
        field = schema.field(name)
        stated = metadata_text(field, "unit") or rule.assume_unit
        scale = 1.0 if unit is None else unit_scale(stated, unit)
        if scale is not None and _readable(rule, field.type):
            return name, scale
    return None


def _readable(rule: Candidate, kind: pa.DataType) -> bool:
    if rule.reading == "text":
        return bool(pa.types.is_string(kind))
    if rule.reading == "sigma":
        return bool(pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind))
    numbers = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(test(kind) for test in numbers)


def _signal(facts: Mapping[str, Any]) -> Signal:
    if facts["method"] not in METHODS:
        raise ConfigError(f"signals.json: {facts['name']} has no such method {facts['method']}")
    return Signal(
        name=facts["name"],
        unit=facts["unit"],
        method=facts["method"],
        candidates=tuple(_candidate(rule) for rule in facts["candidates"]),
        words={word: _pattern(text) for word, text in facts.get("words", {}).items()},
        doc=facts["doc"],
    )


def _candidate(rule: Mapping[str, Any]) -> Candidate:
    reading = rule.get("reading", "value")
    if reading not in READINGS:
        raise ConfigError(f"signals.json: no reading '{reading}'{did_you_mean(reading, READINGS)}")
    return Candidate(
        type=_pattern(rule["type"]),
        stream=_pattern(rule.get("stream", ".*")),
        columns={role: _pattern(text) for role, text in rule["columns"].items()},
        reading=reading,
        where=_condition(rule.get("where")),
        map={float(old): float(new) for old, new in rule.get("map", {}).items()},
        assume_unit=rule.get("assume_unit"),
    )


def _condition(facts: Mapping[str, Any] | None) -> Condition | None:
    if facts is None:
        return None
    return Condition(
        column=_pattern(facts["column"]),
        among=tuple(facts.get("among", ())),
        at_least=facts.get("at_least"),
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
