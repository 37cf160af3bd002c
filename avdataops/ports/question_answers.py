"""What the answer is: every question over plain scenes, true, false or unknown.

This is the meaning that catalogs keep to, written for reading.  A catalog whose service cannot
say all of it asks for what may match and leaves the rest to this.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from avdataops.model.places import distance_m
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.catalog_rules import OWN_NUMBERS, OWN_TEXTS, REVIEW, attributes_of
from avdataops.ports.judged import Tile
from avdataops.ports.question_forms import normal, types_of
from avdataops.ports.questions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Inside,
    InTime,
    Known,
    Near,
    Not,
    OfType,
    Question,
    Related,
    Relation,
)

Answer = bool | None
Own = OfType | InTime | Near | Inside | Condition | Known
Value = float | str | bool | None


class Company(Protocol):
    """The other scenes of a measurement, and where their detectors could tell."""

    def scenes(self, measurement: str) -> Sequence[Scene]:
        """Return its current scenes."""

    def tiles(self, measurement: str, scene_type: str) -> Sequence[Tile]:
        """Return where scenes of a type were judged, and where not."""

    def verdict(self, scene: str) -> str | None:
        """Return what the latest review of a scene says."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Company that is at hand."""

    by_measurement: Mapping[str, Sequence[Scene]]
    judged: Mapping[tuple[str, str], Sequence[Tile]]
    """(measurement, type) -> tiles."""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    """Scene -> verdict of its latest review."""

    def scenes(self, measurement: str) -> Sequence[Scene]:
        """Return its current scenes."""
        return self.by_measurement.get(measurement, ())

    def tiles(self, measurement: str, scene_type: str) -> Sequence[Tile]:
        """Return where scenes of a type were judged, and where not."""
        return self.judged.get((measurement, scene_type), ())

    def verdict(self, scene: str) -> str | None:
        """Return what the latest review of a scene says."""
        return self.verdicts.get(scene)


def answer(question: Question, scene: Scene, company: Company) -> Answer:
    """Return whether the question is true of the scene; None is unknown."""
    match question:
        case Not(of):
            found = negated(answer(of, scene, company))
        case AllOf(parts):
            found = negated(_any(negated(answer(part, scene, company)) for part in parts))
        case AnyOf(parts):
            found = _any(answer(part, scene, company) for part in parts)
        case Related():
            found = _related(question, scene, company)
        case _:
            found = _own(question, scene, company)
    return found


def _own(question: Own, scene: Scene, company: Company) -> Answer:
    """Return what the scene tells without others."""
    match question:
        case OfType(types):
            found: Answer = scene.type in types
        case InTime(time):
            found = time.overlaps(TimeRange(scene.t_start_ns, scene.t_end_ns))
        case Near() | Inside():
            found = _placed(question, scene)
        case Known(attribute):
            found = value_of(scene, attribute, company) is not None
        case Condition(attribute, op, value):
            found = compared(value_of(scene, attribute, company), op, value)
    return found


def negated(one: Answer) -> Answer:
    """Return the opposite; of unknown, unknown."""
    return None if one is None else not one


def _any(answers: Iterable[Answer]) -> Answer:
    found: Answer = False
    for one in answers:
        if one:
            return True
        if one is None:
            found = None
    return found


def value_of(scene: Scene, attribute: str, company: Company) -> Value:
    """Return the value of an attribute; None is unknown."""
    if attribute == REVIEW:
        return company.verdict(scene.id)
    if attribute == "duration_s":
        return (scene.t_end_ns - scene.t_start_ns) / NS_PER_S
    if attribute in OWN_NUMBERS or attribute in OWN_TEXTS:
        own: Value = getattr(scene, attribute)
        return own
    return attributes_of(scene).get(attribute)


_COMPARE: dict[Comparison, Callable[[float, float], bool]] = {
    Comparison.EQ: lambda one, other: one == other,
    Comparison.NE: lambda one, other: one != other,
    Comparison.LT: lambda one, other: one < other,
    Comparison.LE: lambda one, other: one <= other,
    Comparison.GT: lambda one, other: one > other,
    Comparison.GE: lambda one, other: one >= other,
}


def compared(known: Value, op: Comparison, value: float | str | bool) -> Answer:
    """Return how a known value compares; None if it is unknown, or one is text and one is not."""
    if known is None or isinstance(known, str) is not isinstance(value, str):
        return None
    if value != value:  # noqa: PLR0124 - NaN compares with nothing
        return None
    return _COMPARE[op](known, value)  # type: ignore[arg-type]  # both are text, or both numbers


def _placed(question: Near | Inside, scene: Scene) -> Answer:
    lat_deg, lon_deg = scene.lat_deg, scene.lon_deg
    if lat_deg is None or lon_deg is None:
        return None
    if isinstance(question, Inside):
        return question.ring.holds(lat_deg, lon_deg)
    reach_m = distance_m(lat_deg, lon_deg, question.lat_deg, question.lon_deg)
    return reach_m <= question.radius_m


def _related(question: Related, scene: Scene, company: Company) -> Answer:
    found: Answer = False
    for other in company.scenes(scene.measurement):
        if not lies_so(question, scene, other):
            continue
        both = answer(question.of, other, company)
        if question.same_actor:
            both = negated(_any([negated(both), negated(_same_actor(scene, other))]))
        if both:
            return True
        if both is None:
            found = None
    if found is False and not was_judged(question, scene, company):
        return None
    return found


def _same_actor(scene: Scene, other: Scene) -> Answer:
    if scene.actor is None or other.actor is None:
        return None
    return scene.actor == other.actor


def lies_so(question: Related, scene: Scene, other: Scene) -> bool:
    """Say whether another scene of the measurement lies to the scene as the relation asks."""
    relation, far = question.relation, question.within_ns
    if relation is not Relation.WITH and other.id == scene.id:
        return False
    return _LIES[relation](scene, other, math.inf if far is None else far)


_LIES: dict[Relation, Callable[[Scene, Scene, float], bool]] = {
    Relation.WITH: lambda s, o, _: o.t_start_ns < s.t_end_ns and o.t_end_ns > s.t_start_ns,
    Relation.OVERLAPS: lambda s, o, _: o.t_start_ns < s.t_end_ns and o.t_end_ns > s.t_start_ns,
    Relation.DURING: lambda s, o, _: o.t_start_ns <= s.t_start_ns and o.t_end_ns >= s.t_end_ns,
    Relation.AROUND: lambda s, o, far: (
        o.t_start_ns - s.t_end_ns <= far and s.t_start_ns - o.t_end_ns <= far
    ),
    Relation.AFTER: lambda s, o, far: 0 <= s.t_start_ns - o.t_end_ns <= far,
    Relation.BEFORE: lambda s, o, far: 0 <= o.t_start_ns - s.t_end_ns <= far,
    Relation.THEN: lambda s, o, far: (
        o.t_start_ns >= s.t_start_ns and o.t_start_ns - s.t_end_ns <= far
    ),
    Relation.BESIDE: lambda _, __, ___: True,
}


@dataclass(frozen=True, slots=True)
class Window:
    """Where a related scene would lie: each end is a scene's start or end, moved; or open."""

    from_end: bool = False
    """It begins at the end of the scene, else at its start."""
    until_start: bool = False
    """It stops at the start of the scene, else at its end."""
    before_ns: int | None = 0
    """It begins so long before; None: with the measurement."""
    after_ns: int | None = 0
    """It stops so long after; None: with the measurement."""


def window_of(question: Related) -> Window:
    """Return where a scene that is related so would lie."""
    far = question.within_ns
    match question.relation:
        case Relation.AROUND:
            found = Window(before_ns=far, after_ns=far)
        case Relation.AFTER:
            found = Window(until_start=True, before_ns=far)
        case Relation.BEFORE:
            found = Window(from_end=True, after_ns=far)
        case Relation.THEN:
            found = Window(after_ns=far)
        case Relation.BESIDE:
            found = Window(before_ns=None, after_ns=None)
        case _:
            found = Window()
    return found


def was_judged(question: Related, scene: Scene, company: Company) -> bool:
    """Say whether every type that is allowed was judged wherever such a scene would lie.

    A bounded window must lie within one known tile, so what is beyond the recording is unknown.
    One that is open is bounded by the recording: the type was looked for, and no stretch of the
    window is unknown.
    """
    types = types_of(normal(question.of))
    if types is None:
        return False
    window = window_of(question)
    return all(_judged(company.tiles(scene.measurement, name), scene, window) for name in types)


def _judged(tiles: Sequence[Tile], scene: Scene, window: Window) -> bool:
    start = scene.t_end_ns if window.from_end else scene.t_start_ns
    stop = scene.t_start_ns if window.until_start else scene.t_end_ns
    if window.before_ns is not None and window.after_ns is not None:
        first, last = start - window.before_ns, stop + window.after_ns
        return any(t.known and t.start_ns <= first and t.end_ns >= last for t in tiles)
    return bool(tiles) and not any(
        not t.known
        and (window.before_ns is None or t.end_ns > start)
        and (window.after_ns is None or t.start_ns < stop)
        for t in tiles
    )
