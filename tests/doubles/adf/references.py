"""Finds what the resources of a factory name and nobody has: a broken reference costs a drive.

Each function returns problems as sentences; nothing wrong is an empty list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.doubles.adf.expressions import (
    Access,
    Call,
    Literal,
    Node,
    expressions,
    nodes,
    parse,
)
from tests.doubles.adf.resources import (
    REFERENCES,
    Document,
    Factory,
    all_activities,
    branches,
    own_properties,
)


def broken_references(factory: Factory) -> list[str]:
    """Check every reference to a resource, and the parameters handed to it."""
    return [
        f"{kind} '{name}': {problem}"
        for kind, documents in factory.resources.items()
        for name, document in documents.items()
        for problem in _in_document(factory, document)
    ]


def _in_document(factory: Factory, document: Any) -> Iterator[str]:
    for holder in _objects(document):
        yield from _reference(factory, holder, holder.get("parameters"))
        for key in ("pipeline", "pipelineReference"):
            if isinstance(holder.get(key), dict) and "referenceName" in holder[key]:
                yield from _parameters(factory, holder[key], holder.get("parameters"))


def _objects(value: Any) -> Iterator[Document]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _reference(factory: Factory, holder: Document, given: Any) -> Iterator[str]:
    if "referenceName" not in holder:
        return
    kind = REFERENCES.get(holder.get("type", ""))
    if kind is None:
        yield f"'{holder['referenceName']}' is a reference of unknown type {holder.get('type')!r}"
    elif holder["referenceName"] not in factory.of(kind):
        yield f"there is no {kind} '{holder['referenceName']}'"
    elif kind != "pipeline":
        yield from _parameters(factory, holder, given)


def _parameters(factory: Factory, reference: Document, given: Any) -> Iterator[str]:
    kind = REFERENCES[reference["type"]]
    target = factory.of(kind).get(reference["referenceName"], {})
    declared: Mapping[str, Document] = target.get("parameters", {})
    what = f"{kind} '{reference['referenceName']}'"
    for name in (given or {}).keys() - declared.keys():
        yield f"{what} has no parameter '{name}'"
    for name, declaration in declared.items():
        if "defaultValue" not in declaration and name not in (given or {}):
            yield f"{what} needs parameter '{name}'"


@dataclass(frozen=True, slots=True)
class _Sight:
    """What an expression at one place of a pipeline may name."""

    activities: frozenset[str]
    item: bool


def broken_names(factory: Factory) -> list[str]:
    """Check dependencies, and every name in every expression of every resource."""
    found = []
    for name, pipeline in factory.of("pipeline").items():
        problems = _Pipeline(factory, pipeline).problems()
        found += [f"pipeline '{name}': {problem}" for problem in problems]
    for kind, source in (("dataset", "dataset"), ("linkedService", "linkedservice")):
        for name, document in factory.of(kind).items():
            known = {source: frozenset(document.get("parameters", {}))}
            found += [f"{kind} '{name}': {p}" for p in _names(document, known)]
    for name, trigger in factory.of("trigger").items():
        known = {"triggerbody": frozenset({"folderPath", "fileName"}), "trigger": frozenset()}
        found += [f"trigger '{name}': {problem}" for problem in _names(trigger, known)]
    return found


def _names(document: Any, known: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for text in expressions(document):
        for node in _nodes_of(text):
            if isinstance(node, Access) and isinstance(node.of, Call):
                source, key = node.of.name.lower(), node.key
                if isinstance(key, Literal) and key.value not in known.get(source, frozenset()):
                    yield f"'{text}' names {node.of.name}().{key.value}, which is not there"


def _nodes_of(text: str) -> list[Node]:
    return [node for part in parse(text) for node in nodes(part)]


class _Pipeline:
    """One pipeline under examination."""

    def __init__(self, factory: Factory, pipeline: Document) -> None:
        self._pipeline = pipeline
        self._known = {
            "parameters": frozenset(pipeline.get("parameters", {})),
            "globalParameters": frozenset(factory.global_parameters),
            "variables": frozenset(pipeline.get("variables", {})),
        }

    def problems(self) -> list[str]:
        activities = self._pipeline["activities"]
        names = [activity["name"] for activity in all_activities(activities)]
        twice = [f"two activities are called '{n}'" for n in set(names) if names.count(n) > 1]
        return twice + list(self._level(activities, _Sight(frozenset(), item=False)))

    def _level(self, activities: list[Document], sight: _Sight) -> Iterator[str]:
        upstream = _upstream(activities)
        for activity in activities:
            name = activity["name"]
            if name in upstream[name]:
                yield f"'{name}' depends on itself"
            for missing in upstream[name] - upstream.keys():
                yield f"'{name}' depends on '{missing}', which is not beside it"
            seen = _Sight(sight.activities | upstream[name], item=sight.item)
            yield from self._own(activity, seen)
            for inner in branches(activity).values():
                is_loop = sight.item or activity["type"] == "ForEach"
                yield from self._level(inner, _Sight(seen.activities, item=is_loop))

    def _own(self, activity: Document, sight: _Sight) -> Iterator[str]:
        target = activity["typeProperties"].get("variableName")
        if target is not None and target not in self._known["variables"]:
            yield f"'{activity['name']}' sets variable '{target}', which is not declared"
        for text in expressions(own_properties(activity)):
            for problem in self._expression(text, sight):
                yield f"'{activity['name']}': {problem} in {text}"
            if target and ("variables", target) in _calls(text):
                yield f"'{activity['name']}' sets '{target}' from itself, which ADF refuses"

    def _expression(self, text: str, sight: _Sight) -> Iterator[str]:
        for name, argument in _calls(text):
            if name == "activity" and argument not in sight.activities:
                yield f"'{argument}' has not run before"
            if name == "variables" and argument not in self._known["variables"]:
                yield f"variable '{argument}' is not declared"
            if name == "item" and not sight.item:
                yield "item() outside a ForEach"
        for node in _nodes_of(text):
            yield from self._member(node)

    def _member(self, node: Node) -> Iterator[str]:
        """Check ``pipeline().parameters.NAME`` and ``pipeline().globalParameters.NAME``."""
        if not (isinstance(node, Access) and isinstance(node.of, Access)):
            return
        group, key = node.of.key, node.key
        if isinstance(group, Literal) and isinstance(key, Literal):
            known = self._known.get(str(group.value))
            if known is not None and key.value not in known:
                yield f"{group.value} has no '{key.value}'"


def _calls(text: str) -> list[tuple[str, Any]]:
    """Return (function, first literal argument) of every call in ``text``."""
    calls = [node for node in _nodes_of(text) if isinstance(node, Call)]
    return [
        (call.name.lower(), next((a.value for a in call.arguments if isinstance(a, Literal)), None))
        for call in calls
    ]


def _upstream(activities: list[Document]) -> dict[str, frozenset[str]]:
    """Return all that must have ended before each activity of one level."""
    direct = {
        activity["name"]: {one["activity"] for one in activity.get("dependsOn", ())}
        for activity in activities
    }
    found: dict[str, frozenset[str]] = {}
    for name, named in direct.items():
        seen: set[str] = set()
        waiting = list(named)
        while waiting:
            before = waiting.pop()
            if before not in seen:
                seen.add(before)
                waiting += direct.get(before, ())
        found[name] = frozenset(seen)
    return found
