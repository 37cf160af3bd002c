"""Questions as tests in the SQL of Cosmos DB: whitelisted names, bound values.

A test that has no answer (the attribute is not there, or of another type) is not true, so the
scene is left out; guards on the type say so in the text too, and do not rely on how the service
compares values of different types.  What the service cannot tell (other scenes, rings, distances
to the metre) is left out of the text, which then finds more than is meant and never less; those
scenes are looked at once more here (``is_exact``, ``companions``).
"""

import math
from dataclasses import dataclass, field

from avdataops.adapters.cosmos_catalog.values import (
    INT64_MAX,
    INT64_MIN,
    check_ns,
    check_text,
    sortable,
)
from avdataops.model.errors import InputError
from avdataops.model.places import Box
from avdataops.model.time import TimeRange
from avdataops.ports.catalog_rules import OWN_NUMBERS, OWN_TEXTS, REVIEW
from avdataops.ports.question_forms import leaves, parts_of, types_of
from avdataops.ports.questions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Inside,
    InTime,
    Known,
    Leaf,
    Near,
    Not,
    OfType,
    Question,
    Related,
)

NOTHING = "false"

_SLACK = 1.01
"""The service measures on the ellipsoid, we on the sphere; they differ by 0.6 % at most."""

_SLACK_M = 1.0
_FAR_M = 2_000_000.0
"""From here on the circle covers so much that an index is no help; distances are ours alone."""

_OWN = {"type": "c.type", "measurement": "c.measurementId", "vehicle": "c.vehicle"}
"""Own fields that are properties of the document itself."""


@dataclass(slots=True)
class Tests:
    """Tests on the item ``c`` that all must hold, and their values."""

    texts: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)

    def bound(self, text: str, *values: object) -> str:
        """Return a test in which each ``{}`` stands for the next value."""
        names = [f"v{len(self.values) + n}" for n in range(len(values))]
        self.values |= dict(zip(names, values, strict=True))
        return text.format(*(f"@{name}" for name in names))

    def add(self, text: str, *values: object) -> None:
        """Add a test; each ``{}`` in ``text`` stands for the next value."""
        self.texts.append(self.bound(text, *values))

    @property
    def where(self) -> str:
        """Return the tests as one condition."""
        return " AND ".join(self.texts) if self.texts else "true"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what decides how it is asked."""

    question: Question
    types: tuple[str, ...] | None
    measurement: str | None
    vehicle: str | None
    tests: Tests
    """What else may match."""
    is_exact: bool
    """Whatever the service finds answers the question."""


def asked(question: Question) -> Asked:
    """Return how to ask a question in normal form; raises ``InputError`` for what cannot be."""
    named: dict[str, str | None] = {"measurement": None, "vehicle": None}
    tests = Tests()
    for part in parts_of(question):
        match part:
            case OfType():
                continue
            case Condition(("measurement" | "vehicle") as name, Comparison.EQ, str(value)) if (
                named[name] is None
            ):
                named[name] = check_text(value)
            case _:
                text = _may(part, tests)
                if text is not None:
                    tests.texts.append(text)
    return Asked(
        question=question,
        types=types_of(question),
        measurement=named["measurement"],
        vehicle=named["vehicle"],
        tests=tests,
        is_exact=all(map(_is_told, leaves(question))),
    )


def _is_told(leaf: Leaf) -> bool:
    """Say whether the service can tell all of it.  Reviews are other documents."""
    return not isinstance(leaf, Related | Near | Inside) and not asks_reviews(leaf)


def asks_reviews(leaf: Leaf) -> bool:
    """Say whether a test looks at the review of a scene."""
    return isinstance(leaf, Condition | Known) and leaf.attribute == REVIEW


def _may(question: Question, tests: Tests) -> str | None:
    """Return a test that is true wherever the question may be; None where any scene may match."""
    match question:
        case Condition(attribute="review") | Known("review") | Not(Known("review")):
            found = None
        case AllOf(parts):
            told = [_may(part, tests) for part in parts]
            every = [text for text in told if text is not None]
            found = f"({' AND '.join(every)})" if every else None
        case AnyOf(()):
            found = NOTHING
        case AnyOf(parts):
            told = [_may(part, tests) for part in parts]
            some = [text for text in told if text is not None]
            found = f"({' OR '.join(some)})" if len(some) == len(told) else None
        case Not(Related() | Near() | Inside()) | Related():
            found = None
        case Not(of):
            text = _may(of, tests)
            found = None if text is None else f"NOT ({text})"
        case _:
            found = _leaf(question, tests)
    return found


def _leaf(leaf: Leaf, tests: Tests) -> str | None:
    match leaf:
        case OfType(types):
            named = [check_text(name) for name in types]
            found: str | None = tests.bound("ARRAY_CONTAINS({}, c.type)", named)
        case InTime(time):
            found = _in_time(tests, time)
        case Near():
            found = _near(tests, leaf)
        case Inside(ring):
            found = _in_box(tests, ring.box)
        case Known(attribute):
            found = f"IS_DEFINED({_where(attribute)})"
        case Condition():
            found = _compared(tests, leaf)
        case _:
            found = None
    return found


def _in_time(tests: Tests, time: TimeRange) -> str:
    # The start is the beginning of the sort key, so the key is before the stop if the start is.
    start, stop = sortable(check_ns(time.start_ns)), sortable(check_ns(time.stop_ns))
    return tests.bound("c.at < {} AND c.stop > {}", stop, start)


def _near(tests: Tests, near: Near) -> str:
    if near.radius_m >= _FAR_M:
        return 'IS_NUMBER(c.own["lat_deg"]) AND IS_NUMBER(c.own["lon_deg"])'
    point = {"type": "Point", "coordinates": [near.lon_deg, near.lat_deg]}
    reach_m = near.radius_m * _SLACK + _SLACK_M
    return tests.bound("ST_DISTANCE(c.place, {}) <= {}", point, reach_m)


def _in_box(tests: Tests, box: Box) -> str:
    lat, lon = _where("lat_deg"), _where("lon_deg")
    return tests.bound(
        f"{lat} >= {{}} AND {lat} <= {{}} AND {lon} >= {{}} AND {lon} <= {{}}",
        box.lat_min_deg,
        box.lat_max_deg,
        box.lon_min_deg,
        box.lon_max_deg,
    )


def _where(attribute: str) -> str:
    if attribute in _OWN:
        return _OWN[attribute]
    part = "own" if attribute in OWN_NUMBERS or attribute in OWN_TEXTS else "evidence"
    return f'c.{part}["{attribute}"]'


def _compared(tests: Tests, condition: Condition) -> str:
    name, value = condition.attribute, condition.value
    wrong = OWN_NUMBERS if isinstance(value, str) else OWN_TEXTS
    if name in wrong:
        return NOTHING
    where = _where(name)
    if isinstance(value, str):
        text = f"IS_STRING({where}) AND {where} {condition.op.value} {{}}"
        return tests.bound(text, check_text(value))
    return _compared_to_number(tests, where, condition.op, value)


def _compared_to_number(tests: Tests, where: str, op: Comparison, value: float) -> str:
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        raise InputError(f"{where[2:]} is compared with a number of more than 64 bits")
    number = float(value)
    if math.isfinite(number):
        return tests.bound(f"IS_NUMBER({where}) AND {where} {op.value} {{}}", number)
    return f"IS_NUMBER({where})" if _always_holds(op, number) else NOTHING


def _always_holds(op: Comparison, number: float) -> bool:
    """Say whether every finite number compares so with an infinite one; none does with NaN."""
    if math.isnan(number):
        return False
    if op is Comparison.NE:
        return True
    below = {Comparison.LT, Comparison.LE}
    above = {Comparison.GT, Comparison.GE}
    return op in (below if number > 0 else above)
