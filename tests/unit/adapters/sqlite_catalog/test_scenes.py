"""Any query over any scenes gives what plain Python would say."""

import operator
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.adapters.sqlite_catalog import scenes as scenes_module
from avdataops.model.places import distance_m
from avdataops.model.scene import Scene
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.questions import Comparison, Condition, Near
from avdataops.testing.catalog_store import fill, ids
from avdataops.testing.facts import T0_NS, scene, uploaded

M = uploaded().id
TYPES = ("rain", "cut_in", "night")
OPS = {
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
}
VALUES = st.sampled_from([0, 1, 2.5, -1.0, True, False, "a", "b", ""])

SCENES = st.lists(
    st.builds(
        lambda kind, start, length, values, place: replace(
            scene(M, kind, start, stop_ns=start + length, evidence=values),
            lat_deg=place and place[0],
            lon_deg=place and place[1],
        ),
        st.sampled_from(TYPES),
        st.integers(0, 20),
        st.integers(0, 10),
        st.dictionaries(st.sampled_from("xyz"), st.none() | VALUES, max_size=3),
        st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)
QUERIES = st.builds(
    SceneQuery,
    types=st.lists(st.sampled_from(TYPES), max_size=2).map(tuple),
    time=st.none()
    | st.tuples(st.integers(0, 30), st.integers(0, 9)).map(
        lambda span: TimeRange(T0_NS + span[0], T0_NS + span[0] + span[1])
    ),
    near=st.none() | st.builds(Near, st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1.5e7)),
    where=st.lists(
        st.builds(Condition, st.sampled_from("xyz"), st.sampled_from(Comparison), VALUES),
        max_size=2,
    ).map(tuple),
    during=st.lists(st.sampled_from(TYPES), max_size=1).map(tuple),
)


@pytest.fixture(autouse=True, params=[0, 5_000])
def few(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each query is run both ways: from the small set, and scene by scene."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenes_module, "FEW_FOR_PAGE", request.param)
        patch.setattr(scenes_module, "FEW_FOR_COUNT", request.param)
        yield


def _holds(one: Scene, condition: Condition) -> bool:
    value = one.evidence.get(condition.attribute)
    if value is None or isinstance(value, str) != isinstance(condition.value, str):
        return False
    return bool(OPS[condition.op](value, condition.value))


def _span(one: Scene) -> TimeRange:
    return TimeRange(one.t_start_ns, one.t_end_ns)


def _is_near(one: Scene, near: Near) -> bool:
    if one.lat_deg is None or one.lon_deg is None:
        return False
    return distance_m(one.lat_deg, one.lon_deg, near.lat_deg, near.lon_deg) <= near.radius_m


def _matches(one: Scene, query: SceneQuery, scenes: list[Scene]) -> bool:
    return (
        (not query.types or one.type in query.types)
        and (query.time is None or _span(one).overlaps(query.time))
        and (query.near is None or _is_near(one, query.near))
        and all(_holds(one, condition) for condition in query.where)
        and all(
            any(other.type == kind and _span(other).overlaps(_span(one)) for other in scenes)
            for kind in query.during
        )
    )


@settings(max_examples=150, deadline=None)
@given(scenes=SCENES, query=QUERIES, size=st.integers(1, 5))
def test_pages_and_counts_are_those_of_plain_python(
    scenes: list[Scene], query: SceneQuery, size: int
) -> None:
    expected = sorted(
        (one for one in scenes if _matches(one, query, scenes)),
        key=lambda one: (one.t_start_ns, one.id),
    )
    with SqliteCatalog(":memory:") as catalog:
        fill(catalog, scenes)
        found: list[str] = []
        while page := catalog.scenes(query, after=found[-1] if found else None, limit=size):
            found += ids(page)
        assert found == ids(expected)
        counts = catalog.count_scenes(query)
        assert counts == {
            kind: n for kind in TYPES if (n := sum(one.type == kind for one in expected))
        }
