"""What people write survives lost answers and deaths between any two writes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from avdataops.adapters.cosmos_catalog import CosmosCatalog
from avdataops.model.dataset import Frozen, frozen_dataset
from avdataops.model.errors import CatalogUnavailable, NotFound, PermissionDenied
from avdataops.model.review import Review, Verdict
from avdataops.model.saved_query import SavedQuery
from avdataops.ports.catalog import Direction, SceneQuery
from avdataops.ports.curation import Remembered
from avdataops.testing.catalog_datasets import label
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import T0_NS, scene, sha256_of, uploaded
from tests.doubles.cosmos.faults import Fault, Kind
from tests.doubles.cosmos.server import CosmosDouble

Open = Callable[[], CosmosCatalog]
DRIVE = uploaded()
SCENES = [scene(DRIVE.id, "cut_in", n) for n in range(3)]
SAID = Review(
    scene=SCENES[0].id, verdict=Verdict.ACCEPTED, by="ann", at_ns=T0_NS, request="this one"
)
WRITES_OF_ONE = 8
"""Scenes, artifacts, an edge from each of five artifacts, the name."""

WET = SavedQuery(name="wet", text="rain", owner="ann", at_ns=T0_NS)


@pytest.fixture
def filled(catalog: CosmosCatalog) -> CosmosCatalog:
    fill(catalog, SCENES, DRIVE)
    return catalog


def held(catalog: CosmosCatalog) -> Frozen:
    scenes = catalog.scenes(SceneQuery(), limit=0)
    return frozen_dataset(label(), scenes, catalog.artifacts(DRIVE.id))


def test_a_review_whose_answer_is_lost_is_there_once(
    cosmos: CosmosDouble, filled: CosmosCatalog
) -> None:
    cosmos.faults.order(Fault(kind=Kind.CUT_AFTER, operation="create", number=1))
    added = filled.review(SAID, expected=0)
    assert added == replace(SAID, number=1)
    assert filled.reviews(SAID.scene) == [added]


def test_a_review_that_did_not_arrive_is_sent_again(
    cosmos: CosmosDouble, filled: CosmosCatalog
) -> None:
    cosmos.faults.order(Fault(kind=Kind.CUT_BEFORE, operation="create", number=1))
    assert filled.review(SAID).number == 1
    assert len(filled.reviews(SAID.scene)) == 1


def test_a_review_that_names_no_request_is_not_sent_twice(
    cosmos: CosmosDouble, filled: CosmosCatalog
) -> None:
    cosmos.faults.order(Fault(kind=Kind.CUT_AFTER, operation="create", number=1))
    with pytest.raises(CatalogUnavailable):
        filled.review(replace(SAID, request=""))
    cosmos.faults.clear()
    assert len(filled.reviews(SAID.scene)) == 1


def test_a_service_that_stays_silent_is_told_and_nothing_is_there(
    cosmos: CosmosDouble, filled: CosmosCatalog
) -> None:
    cosmos.faults.order(Fault(kind=Kind.CUT_BEFORE, operation="create"))
    with pytest.raises(CatalogUnavailable):
        filled.review(SAID)
    cosmos.faults.clear()
    assert filled.reviews(SAID.scene) == []


@pytest.mark.parametrize("number", range(1, WRITES_OF_ONE + 2))
def test_who_dies_while_freezing_leaves_nothing_that_is_seen_and_mends_it_by_repeating(
    cosmos: CosmosDouble, filled: CosmosCatalog, open_catalog: Open, number: int
) -> None:
    frozen = held(filled)
    # Every write from this one on is lost, as if the process had died.
    cosmos.faults.order(Fault(kind=Kind.FORBIDDEN, operation="write", after=number - 1))
    try:
        filled.freeze(frozen)
        died = False
    except PermissionDenied:
        died = True
    cosmos.faults.clear()
    assert died is (number <= WRITES_OF_ONE)
    later = open_catalog()
    table = str(frozen.scenes[0].artifact)
    if died:
        assert later.datasets() == []
        with pytest.raises(NotFound):
            later.dataset(frozen.dataset.id)
        kinds = {node.kind for node in later.lineage(table, Direction.DOWN).nodes}
        assert "dataset" not in kinds
    assert later.freeze(frozen) == frozen.dataset
    assert tuple(later.dataset_scenes(frozen.dataset.id, limit=0)) == frozen.scenes
    assert tuple(later.dataset_artifacts(frozen.dataset.id, limit=0)) == frozen.artifacts
    assert frozen.dataset.id in {node.id for node in later.lineage(table, Direction.DOWN).nodes}


def test_a_name_whose_answer_is_lost_is_there(cosmos: CosmosDouble, filled: CosmosCatalog) -> None:
    frozen = held(filled)
    cosmos.faults.order(Fault(kind=Kind.CUT_AFTER, operation="create", number=1))
    assert filled.freeze(frozen) == frozen.dataset
    assert filled.datasets() == [frozen.dataset]


def test_a_large_dataset_lies_in_several_documents(
    filled: CosmosCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avdataops.adapters.cosmos_catalog.datasets._CHUNK", 2)
    frozen = held(filled)
    filled.freeze(frozen)
    for start in range(4):
        for limit in (1, 2, 3, 0):
            stop = start + limit if limit else None
            found = filled.dataset_scenes(frozen.dataset.id, start=start, limit=limit)
            assert tuple(found) == frozen.scenes[start:stop]
            some = filled.dataset_artifacts(frozen.dataset.id, start=start, limit=limit)
            assert tuple(some) == frozen.artifacts[start:stop]
    assert filled.lineage(frozen.dataset.id, Direction.UP).nodes[0].kind == "dataset"


def test_the_service_forgets_requests_by_its_own_clock(
    cosmos: CosmosDouble, catalog: CosmosCatalog
) -> None:
    seen = Remembered(key=sha256_of("k"), print=sha256_of("p"), at_ns=T0_NS, answer="yes")
    other = replace(seen, print=sha256_of("q"), answer=None)
    catalog.remember(seen)
    cosmos.service.clock_offset_s = 24 * 3600.0 - 5
    assert catalog.remember(other) == seen
    cosmos.service.clock_offset_s = 24 * 3600.0 + 5
    assert catalog.remember(other) == other


def test_queries_and_datasets_do_not_expire(cosmos: CosmosDouble, filled: CosmosCatalog) -> None:
    filled.save_query(WET, expected=0)
    frozen = held(filled)
    filled.freeze(frozen)
    cosmos.service.clock_offset_s = 400 * 24 * 3600.0
    assert filled.saved_query("wet") == WET
    assert filled.dataset("curves") == frozen.dataset


def test_what_people_write_is_charged_by_its_name(filled: CosmosCatalog) -> None:
    filled.review(SAID)
    filled.save_query(WET, expected=0)
    filled.freeze(held(filled))
    spent = filled.request_units()
    assert all(spent[name] > 0 for name in ("review", "save_query", "freeze"))
