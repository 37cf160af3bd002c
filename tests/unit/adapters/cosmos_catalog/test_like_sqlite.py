"""Generated questions about one set of scenes: the same answers as SQLite gives."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from avdataops.adapters.cosmos_catalog import create_containers, open_cosmos_catalog
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.errors import InputError
from avdataops.model.ids import fingerprint
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_US, TimeRange
from avdataops.ports.catalog import Catalog, Direction, SceneQuery, Taken
from avdataops.ports.questions import Comparison, Condition, Near
from avdataops.testing.catalog_store import detected, extracted, register
from avdataops.testing.facts import T0_NS, scene, uploaded
from tests.doubles.cosmos.server import KEY, CosmosDouble

Both = tuple[Catalog, Catalog]

_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: each question costs a few requests, and a failing one is short enough."""

TYPES = ("cut_in", "rain", "night")
DRIVES = ("first", "second", "third")
VALUES: tuple[float | str | bool | None, ...] = (
    None, 0, 1, 0.5, -3.5, 1e300, True, False, "", "a", "Straße", "1", 2**60,
)  # fmt: skip


def _scenes(measurement: str, vehicle: str) -> list[Scene]:
    """Return scenes that share starts, touch, contain each other, and differ by nanoseconds."""
    found = []
    for n in range(24):
        digits = int(fingerprint([measurement, n]), 16)
        start = digits % 7 * 100 + digits // 7 % 3
        one = scene(
            measurement,
            TYPES[n % 3],
            start,
            stop_ns=start + (0, 1, 99, 100, 350)[digits // 21 % 5],
            evidence={"v": VALUES[digits // 100 % len(VALUES)], "n": n},
        )
        lat, lon = (None, 0.0, 56.16, 89.99)[digits % 4], (None, 179.99, -179.99, 10.2)[n % 4]
        found.append(
            replace(
                one,
                vehicle=vehicle,
                confidence=digits % 5 / 4,
                actor=(None, "7", "17")[digits % 3],
                truncated=n % 2 == 0,
                lat_deg=lat,
                lon_deg=lon,
            )
        )
    return found


def _fill(catalog: Catalog) -> None:
    """Take in drives; one detector ran twice on each, the last drive's first run is superseded."""
    for number, title in enumerate(DRIVES):
        drive = register(catalog, uploaded(title, vehicle=f"car-{number % 2}"))
        streams = extracted(drive)
        scenes = _scenes(drive.id, f"car-{number % 2}")
        early = detected(drive, streams.made, scenes[:16])
        late = detected(drive, streams.made[:1], [replace(s, confidence=0.5) for s in scenes[8:]])
        late = replace(late, record=replace(late.record, ended_ns=T0_NS * 2))
        catalog.commit([Taken(streams), early, late])
        if number == len(DRIVES) - 1:
            catalog.commit([], superseded=[early.record.run])


@pytest.fixture(scope="module")
def both(cosmos_server: CosmosDouble) -> Iterator[Both]:
    database = f"alike-{uuid.uuid4().hex}"
    create_containers(cosmos_server.endpoint, database, KEY)
    cosmos = open_cosmos_catalog(cosmos_server.endpoint, database, key=KEY)
    with SqliteCatalog(":memory:") as sqlite, cosmos:
        for catalog in (sqlite, cosmos):
            _fill(catalog)
        yield sqlite, cosmos
    assert cosmos_server.service.scans(database) == []


_TIMES = st.integers(-50, 1100).map(lambda n: T0_NS + n) | st.sampled_from(
    [-(2**63), -(2**70), 0, T0_NS + NS_PER_US, 2**63 - 1, 2**70]
)
_CONDITIONS = st.builds(
    Condition,
    attribute=st.sampled_from(
        ["v", "n", "w", "confidence", "actor", "truncated", "duration_s", "lat_deg", "detector"]
    ),
    op=st.sampled_from(list(Comparison)),
    value=st.sampled_from([value for value in VALUES if value is not None])
    | st.floats(width=64)
    | st.integers(-5, 30)
    | st.just(10**400),
)
_NEAR = st.builds(
    Near,
    lat_deg=st.sampled_from([0.0, 56.16, 56.2, 90.0, -90.0]),
    lon_deg=st.sampled_from([10.2, 10.25, 180.0, -180.0, 0.0]),
    radius_m=st.sampled_from([0.0, 1.0, 3_000.0, 6_000.0, 500_000.0, 3e6, 2e7]),
)
QUERIES = st.builds(
    SceneQuery,
    types=st.lists(st.sampled_from([*TYPES, "snow"]), max_size=3).map(tuple),
    measurement=st.none() | st.sampled_from([uploaded(t, vehicle="car-0").id for t in DRIVES]),
    vehicle=st.none() | st.sampled_from(["car-0", "car-1", "car-2"]),
    time=st.none() | st.tuples(_TIMES, _TIMES).map(lambda pair: TimeRange(*sorted(pair))),
    near=st.none() | _NEAR,
    where=st.lists(_CONDITIONS, max_size=2).map(tuple),
    during=st.lists(st.sampled_from([*TYPES, "snow"]), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None, phases=_PHASES)
@given(query=QUERIES, by=st.sampled_from(["type", "measurement", "vehicle"]))
def test_every_question_has_the_same_answer(both: Both, query: SceneQuery, by: str) -> None:
    sqlite, cosmos = both
    assert _answer(cosmos, query, by) == _answer(sqlite, query, by)


def _answer(catalog: Catalog, query: SceneQuery, by: str) -> object:
    try:
        return list(catalog.scenes(query, limit=0)), catalog.count_scenes(query, by=by)
    except InputError as error:
        return type(error)


@settings(max_examples=10, deadline=None, phases=_PHASES)
@given(query=QUERIES, size=st.integers(1, 9))
def test_pages_join_to_the_whole(both: Both, query: SceneQuery, size: int) -> None:
    sqlite, cosmos = both
    if _answer(sqlite, query, "type") is InputError:
        return
    found: list[Scene] = []
    while page := list(cosmos.scenes(query, after=found[-1].id if found else None, limit=size)):
        found.extend(page)
    assert found == list(sqlite.scenes(query, limit=0))


def test_lineage_is_the_same_up_and_down(both: Both) -> None:
    sqlite, cosmos = both
    drive = uploaded(DRIVES[0], vehicle="car-0")
    some = sqlite.scenes(SceneQuery(measurement=drive.id), limit=5)
    starts = [one.id for one in some] + [one.id for one in drive.uploads]
    starts += [one.id for one in drive.recordings]
    starts += [run.run for run in sqlite.runs(drive.id)]
    starts += [one.id for one in sqlite.artifacts(drive.id)]
    for start in starts:
        for direction in Direction:
            for depth in (0, 1, None):
                expected = sqlite.lineage(start, direction, depth=depth)
                found = cosmos.lineage(start, direction, depth=depth)
                assert found.nodes[0] == expected.nodes[0]
                assert {node.id: node for node in found.nodes} == {
                    node.id: node for node in expected.nodes
                }
                assert set(found.edges) == set(expected.edges)
