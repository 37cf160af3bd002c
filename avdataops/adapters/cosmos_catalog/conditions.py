"""Scene queries as tests in the SQL of Cosmos DB: whitelisted names, bound values.

A test that has no answer (the attribute is not there, or of another type) is not true, so the
scene is left out; guards on the type say so in the text too, and do not rely on how the service
compares values of different types.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from avdataops.adapters.cosmos_catalog.values import (
    INT64_MAX,
    INT64_MIN,
    check_ns,
    check_text,
    sortable,
)
from avdataops.model.errors import InputError
from avdataops.model.places import check_circle
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import Comparison, Condition, Near, SceneQuery
from avdataops.ports.catalog_rules import EVIDENCE_NAME, OWN_NUMBERS, OWN_TEXTS, unknown_attribute

NOTHING = "false"
REVIEW = "review"

_SLACK = 1.01
"""The service measures on the ellipsoid, we on the sphere; they differ by 0.6 % at most."""

_SLACK_M = 1.0
_FAR_M = 2_000_000.0
"""From here on the circle covers so much that an index is no help; distances are ours alone."""

KnownNames = Callable[[], list[str]]


@dataclass(slots=True)
class Tests:
    """Tests on the item ``c`` that all must hold, and their values."""

    texts: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)

    def add(self, text: str, *values: object) -> None:
        """Add a test; each ``{}`` in ``text`` stands for the next value."""
        names = [f"v{len(self.values) + n}" for n in range(len(values))]
        self.texts.append(text.format(*(f"@{name}" for name in names)))
        self.values |= dict(zip(names, values, strict=True))

    @property
    def where(self) -> str:
        """Return the tests as one condition."""
        return " AND ".join(self.texts) if self.texts else "true"


def tests_of(query: SceneQuery, known_names: KnownNames) -> Tests:
    """Return the tests of place, time and attributes; the rest decides how to ask.

    Raises ``InputError`` for a place or an attribute that cannot be; ``known_names`` gives the
    names to choose a near miss from.
    """
    tests = Tests()
    if query.time is not None:
        _in_time(tests, query.time)
    if query.near is not None:
        _near(tests, query.near)
    for condition in query.where:
        _compared(tests, condition, known_names)
    return tests


def _in_time(tests: Tests, time: TimeRange) -> None:
    # The start is the beginning of the sort key, so the key is before the stop if the start is.
    start, stop = sortable(check_ns(time.start_ns)), sortable(check_ns(time.stop_ns))
    tests.add("c.at < {} AND c.stop > {}", stop, start)


def _near(tests: Tests, near: Near) -> None:
    check_circle(near.lat_deg, near.lon_deg, near.radius_m)
    if near.radius_m >= _FAR_M:
        tests.add('IS_NUMBER(c.own["lat_deg"]) AND IS_NUMBER(c.own["lon_deg"])')
        return
    point = {"type": "Point", "coordinates": [near.lon_deg, near.lat_deg]}
    reach_m = near.radius_m * _SLACK + _SLACK_M
    tests.add("ST_DISTANCE(c.place, {}) <= {}", point, reach_m)


def _compared(tests: Tests, condition: Condition, known_names: KnownNames) -> None:
    name, value = condition.attribute, condition.value
    is_text = isinstance(value, str)
    if name in OWN_NUMBERS or name in OWN_TEXTS:
        if (name in OWN_TEXTS) is not is_text:
            tests.add(NOTHING)
            return
        if name == REVIEW:
            # Reviews are other documents: the client looks at them, page by page.
            return
        where = f'c.own["{name}"]'
    elif EVIDENCE_NAME.fullmatch(name):
        where = f'c.evidence["{name}"]'
    else:
        raise unknown_attribute(name, known_names())
    if isinstance(value, str):
        check_text(value)
        tests.add(f"IS_STRING({where}) AND {where} {condition.op.value} {{}}", value)
    else:
        _compared_to_number(tests, where, condition.op, value)


def _compared_to_number(tests: Tests, where: str, op: Comparison, value: float) -> None:
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        raise InputError(f"{where[2:]} is compared with a number of more than 64 bits")
    number = float(value)
    if math.isfinite(number):
        tests.add(f"IS_NUMBER({where}) AND {where} {op.value} {{}}", number)
    elif _always_holds(op, number):
        tests.add(f"IS_NUMBER({where})")
    else:
        tests.add(NOTHING)


def _always_holds(op: Comparison, number: float) -> bool:
    """Say whether every finite number compares so with an infinite one; none does with NaN."""
    if math.isnan(number):
        return False
    if op is Comparison.NE:
        return True
    below = {Comparison.LT, Comparison.LE}
    above = {Comparison.GT, Comparison.GE}
    return op in (below if number > 0 else above)
