"""A rule file: YAML text to a checked rule, with the file and line in every complaint."""

import hashlib
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import yaml

from avdataops.detectors.rules.columns import Nature, RuleColumn, seconds, time_units
from avdataops.detectors.rules.expressions import Expression, find_column, leaves, parse
from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.model.time import NS_PER_S

MAX_BYTES = 16_384
KEYS = (
    "scene",
    "version",
    "doc",
    "when",
    "while",
    "min_duration",
    "merge",
    "overlaps",
    "evidence",
    "severity",
    "openlabel",
)
_REQUIRED = ("scene", "doc", "when")
OTHERWISE = "otherwise"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,63}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_AGGREGATE = re.compile(r"(max|min|mean|first|last)\s*\(\s*(abs\s*\(\s*)?(\w+)\s*(\)\s*)?\)")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One figure over a column in a scene."""

    name: str
    how: str
    column: RuleColumn
    absolute: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one rule file says."""

    file: str
    sha256: str
    """Of the text: any change makes other scenes' ids and another lineage."""
    scene: str
    version: int
    doc: str
    when: Expression
    """Where a scene begins, or is on."""
    stay: Expression
    """While it goes on, once begun: ``when`` itself unless the rule says ``while``."""
    min_ns: int
    merge_ns: int
    overlaps: tuple[str, ...]
    """Types of which a scene must overlap it, each."""
    evidence: tuple[Aggregate, ...]
    severity: tuple[tuple[str, Expression | None], ...]
    """The first class whose condition holds at some tick; None holds always."""
    openlabel: str | None

    @property
    def needs(self) -> frozenset[str]:
        """Scene types that it refers to."""
        trees = [self.when, self.stay, *(tree for _, tree in self.severity if tree is not None)]
        asked = (getattr(leaf, "type", None) for tree in trees for leaf in leaves(tree))
        return frozenset(name for name in asked if name) | frozenset(self.overlaps)


def scene_of(file: str, text: str) -> str:
    """Return only the scene type that a rule file defines; raises ``ConfigError``."""
    return _Reader(file, text, ()).scene()


def read_rule(file: str, text: str, scene_types: Collection[str]) -> Rule:
    """Return the rule of one file; raises ``ConfigError`` that names file, line and near miss.

    ``scene_types`` are those that it may refer to.
    """
    return _Reader(file, text, scene_types).rule()


class _Reader:
    """Nodes of one YAML document by key.  No object is built from the text, so nothing can run."""

    def __init__(self, file: str, text: str, scene_types: Collection[str]) -> None:
        self._file, self._text, self._types = file, text, scene_types
        if len(text.encode()) > MAX_BYTES:
            raise ConfigError(f"{file}: a rule has at most {MAX_BYTES} bytes")
        try:
            top = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError) as error:
            line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
            problem = getattr(error, "problem", None) or "nested too deep"
            raise ConfigError(f"{file}:{line}: not YAML: {problem}") from error
        if top is None:
            raise ConfigError(f"{file}: the rule is empty")
        self._nodes = dict(self._items(top, "a rule"))
        for key, node in self._nodes.items():
            if key not in KEYS:
                raise self._error(node, f"no key '{key}'{did_you_mean(key, KEYS)}")
        for key in _REQUIRED:
            if key not in self._nodes:
                raise ConfigError(f"{file}: the rule has no '{key}'")

    def scene(self) -> str:
        node = self._nodes["scene"]
        name = self._scalar(node)
        if not _NAME.fullmatch(name):
            raise self._error(node, f"'{name[:64]}' cannot name a scene type; use a-z 0-9 _")
        return name

    def rule(self) -> Rule:
        when = self._condition(self._nodes["when"])
        stay = self._nodes.get("while")
        return Rule(
            file=self._file,
            sha256=hashlib.sha256(self._text.encode()).hexdigest(),
            scene=self.scene(),
            version=self._version(),
            doc=self._scalar(self._nodes["doc"]),
            when=when,
            stay=when if stay is None else self._condition(stay),
            min_ns=self._duration("min_duration"),
            merge_ns=self._duration("merge"),
            overlaps=self._overlaps(),
            evidence=tuple(self._evidence()),
            severity=tuple(self._severity()),
            openlabel=self._scalar(self._nodes["openlabel"])
            if "openlabel" in self._nodes
            else None,
        )

    def _version(self) -> int:
        node = self._nodes.get("version")
        text = "1" if node is None else self._scalar(node)
        if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
            raise self._error(node, f"version is a whole number from 1, not '{text}'")
        return int(text)

    def _duration(self, key: str) -> int:
        node = self._nodes.get(key)
        if node is None:
            return 0
        text = self._scalar(node)
        match = _DURATION.fullmatch(text)
        span_s = seconds(float(match[1]), match[2]) if match else None
        if span_s is None or not math.isfinite(span_s):
            units = ", ".join(time_units())
            raise self._error(node, f"'{text}' is no duration (as '0.5 s'; units: {units})")
        return round(span_s * NS_PER_S)

    def _overlaps(self) -> tuple[str, ...]:
        node = self._nodes.get("overlaps")
        if node is None:
            return ()
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        names = [(part, self._scalar(part)) for part in parts]
        for part, name in names:
            if name not in self._types:
                raise self._error(part, f"no scene type '{name}'{did_you_mean(name, self._types)}")
        return tuple(name for _, name in names)

    def _evidence(self) -> Iterator[Aggregate]:
        node = self._nodes.get("evidence")
        for name, value in self._items(node, "evidence") if node else ():
            yield self._at(value, partial(_aggregate, name))

    def _severity(self) -> Iterator[tuple[str, Expression | None]]:
        node = self._nodes.get("severity")
        for name, value in self._items(node, "severity") if node else ():
            text = self._scalar(value)
            yield name, None if text == OTHERWISE else self._condition(value)

    def _condition(self, node: yaml.Node) -> Expression:
        return self._at(node, lambda text: parse(text, self._types))

    def _at(self, node: yaml.Node, read: Callable[[str], T]) -> T:
        text = self._scalar(node)
        try:
            return read(text)
        except ConfigError as error:
            raise self._error(node, error.message) from error

    def _items(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"{what} is a list of 'name: value'")
        seen: set[str] = set()
        for key_node, value in node.value:
            key = self._scalar(key_node)
            if key in seen:
                raise self._error(key_node, f"'{key}' is given twice")
            seen.add(key)
            yield key, value

    def _scalar(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self._error(node, "one value is expected here")
        return str(node.value).strip()

    def _error(self, node: yaml.Node | None, problem: str) -> ConfigError:
        line = node.start_mark.line + 1 if node is not None else 1
        return ConfigError(f"{self._file}:{line}: {problem}")


def _aggregate(name: str, text: str) -> Aggregate:
    match = _AGGREGATE.fullmatch(text)
    if match is None or bool(match[2]) != bool(match[4]):
        raise ConfigError(f"'{text}' is no figure; write as 'max(abs(accel_y_mps2))'")
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name[:64]}' cannot name evidence; use a-z 0-9 _")
    column = find_column(match[3])
    if column.nature is Nature.TEXT and (match[1] not in {"first", "last"} or match[2]):
        raise ConfigError(f"of '{column.name}', which holds text, only first and last are known")
    if column.nature is Nature.NUMBER and column.unit != "1":
        unit = column.name.rsplit("_", 1)[-1]
        if not name.endswith(f"_{unit}"):
            raise ConfigError(f"evidence '{name}' says no unit; call it '{name}_{unit}'")
    return Aggregate(name, match[1], column, absolute=bool(match[2]))


def by_scene(documents: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """Return scene type -> file of all rules; raises ``ConfigError`` where two define one type.

    ``taken`` are the types that are there already.
    """
    found: dict[str, str] = {}
    for file, text in documents.items():
        scene = scene_of(file, text)
        if scene in taken:
            raise ConfigError(
                f"{file}: there is a scene type '{scene}' already; choose another name"
            )
        if scene in found:
            raise ConfigError(f"{file}: '{found[scene]}' defines '{scene}' already")
        found[scene] = file
    return found
