"""Questions as hypothesis makes them, over the names and values of ``question_world``."""

from hypothesis import strategies as st

from avdataops.model.places import Ring
from avdataops.model.time import TimeRange
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
from avdataops.testing.facts import T0_NS, uploaded
from avdataops.testing.question_world import NEVER, TYPES

_NAMES = st.lists(st.sampled_from([*TYPES, NEVER]), min_size=1, max_size=2).map(tuple)
_MOMENTS = st.sampled_from([-50, 0, 1, 200, 400, 640, 1000, 1200]).map(lambda n: T0_NS + n)
_NUMBERS = st.sampled_from([0, 1, 2.5, -1.0, 8.5, 0.5, True, 1e300, float("nan")])
_WORDS = st.sampled_from(
    ["a", "b", "1", "night", "rain", "car-0", uploaded("world 1").id, "rejected"]
)
_ATTRIBUTES = st.sampled_from(
    [
        *("x", "y", "z", "light", "ego_speed_mps", "way_id", "confidence", "actor", "truncated"),
        *("duration_s", "lat_deg", "type", "vehicle", "measurement", "detector", "review"),
    ]
)
_RING = Ring(((56.0, 10.0), (56.0, 10.25), (56.25, 10.25), (56.25, 10.0)))

_CONDITIONS = st.builds(
    Condition, _ATTRIBUTES, st.sampled_from(list(Comparison)), _NUMBERS | _WORDS
)
_LEAVES: st.SearchStrategy[Question] = st.one_of(
    st.builds(OfType, _NAMES),
    st.builds(OfType, _NAMES),
    _CONDITIONS,
    st.builds(Known, _ATTRIBUTES),
    st.tuples(_MOMENTS, _MOMENTS).map(lambda pair: InTime(TimeRange(*sorted(pair)))),
    st.sampled_from([Near(56.1, 10.1, 1000.0), Near(56.2, 10.2, 20_000.0), Inside(_RING)]),
)


def _related(of: st.SearchStrategy[Question]) -> st.SearchStrategy[Question]:
    bound = st.none() | st.sampled_from([0, 1, 40, 300])

    def built(
        relation: Relation,
        named: tuple[str, ...],
        also: Question,
        within_ns: int | None,
        same_actor: bool,
    ) -> Question:
        if relation is Relation.AROUND:
            within_ns = within_ns or 0
        elif relation not in {Relation.AFTER, Relation.BEFORE, Relation.THEN}:
            within_ns = None
        other = AllOf((OfType(named), also)) if named else also
        return Related(relation, other, within_ns, same_actor=same_actor)

    return st.builds(
        built,
        st.sampled_from(list(Relation)),
        st.just(()) | _NAMES,
        st.just(AllOf()) | of,
        bound,
        st.sampled_from([False, False, True]),
    )


def _joined(parts: st.SearchStrategy[Question]) -> st.SearchStrategy[Question]:
    several = st.lists(parts, max_size=3).map(tuple)
    return st.builds(AllOf, several) | st.builds(AnyOf, several) | st.builds(Not, parts)


_ALONE = st.recursive(_LEAVES, _joined, max_leaves=4)
_ONCE = st.recursive(_LEAVES | _related(_ALONE), _joined, max_leaves=3)
QUESTIONS: st.SearchStrategy[Question] = st.recursive(
    _LEAVES | _related(_ALONE) | _related(_ONCE), _joined, max_leaves=5
)
"""Every kind of leaf, joined and denied, and company that has company."""
