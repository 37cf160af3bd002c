"""The parts of a question that hold over stretches of a drive, and where they do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.places import distance_m
from avdataops.model.scene import Scene, Surroundings
from avdataops.ports.catalog import CatalogReader, SceneQuery
from avdataops.ports.detecting import Signals
from avdataops.ports.question_answers import Answer, Value, compared
from avdataops.ports.question_forms import types_of
from avdataops.ports.questions import (
    AllOf,
    AnyOf,
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
from avdataops.signals.arrays import Pairs
from avdataops.signals.held_over import (
    NEVER,
    Held,
    all_of,
    always,
    any_of,
    found_in,
    over_ticks,
    unknown_in,
    value_at,
    whole,
)
from avdataops.signals.intervals import intersect, subtract, union
from avdataops.signals.surroundings import weather_at

_OVER_TIME = frozenset({Relation.WITH, Relation.OVERLAPS, Relation.DURING})
_AROUND = frozenset(Surroundings.__dataclass_fields__)
_OF_DRIVE = frozenset({"measurement", "vehicle"})


def is_driven(question: Question) -> bool:
    """Say whether a part holds over stretches of a drive, not only of scenes."""
    match question:
        case AllOf(parts) | AnyOf(parts):
            return bool(parts) and all(map(is_driven, parts))
        case Not(of):
            return is_driven(of)
        case Related(relation, of, _, same_actor):
            return relation in _OVER_TIME and not same_actor and types_of(of) is not None
        case Condition(attribute=name) | Known(name):
            return name in _AROUND or name in _OF_DRIVE
        case _:
            return isinstance(question, InTime | Near | Inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivePart:
    """One measurement, as far as conditions need it."""

    measurement: str
    vehicle: str
    context: Signals
    coverage: pa.Table
    """Tiles of every type, over the whole drive."""
    catalog: CatalogReader
    span: Pairs = field(init=False)

    def __post_init__(self) -> None:
        """Take the span of the drive from its tiles."""
        start = pc.min(self.coverage.column("t_ns")).as_py()
        stop = pc.max(self.coverage.column("t_end_ns")).as_py()
        object.__setattr__(self, "span", whole(start, stop))

    def unknown(self, held: Held) -> Pairs:
        """Return where in the drive it is not known."""
        return unknown_in(self.span, held)

    def scenes(self, question: Question) -> Sequence[Scene]:
        """Return the scenes of the drive for which a question is true."""
        query = SceneQuery(measurement=self.measurement, matching=question)
        return self.catalog.scenes(query, limit=0)


def spans_of(scenes: Iterable[Scene]) -> Pairs:
    """Return when scenes are, joined."""
    rows = [(one.t_start_ns, one.t_end_ns) for one in scenes]
    return union(np.array(rows, dtype=np.int64).reshape(-1, 2), NEVER)


def tiles_of(coverage: pa.Table, scene_type: str, *, known: bool) -> Pairs:
    """Return where a type was judged, or where it could not be."""
    mask = pc.and_(
        pc.equal(coverage.column("type"), scene_type), pc.equal(coverage.column("known"), known)
    )
    rows = coverage.filter(mask)
    pairs = [rows.column(name).to_numpy() for name in ("t_ns", "t_end_ns")]
    return union(np.column_stack(pairs).astype(np.int64), NEVER)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Evaluates a question over one drive; parts that only scenes have count as held."""

    drive: DrivePart

    def held(self, question: Question) -> Held:
        """Return where it holds and where it does not, in normal form."""
        span = self.drive.span
        match question:
            case AllOf(parts) if parts:
                found = all_of([self.held(part) for part in parts])
            case AnyOf(parts) if parts:
                found = any_of([self.held(part) for part in parts])
            case _ if not is_driven(question):
                found = always(span, true=True)
            case Not(of):
                found = self.held(of).opposite()
            case Related():
                found = self._company(question)
            case InTime(time):
                inside = intersect(whole(time.start_ns, time.stop_ns), span)
                found = Held(inside, subtract(span, inside))
            case _:
                found = self._over_ticks(question)
        return found

    def _company(self, related: Related) -> Held:
        """Return where such scenes are; others of their types may be unless judged otherwise."""
        types = types_of(related.of) or ()
        drive = self.drive
        true = drive.scenes(related.of)
        denied = {one.id for one in drive.scenes(AllOf((OfType(types), Not(related.of))))}
        maybe = [one for one in drive.scenes(OfType(types)) if one.id not in denied]
        judged = drive.span
        for name in types:
            judged = intersect(judged, tiles_of(drive.coverage, name, known=True))
        return found_in(drive.span, true=spans_of(true), maybe=spans_of(maybe), judged=judged)

    def _over_ticks(self, question: Question) -> Held:
        drive = self.drive
        match question:
            case Condition(attribute=("measurement" | "vehicle") as name, op=op, value=value):
                told = compared(getattr(drive, name), op, value)
                return always(drive.span, true=bool(told))
            case Known("measurement" | "vehicle"):
                return always(drive.span, true=True)
        return over_ticks(drive.context, drive.span, lambda row: self._at(question, row))

    def _at(self, question: Question, row: int) -> Answer:
        context = self.drive.context
        match question:
            case Condition(attribute, op, value):
                return compared(_value(context, attribute, row), op, value)
            case Known(attribute):
                return _value(context, attribute, row) is not None
        lat_deg, lon_deg = (value_at(context, name, row) for name in ("lat_deg", "lon_deg"))
        if lat_deg is None or lon_deg is None:
            return None
        match question:
            case Near(lat, lon, radius_m):
                return distance_m(lat_deg, lon_deg, lat, lon) <= radius_m
            case Inside(ring):
                return ring.holds(lat_deg, lon_deg)
        return None


def _value(context: Signals, attribute: str, row: int) -> Value:
    if attribute == "weather":
        return weather_at(context, row)
    value: Value = value_at(context, attribute, row)
    return value
