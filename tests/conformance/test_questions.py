"""Every catalog answers every question as the plain evaluator does: the same scenes, no others."""

import uuid
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings

from avdataops.adapters.cosmos_catalog import create_containers, open_cosmos_catalog
from avdataops.adapters.duckdb_tables import DuckTables
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.adapters.sqlite_catalog import scenes as sqlite_scenes
from avdataops.ports.catalog import Catalog, SceneQuery
from avdataops.ports.catalog_rules import attributes_of
from avdataops.ports.question_answers import answer
from avdataops.ports.question_checks import MAX_RELATED
from avdataops.ports.question_forms import leaves, normal
from avdataops.ports.questions import Not, Question, Related
from avdataops.tables.scene_relations import COVERAGE, REVIEWS, scene_relations
from avdataops.testing.question_world import World, make_world
from tests.conformance.question_strategies import QUESTIONS
from tests.doubles.cosmos.server import KEY, CosmosDouble

SEEDS = (1, 2, 3)
WORLDS = {seed: make_world(seed) for seed in SEEDS}
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: a question to the service costs requests, and a failing one is short."""


@pytest.fixture(scope="module")
def in_sqlite() -> Iterator[dict[int, Catalog]]:
    opened = {seed: SqliteCatalog(":memory:") for seed in SEEDS}
    for seed, catalog in opened.items():
        WORLDS[seed].fill(catalog)
    yield dict(opened)
    for catalog in opened.values():
        catalog.close()


@pytest.fixture(scope="module")
def in_cosmos(cosmos_server: CosmosDouble) -> Iterator[Catalog]:
    database = f"questions-{uuid.uuid4().hex}"
    create_containers(cosmos_server.endpoint, database, KEY)
    with open_cosmos_catalog(cosmos_server.endpoint, database, key=KEY) as catalog:
        WORLDS[1].fill(catalog)
        yield catalog
    assert cosmos_server.service.scans(database) == [], "a query looked at what has no index"


@pytest.fixture(scope="module")
def in_duckdb() -> Iterator[dict[int, DuckTables]]:
    opened = {seed: DuckTables(relations_of(world)) for seed, world in WORLDS.items()}
    yield opened
    for tables in opened.values():
        tables.close()


def relations_of(world: World) -> dict[str, pa.Table]:
    tiles = [
        {
            "measurement": measurement,
            "type": name,
            "start_ns": tile.start_ns,
            "end_ns": tile.end_ns,
            "known": int(tile.known),
            "current": 1,
        }
        for (measurement, name), some in world.tiles.items()
        for tile in some
    ]
    reviews = [
        {"scene": scene, "number": number, "verdict": verdict.value}
        for scene, said in world.verdicts.items()
        for number, verdict in enumerate(said, start=1)
    ]
    return {
        **scene_relations(world.scenes, map(attributes_of, world.scenes)),
        "coverage": pa.Table.from_pylist(tiles, schema=COVERAGE),
        "reviews": pa.Table.from_pylist(reviews, schema=REVIEWS),
    }


def expected(world: World, question: Question) -> list[str]:
    company = world.company
    found = [one for one in world.scenes if answer(question, one, company)]
    return [one.id for one in sorted(found, key=lambda one: (one.t_start_ns, one.id))]


def told(catalog: Catalog, question: Question) -> list[str]:
    found = catalog.scenes(SceneQuery(matching=question), limit=0)
    return [one.id for one in found]


def is_too_much(question: Question) -> bool:
    return sum(isinstance(one, Related) for one in leaves(normal(question))) > MAX_RELATED


@pytest.mark.parametrize("few", [0, 5_000])
@settings(max_examples=150, deadline=None)
@given(question=QUESTIONS)
def test_sqlite_finds_what_the_evaluator_finds(
    in_sqlite: dict[int, Catalog], few: int, question: Question
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Each question is asked both ways: from a small set, and scene by scene.
        patch.setattr(sqlite_scenes, "FEW_FOR_COUNT", few)
        for seed, catalog in in_sqlite.items():
            assert told(catalog, question) == expected(WORLDS[seed], question)


@settings(max_examples=60, deadline=None)
@given(question=QUESTIONS)
def test_duckdb_finds_what_the_evaluator_finds(
    in_duckdb: dict[int, DuckTables], question: Question
) -> None:
    for seed, tables in in_duckdb.items():
        assert tables.scenes(question) == expected(WORLDS[seed], question)


@settings(max_examples=60, deadline=None, phases=_PHASES)
@given(question=QUESTIONS)
def test_cosmos_finds_what_the_evaluator_finds(in_cosmos: Catalog, question: Question) -> None:
    assert told(in_cosmos, question) == expected(WORLDS[1], question)


@settings(max_examples=25, deadline=None, phases=_PHASES)
@given(question=QUESTIONS)
def test_counts_and_pages_are_of_the_same_scenes(
    in_cosmos: Catalog, in_sqlite: dict[int, Catalog], question: Question
) -> None:
    query = SceneQuery(matching=question)
    every = expected(WORLDS[1], question)
    for by in ("type", "day", "light", "detector"):
        counts = in_sqlite[1].count_scenes(query, by=by)
        assert counts == in_cosmos.count_scenes(query, by=by)
        assert sum(counts.values()) == len(every)
    found: list[str] = []
    while page := in_sqlite[1].scenes(query, after=found[-1] if found else None, limit=7):
        found += [one.id for one in page]
    assert found == every


@settings(max_examples=300, deadline=None)
@given(question=QUESTIONS)
def test_the_normal_form_has_the_same_three_answers(question: Question) -> None:
    world = WORLDS[2]
    company = world.company
    shaped = normal(question)
    assert normal(shaped) == shaped
    for one in world.scenes[:15]:
        assert answer(shaped, one, company) == answer(question, one, company)


@settings(max_examples=100, deadline=None)
@given(question=QUESTIONS)
def test_what_is_unknown_answers_neither_a_question_nor_its_opposite(question: Question) -> None:
    world = WORLDS[3]
    yes, no = set(expected(world, question)), set(expected(world, Not(question)))
    assert not yes & no
    unknown = {one.id for one in world.scenes if answer(question, one, world.company) is None}
    assert yes | no | unknown == {one.id for one in world.scenes}
    assert not unknown & (yes | no)
