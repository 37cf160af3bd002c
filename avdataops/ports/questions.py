"""What can be asked of a scene: a frozen tree of tests, each true, false or unknown.

A question is put to every scene by itself (*the* scene below).  Unknown is not false: a scene
answers a question only if it is true for it, and the opposite of unknown is unknown.  Not, and, or
follow Kleene: one false part makes an ``AllOf`` false whatever the others are, one true part an
``AnyOf`` true.
"""

from dataclasses import dataclass
from enum import StrEnum

from avdataops.model.places import Ring
from avdataops.model.time import TimeRange


class Comparison(StrEnum):
    """How an attribute is compared."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def opposite(self) -> "Comparison":
        """The comparison that holds for known values of one type where this one does not."""
        return _OPPOSITES[self]


_OPPOSITES = {
    Comparison.EQ: Comparison.NE,
    Comparison.NE: Comparison.EQ,
    Comparison.LT: Comparison.GE,
    Comparison.GE: Comparison.LT,
    Comparison.GT: Comparison.LE,
    Comparison.LE: Comparison.GT,
}


class Relation(StrEnum):
    """How another scene of the same measurement lies to the scene.

    Times are half-open, ``d`` is the bound; without one it is only bounded by the measurement.
    """

    WITH = "with"
    """They share an instant; a scene is with itself."""
    OVERLAPS = "overlaps"
    """Another one shares an instant with it."""
    DURING = "during"
    """The scene lies wholly within the other."""
    AROUND = "around"
    """At most ``d`` between the two, whichever comes first."""
    AFTER = "after"
    """The scene starts when the other has ended, at most ``d`` later."""
    BEFORE = "before"
    """The other starts when the scene has ended, at most ``d`` later."""
    THEN = "then"
    """The other starts no earlier than the scene, and at most ``d`` after the scene has ended."""
    BESIDE = "beside"
    """Anywhere in the measurement."""


@dataclass(frozen=True, slots=True)
class OfType:
    """The scene is of one of these types."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InTime:
    """The scene overlaps this stretch of time."""

    time: TimeRange


@dataclass(frozen=True, slots=True)
class Near:
    """Within ``radius_m`` (great-circle) of a point; unknown for scenes without a place."""

    lat_deg: float
    lon_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Inside:
    """Inside a ring of places; unknown for scenes without a place."""

    ring: Ring


@dataclass(frozen=True, slots=True)
class Condition:
    """``attribute op value`` over a scene's own fields, its evidence or its surroundings.

    Own fields: type, measurement, vehicle, confidence, detector, detector_version, actor,
    truncated, duration_s, lat_deg, lon_deg; ``review`` is the verdict of its latest review; any
    other name is evidence or, where the scene has no such evidence, surroundings.  Unknown if the
    attribute is (None or absent), or if a number is compared with text: such a scene matches no
    comparison, not even ``!=``.  True and false compare as 1 and 0.  Text is ordered by code point.
    """

    attribute: str
    op: Comparison
    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Known:
    """The attribute has a value; itself never unknown."""

    attribute: str


@dataclass(frozen=True, slots=True)
class Related:
    """There is a scene of the same measurement for which ``of`` is true, and that lies so.

    Where none was found it is false only if every type that ``of`` allows was judged all over the
    stretch in which such a scene would lie; else unknown: nobody could tell, or nobody looked.
    """

    relation: Relation
    of: "Question"
    within_ns: int | None = None
    """The bound ``d``; None for relations that have none, or that are not bounded."""
    same_actor: bool = False
    """Both have the same actor; unknown if one of the two is."""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: "Question"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part; without parts it is true of every scene."""

    parts: "tuple[Question, ...]" = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part; without parts it is true of no scene."""

    parts: "tuple[Question, ...]" = ()


Leaf = OfType | InTime | Near | Inside | Condition | Known | Related
Question = Leaf | Not | AllOf | AnyOf

EVERYTHING = AllOf()
NOTHING = AnyOf()
