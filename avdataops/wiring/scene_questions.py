"""Questions about scenes as people type them, on the command line or in an address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from avdataops.detectors import scene_types
from avdataops.model.errors import InputError, did_you_mean, shown
from avdataops.model.places import check_circle
from avdataops.model.time import TimeRange, parse_time
from avdataops.ports.catalog import CatalogReader, SceneQuery
from avdataops.ports.questions import Comparison, Condition, Near, Question
from avdataops.tables.ontology import meanings
from avdataops.wiring.rules import configured_rules
from avdataops.wiring.scene_language import Vocabulary, understood
from avdataops.wiring.scene_language.units import UNITS
from avdataops.wiring.scene_language.words import families
from avdataops.wiring.scene_rates import Per

_CONDITION = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(<=|>=|!=|==|=|<|>)\s*(.+?)\s*", re.DOTALL)
_END_OF_TIME = 2**63 - 1
_AMOUNT = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)?\s*([a-z]{1,3})\s*")
_PER = ("length", "time")
_BY_RULE = "user_rule"
_WHOLE_ID = len("m_") + 24
_MANY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneWords:
    """A question, not yet understood; what is absent asks for nothing."""

    types: tuple[str, ...] = ()
    measurement: str | None = None
    """The whole id."""
    vehicle: str | None = None
    start: str | None = None
    """RFC 3339, integer ns, or ``+12.5s`` after the start of the measurement."""
    end: str | None = None
    near: str | None = None
    """``LAT,LON,RADIUS_M``."""
    where: tuple[str, ...] = ()
    """Comparisons like ``min_ax_mps2 < -4``."""
    during: tuple[str, ...] = ()
    text: str | None = None
    """In the query language."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Understands questions with what one workspace knows."""

    catalog: CatalogReader
    rules: tuple[Path, ...] = ()
    """Files of rules for own scene types."""

    def query(self, words: SceneWords) -> SceneQuery:
        """Return the query; raises ``InputError`` with the near miss, or ``NotFound``."""
        for name in (*words.types, *words.during):
            self.check_type(name)
        return SceneQuery(
            types=words.types,
            measurement=words.measurement,
            vehicle=words.vehicle,
            time=self._time(words),
            near=_near(words.near) if words.near else None,
            where=tuple(_condition(text) for text in words.where),
            during=words.during,
            matching=self.matching(words.text, words.measurement) if words.text else None,
        )

    def matching(self, text: str, measurement: str | None = None) -> Question:
        """Return what a text in the query language asks; raises ``InputError`` with a caret.

        Times like ``+12.5s`` count from the start of ``measurement``.
        """
        return understood(text, self._vocabulary(), measurement)

    def _vocabulary(self) -> Vocabulary:
        types = meanings()
        rules = configured_rules(self.rules)
        parents = {name: one.parent for name, one in types.items()}
        tags = {name: one.openlabel for name, one in types.items()}
        parents |= {one.name: _BY_RULE for one in rules}
        tags |= {one.name: one.tags.get(one.name) for one in rules}
        return Vocabulary(
            families=families(parents, tags),
            # Scenes of types that are no more, or of rules that are not configured here.
            more_types=lambda: self.catalog.count_scenes(SceneQuery()).keys(),
            knows=self.catalog.knows_attribute,
            evidence=self.catalog.attribute_names,
            measurement=self._whole_id,
            start_ns=lambda name: self.catalog.measurement(name).start_ns,
        )

    def _whole_id(self, text: str) -> str:
        """Return the id that ``text`` begins, if there is exactly one."""
        if len(text) >= _WHOLE_ID:
            return text
        known = (one.id for one in self.catalog.measurements(limit=_MANY))
        matches = [found for found in known if found.startswith(text)]
        return matches[0] if len(matches) == 1 else text

    def check_type(self, name: str) -> None:
        """Raise ``InputError`` with the near miss unless a detector or rule finds this type."""
        if name in scene_types():
            return
        told = self.catalog.count_scenes(SceneQuery())
        by_rule = (one.name for one in configured_rules(self.rules))
        known = {*scene_types(), *by_rule, *told}
        if name not in known:
            raise InputError(
                f"no scene type '{name}'{did_you_mean(name, known)}",
                hint=f"types: {', '.join(sorted(known))}",
            )

    def _time(self, words: SceneWords) -> TimeRange | None:
        origin_ns = None
        if words.measurement:
            origin_ns = self.catalog.measurement(words.measurement).start_ns
        if not (words.start or words.end):
            return None
        return TimeRange(
            parse_time(words.start, origin_ns) if words.start else -_END_OF_TIME,
            parse_time(words.end, origin_ns) if words.end else _END_OF_TIME,
        )


def per_of(text: str) -> Per:
    """Return the unit of a rate: a distance or a time, as ``100km`` or ``1 h``."""
    parts = _AMOUNT.fullmatch(text)
    unit = UNITS.get(parts[2]) if parts else None
    if parts is None or unit is None or unit.dimension not in _PER or float(parts[1] or 1) <= 0:
        raise InputError(f"{shown(text)} is no distance and no time; write as 100km or 1h")
    amount = float(Fraction(parts[1] or 1) * unit.factor)
    told = f"{parts[1] or 1} {parts[2]}"
    return Per(amount=amount, is_distance=unit.dimension == "length", text=told)


def _near(text: str) -> Near:
    try:
        lat, lon, radius = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"'{text}' is not LAT,LON,RADIUS_M (56.16,10.20,500)") from error
    check_circle(lat, lon, radius)
    return Near(lat, lon, radius)


def _condition(text: str) -> Condition:
    parts = _CONDITION.fullmatch(text)
    if not parts:
        raise InputError(f"'{text}' is not a comparison; write as 'min_ax_mps2 < -4'")
    name, op, value = parts.groups()
    return Condition(name, Comparison("=" if op == "==" else op), _value(value))


def _value(text: str) -> float | str | bool:
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")


def counted(counts: dict[str, int], by: str) -> Sequence[dict[str, str | int]]:
    """Return counts as rows, ordered by name."""
    return [{by: name, "scenes": number} for name, number in sorted(counts.items())]
