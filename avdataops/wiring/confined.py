"""The catalog as somebody sees it who may see some vehicles only: the rest is not there.

What lies outside is not found, in the same words as what never was, and without a near miss; it
is in no list, no count and no lineage.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from avdataops.model.artifact import Artifact
from avdataops.model.errors import NotFound, shown
from avdataops.model.measurement import Measurement, Recording, State
from avdataops.model.run import RunRecord, TaskSpec
from avdataops.model.scene import Scene
from avdataops.ports.catalog import CatalogReader, Direction, Lineage, Node, SceneQuery, Statement
from avdataops.ports.questions import NOTHING, AllOf, AnyOf, Comparison, Condition, Question

T = TypeVar("T")
_PAGE = 500
_AFTER_ALL = "\x7f"
"""Sorts behind every character that a vehicle's name may have."""


@dataclass(frozen=True, slots=True)
class Vehicles:
    """Vehicles that somebody may see: each a name, or its beginning and ``*``."""

    patterns: tuple[str, ...]

    def has(self, vehicle: str) -> bool:
        """Say whether it is one of them."""
        return any(
            vehicle.startswith(one[:-1]) if one.endswith("*") else vehicle == one
            for one in self.patterns
        )

    def question(self) -> Question:
        """Return what is true of their scenes alone."""
        return AnyOf(tuple(map(_is_like, self.patterns))) if self.patterns else NOTHING


def _is_like(pattern: str) -> Question:
    if not pattern.endswith("*"):
        return Condition("vehicle", Comparison.EQ, pattern)
    begin = pattern[:-1]
    return AllOf(
        (
            Condition("vehicle", Comparison.GE, begin),
            Condition("vehicle", Comparison.LT, begin + _AFTER_ALL),
        )
    )


def gone(noun: str, wrong: str) -> NotFound:
    """Return the error for what is not there, or not for this caller: one cannot tell which."""
    return NotFound(f"no {noun} {shown(wrong)}")


def kept(
    page_after: Callable[[str | None], Sequence[T]],
    key: Callable[[T], str],
    may: Callable[[T], bool],
) -> Iterator[T]:
    """Yield, page by page, the things that may be seen."""
    page = page_after(None)
    while page:
        yield from filter(may, page)
        page = page_after(key(page[-1]))


class ConfinedCatalog:
    """A ``CatalogReader`` of some vehicles."""

    def __init__(self, catalog: CatalogReader, vehicles: Vehicles) -> None:
        self._catalog = catalog
        self.vehicles = vehicles

    def measurement(self, measurement: str) -> Measurement:
        """Return one measurement."""
        try:
            found = self._catalog.measurement(measurement)
        except NotFound:
            raise gone("measurement", measurement) from None
        if not self.vehicles.has(found.vehicle):
            raise gone("measurement", measurement)
        return found

    def measurements(
        self,
        *,
        state: State | None = None,
        vehicle: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[Measurement]:
        """Return measurements by id, after the id ``after``."""

        def page(last: str | None) -> Sequence[Measurement]:
            return self._catalog.measurements(
                state=state, vehicle=vehicle, after=last or after, limit=_PAGE
            )

        seen = kept(page, lambda one: one.id, lambda one: self.vehicles.has(one.vehicle))
        return first(seen, limit)

    def recordings(self, measurement: str) -> Sequence[Recording]:
        """Return the recordings of a measurement by name."""
        return self._catalog.recordings(self.measurement(measurement).id)

    def artifact(self, artifact: str) -> Artifact:
        """Return one artifact."""
        try:
            found = self._catalog.artifact(artifact)
        except NotFound:
            raise gone("artifact", artifact) from None
        if not self._may_see(found.measurement or found.attributes.get("measurement")):
            raise gone("artifact", artifact)
        return found

    def _may_see(self, measurement: str | None) -> bool:
        """Say whether a measurement may be seen; what belongs to none (weather, maps) may."""
        if measurement is None:
            return True
        try:
            self.measurement(measurement)
        except NotFound:
            return False
        return True

    def artifacts(self, measurement: str, *, kind: str | None = None) -> Sequence[Artifact]:
        """Return the current artifacts of a measurement by kind, name and part."""
        return self._catalog.artifacts(self.measurement(measurement).id, kind=kind)

    def run(self, run: str) -> RunRecord:
        """Return the latest attempt of one run that ended."""
        try:
            found = self._catalog.run(run)
        except NotFound:
            raise gone("run", run) from None
        if not self._may_see(found.measurement):
            raise gone("run", run)
        return found

    def runs(self, measurement: str, *, step: str | None = None) -> Sequence[RunRecord]:
        """Return the latest ended attempt of every run of a measurement by start time."""
        return self._catalog.runs(self.measurement(measurement).id, step=step)

    def unfinished(self, measurement: str) -> Sequence[TaskSpec]:
        """Return the tasks that were begun and left no record."""
        return self._catalog.unfinished(self.measurement(measurement).id)

    def scene(self, scene: str) -> Scene:
        """Return one scene."""
        try:
            found = self._catalog.scene(scene)
        except NotFound:
            raise gone("scene", scene) from None
        if not self.vehicles.has(found.vehicle):
            raise gone("scene", scene)
        return found

    def _narrowed(self, query: SceneQuery) -> SceneQuery:
        mine = self.vehicles.question()
        both = mine if query.matching is None else AllOf((mine, query.matching))
        return replace(query, matching=both)

    def scenes(
        self, query: SceneQuery, *, after: str | None = None, limit: int = 100
    ) -> Sequence[Scene]:
        """Return current scenes ordered by (start, id), after the scene id ``after``."""
        if after is not None:
            self.scene(after)
        return self._catalog.scenes(self._narrowed(query), after=after, limit=limit)

    def count_scenes(self, query: SceneQuery, *, by: str = "type") -> dict[str, int]:
        """Return how many current scenes match."""
        return self._catalog.count_scenes(self._narrowed(query), by=by)

    def explain(self, query: SceneQuery) -> Sequence[Statement]:
        """Return how the first page of the scenes that may be seen is looked for."""
        return self._catalog.explain(self._narrowed(query))

    def knows_attribute(self, name: str) -> bool:
        """Say whether some scene has evidence or surroundings of this name."""
        return self._catalog.knows_attribute(name)

    def attribute_names(self) -> Sequence[str]:
        """Return no names: those of other vehicles' scenes are among them."""
        return ()

    def lineage(self, start: str, direction: Direction, *, depth: int | None = None) -> Lineage:
        """Walk from a scene, artifact, run, recording or dataset over what may be seen."""
        try:
            found = self._catalog.lineage(start, direction, depth=depth)
        except NotFound:
            raise gone("scene, artifact, run, recording or dataset", start) from None
        measurements = {str(one.facts["measurement"]) for one in found.nodes if _lies_in(one)}
        mine = {one for one in measurements if self._may_see(one)}
        seen = {one.id: one for one in found.nodes if self._may_see_node(one, mine)}
        if found.root not in seen:
            raise gone("scene, artifact, run, recording or dataset", start)
        edges = tuple(one for one in found.edges if {one.src, one.dst} <= seen.keys())
        return Lineage(root=found.root, nodes=tuple(seen.values()), edges=edges)

    def _may_see_node(self, node: Node, mine: Container[str]) -> bool:
        if node.kind == "dataset":
            held = node.facts.get("vehicles")
            return isinstance(held, list) and all(self.vehicles.has(str(one)) for one in held)
        if _lies_in(node):
            return str(node.facts["measurement"]) in mine
        if node.kind == "reference":
            return True
        # It belongs to no measurement, but may name one: what came back from labelling does.
        try:
            self.artifact(node.id)
        except NotFound:
            return False
        return True


def _lies_in(node: Node) -> bool:
    return node.kind != "dataset" and "measurement" in node.facts


def first(found: Iterator[T], limit: int) -> list[T]:
    """Return the first of what was found; a ``limit`` of 0 or less means all."""
    if limit <= 0:
        return list(found)
    return [one for _, one in zip(range(limit), found, strict=False)]
