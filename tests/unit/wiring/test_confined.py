"""A confined catalog answers like a catalog that never had the rest."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.errors import Conflict, NotFound
from avdataops.model.measurement import State
from avdataops.model.review import Review, Verdict
from avdataops.model.saved_query import SavedQuery
from avdataops.ports.catalog import Direction, SceneQuery, Taken
from avdataops.ports.curation import Remembered
from avdataops.ports.questions import NOTHING, Comparison, Condition, OfType
from avdataops.testing.catalog_store import detected, extracted, register
from avdataops.testing.facts import T0_NS, Uploaded, scene, uploaded
from avdataops.wiring.confined import ConfinedCatalog, Vehicles, first
from avdataops.wiring.confined_desk import ConfinedDesk
from avdataops.wiring.datasets import Wanted, freeze

OURS = [uploaded(f"ours {n}", vehicle="fleet1-a") for n in range(3)]
THEIRS = [uploaded(f"theirs {n}", vehicle="fleet2-b") for n in range(3)]


def take(catalog: SqliteCatalog, drive: Uploaded) -> None:
    register(catalog, drive)
    streams = extracted(drive)
    vehicle = drive.manifest.vehicle
    scenes = [replace(scene(drive.id, kind, n), vehicle=vehicle)
              for n, kind in enumerate(("cut_in", "rain", "cut_in"))]  # fmt: skip
    catalog.commit([Taken(streams), detected(drive, streams.made, scenes)])


@pytest.fixture
def whole() -> Iterator[SqliteCatalog]:
    with SqliteCatalog(":memory:") as catalog:
        for ours, theirs in zip(OURS, THEIRS, strict=True):
            take(catalog, theirs)
            take(catalog, ours)
        yield catalog


@pytest.fixture
def alone() -> Iterator[SqliteCatalog]:
    """Return a catalog that has nothing but what the confined one shows."""
    with SqliteCatalog(":memory:") as catalog:
        for ours in OURS:
            take(catalog, ours)
        yield catalog


@pytest.fixture
def confined(whole: SqliteCatalog) -> ConfinedCatalog:
    return ConfinedCatalog(whole, Vehicles(("fleet1-*",)))


QUERIES = [
    SceneQuery(),
    SceneQuery(types=("cut_in",)),
    SceneQuery(vehicle="fleet1-a"),
    SceneQuery(vehicle="fleet2-b"),
    SceneQuery(during=("rain",)),
    SceneQuery(measurement=THEIRS[0].id),
    SceneQuery(matching=OfType(("rain",))),
    SceneQuery(matching=Condition("vehicle", Comparison.NE, "x")),
    SceneQuery(matching=NOTHING),
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
@pytest.mark.parametrize("limit", [1, 2, 100, 0])
def test_scenes_and_counts_are_those_of_a_catalog_without_the_rest(
    confined: ConfinedCatalog, alone: SqliteCatalog, query: SceneQuery, limit: int
) -> None:
    assert list(confined.scenes(query, limit=limit)) == list(alone.scenes(query, limit=limit))
    for by in ("type", "measurement", "vehicle"):
        assert confined.count_scenes(query, by=by) == alone.count_scenes(query, by=by)


@pytest.mark.parametrize("limit", [1, 2, 100, 0])
def test_measurements_are_listed_as_if_there_were_no_others(
    confined: ConfinedCatalog, alone: SqliteCatalog, limit: int
) -> None:
    given: list[dict[str, Any]] = [
        {}, {"state": State.PENDING}, {"state": State.COMPLETE}, {"vehicle": "fleet1-a"},
        {"vehicle": "fleet2-b"}, {"after": OURS[0].id}, {"after": "m_"},
    ]  # fmt: skip
    for asked in given:
        expected = list(alone.measurements(**asked, limit=limit))
        assert list(confined.measurements(**asked, limit=limit)) == expected


def test_everything_of_the_own_is_as_it_is(confined: ConfinedCatalog, alone: SqliteCatalog) -> None:
    for drive in OURS:
        assert confined.measurement(drive.id) == alone.measurement(drive.id)
        assert confined.recordings(drive.id) == alone.recordings(drive.id)
        assert confined.runs(drive.id) == alone.runs(drive.id)
        assert confined.unfinished(drive.id) == alone.unfinished(drive.id)
        for artifact in alone.artifacts(drive.id):
            assert confined.artifact(artifact.id) == artifact
            for way in Direction:
                assert confined.lineage(artifact.id, way) == alone.lineage(artifact.id, way)


def test_of_the_others_there_is_nothing(confined: ConfinedCatalog, whole: SqliteCatalog) -> None:
    drive = THEIRS[0].id
    artifact = whole.artifacts(drive)[0].id
    run = whole.runs(drive)[0].run
    found = whole.scenes(SceneQuery(measurement=drive))[0].id
    asks: list[tuple[Any, str]] = [
        (confined.measurement, drive), (confined.recordings, drive), (confined.artifacts, drive),
        (confined.runs, drive), (confined.unfinished, drive), (confined.artifact, artifact),
        (confined.run, run), (confined.scene, found),
        (lambda one: confined.scenes(SceneQuery(), after=one), found),
        *((lambda one: confined.lineage(one, Direction.UP), one)
          for one in (artifact, run, found, whole.recordings(drive)[0].id)),
    ]  # fmt: skip
    for ask, fact in asks:
        with pytest.raises(NotFound) as outside:
            ask(fact)
        never = f"{fact[:-4]}zzzz"
        with pytest.raises(NotFound) as unknown:
            ask(never)
        assert outside.value.message.replace(fact, never) == unknown.value.message
        assert outside.value.hint == unknown.value.hint
        assert "did you mean" not in unknown.value.message


def test_no_vehicle_is_no_data(whole: SqliteCatalog) -> None:
    nothing = ConfinedCatalog(whole, Vehicles(()))
    assert nothing.scenes(SceneQuery(), limit=0) == []
    assert nothing.count_scenes(SceneQuery()) == {}
    assert nothing.measurements(limit=0) == []
    assert nothing.attribute_names() == ()


def test_first_takes_no_more_than_it_needs() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    assert first(endless(), 3) == [0, 1, 2]
    assert len(taken) == 3
    assert first(iter([1, 2]), 0) == [1, 2]


@pytest.fixture
def desk(whole: SqliteCatalog, confined: ConfinedCatalog) -> ConfinedDesk:
    for name, vehicle in (("ours", "fleet1-a"), ("theirs", "fleet2-b"), ("all", None)):
        query = SceneQuery(vehicle=vehicle)
        freeze(whole, whole, Wanted(name=name, by="boss", query=query, text="x"))
    for name, owner in (("mine", "partner"), ("yours", "boss")):
        whole.save_query(SavedQuery(name=name, text="rain", owner=owner, at_ns=1), expected=0)
    return ConfinedDesk(whole, confined, "partner")


def test_the_desk_shows_own_datasets_and_queries_alone(
    desk: ConfinedDesk, whole: SqliteCatalog
) -> None:
    assert [one.name for one in desk.datasets()] == ["ours"]
    assert [one.name for one in desk.saved_queries()] == ["mine"]
    assert desk.dataset("ours") == whole.dataset("ours")
    held = desk.dataset("ours").id
    assert desk.dataset_scenes(held, limit=0) == whole.dataset_scenes(held, limit=0)
    for name in ("theirs", "all"):
        other = whole.dataset(name).id
        for ask in (desk.dataset, desk.dataset_scenes, desk.dataset_artifacts):
            with pytest.raises(NotFound):
                ask(other)
    with pytest.raises(NotFound):
        desk.saved_query("yours")
    with pytest.raises(NotFound):
        desk.drop_query("yours", expected=1)
    desk.drop_query("mine", expected=1)
    assert desk.saved_queries() == []


def test_the_desk_reviews_own_scenes_alone(desk: ConfinedDesk, whole: SqliteCatalog) -> None:
    ours = whole.scenes(SceneQuery(vehicle="fleet1-a"))[0].id
    theirs = whole.scenes(SceneQuery(vehicle="fleet2-b"))[0].id
    said = Review(scene=theirs, verdict=Verdict.ACCEPTED, by="boss", at_ns=T0_NS)
    whole.review(said)
    for ask in (desk.reviews, lambda _: desk.review(said)):
        with pytest.raises(NotFound):
            ask(theirs)
    mine = desk.review(replace(said, scene=ours, by="partner"))
    assert desk.latest_reviews([ours, theirs]) == {ours: mine}
    assert desk.reviews(ours) == [mine]


def test_a_name_that_others_took_is_told_without_what_it_names(
    desk: ConfinedDesk, confined: ConfinedCatalog
) -> None:
    wanted = Wanted(name="theirs", by="partner", query=SceneQuery(), text="x")
    with pytest.raises(Conflict) as caught:
        freeze(confined, desk, wanted)
    assert "ds_" not in f"{caught.value.message} {caught.value.hint}"


def test_requests_are_remembered_for_everybody(desk: ConfinedDesk) -> None:
    seen = Remembered(key="a" * 64, print="p", at_ns=1)
    assert desk.remember(seen) == seen
