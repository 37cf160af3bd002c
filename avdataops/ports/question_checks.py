"""What every catalog refuses to be asked."""

from collections.abc import Callable, Collection

from avdataops.model.errors import HostileInput, InputError
from avdataops.model.places import check_circle
from avdataops.ports.catalog_rules import EVIDENCE_NAME, OWN_NUMBERS, OWN_TEXTS, unknown_attribute
from avdataops.ports.question_forms import leaves
from avdataops.ports.questions import (
    AllOf,
    AnyOf,
    Condition,
    Known,
    Near,
    Not,
    Question,
    Related,
    Relation,
)

MAX_LEAVES, MAX_RELATED, MAX_NESTED = 200, 12, 3
MAX_BOUND_NS = 366 * 86_400 * 10**9
"""No recording lasts a year."""


def check_question(question: Question, known_names: Callable[[], Collection[str]]) -> None:
    """Raise ``InputError`` for what cannot be, ``HostileInput`` for what is too much.

    ``known_names`` gives the names of evidence to choose a near miss from.
    """
    every = list(leaves(question))
    related = [leaf for leaf in every if isinstance(leaf, Related)]
    if len(every) > MAX_LEAVES or len(related) > MAX_RELATED or _nested(question) > MAX_NESTED:
        raise HostileInput(
            f"a question has at most {MAX_LEAVES} tests, {MAX_RELATED} other scenes,"
            f" {MAX_NESTED} of them within each other"
        )
    for leaf in every:
        if isinstance(leaf, Near):
            check_circle(leaf.lat_deg, leaf.lon_deg, leaf.radius_m)
        elif isinstance(leaf, Condition | Known):
            _check_name(leaf.attribute, known_names)
    for one in related:
        _check_bound(one)


def _check_name(name: str, known_names: Callable[[], Collection[str]]) -> None:
    if name in OWN_NUMBERS or name in OWN_TEXTS or EVIDENCE_NAME.fullmatch(name):
        return
    raise unknown_attribute(name, known_names())


def _check_bound(related: Related) -> None:
    far = related.within_ns
    if far is None:
        if related.relation is Relation.AROUND:
            raise InputError("'within ... of' another scene needs how far")
    elif not 0 <= far <= MAX_BOUND_NS:
        raise InputError(f"{far / 1e9:g} s is no distance in time between scenes (0 to a year)")


def _nested(question: Question) -> int:
    match question:
        case AllOf(parts) | AnyOf(parts):
            return max(map(_nested, parts), default=0)
        case Not(of):
            return _nested(of)
        case Related(of=of):
            return 1 + _nested(of)
        case _:
            return 0
