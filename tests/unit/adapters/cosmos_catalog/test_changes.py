"""How a change is cut into batches, and what becomes of changes that meet."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.adapters.cosmos_catalog import CosmosCatalog
from avdataops.adapters.cosmos_catalog.changes import MAX_BATCH_BYTES, MAX_OPERATIONS, batches
from avdataops.adapters.cosmos_catalog.values import size_of
from avdataops.model.errors import Conflict
from avdataops.model.measurement import Reason, State
from avdataops.ports.catalog import SceneQuery, Taken
from avdataops.testing.catalog_store import detected, extracted, register
from avdataops.testing.facts import record, scene, task, uploaded
from tests.doubles.cosmos.server import CosmosDouble

Open = Callable[[], CosmosCatalog]


@given(
    st.lists(st.integers(0, 1_200_000), max_size=8),
    st.integers(0, 250),
    st.integers(0, MAX_BATCH_BYTES),
)
def test_batches_hold_every_document_once_in_order_and_within_the_limits(
    large: list[int], small: int, spare: int
) -> None:
    documents: list[dict[str, Any]] = [{"n": n, "x": "x" * size} for n, size in enumerate(large)]
    documents += [{"n": n} for n in range(len(large), len(large) + small)]
    found = batches(documents, spare=spare)
    assert [one["n"] for batch in found for one in batch] == list(range(len(documents)))
    for batch in found:
        assert len(batch) < MAX_OPERATIONS
        assert sum(size_of(one) for one in batch) <= MAX_BATCH_BYTES
    if found:
        assert sum(size_of(one) for one in found[-1]) + spare <= MAX_BATCH_BYTES


def test_nothing_needs_no_batch() -> None:
    assert batches([], spare=10) == []


@pytest.mark.parametrize("count", [98, 99, 100, 101, 199, 250])
def test_commits_of_any_size_around_the_limit_of_a_batch_arrive_whole(
    cosmos: CosmosDouble, catalog: CosmosCatalog, count: int
) -> None:
    drive = register(catalog)
    spec = task("extract", drive.id, drive.uploads)
    done = record(spec, [("stream", f"/topic{n}") for n in range(count)])
    cosmos.faults.clear()
    catalog.commit([Taken(done)])
    assert cosmos.faults.operations.count("batch") == (count + 1) // (MAX_OPERATIONS - 1) + bool(
        (count + 1) % (MAX_OPERATIONS - 1)
    )
    assert len(catalog.artifacts(drive.id, kind="stream")) == count


def test_a_commit_that_changes_nothing_writes_nothing(
    cosmos: CosmosDouble, catalog: CosmosCatalog
) -> None:
    drive = register(catalog)
    streams = extracted(drive)
    taken = [Taken(streams), detected(drive, streams.made, [scene(drive.id, "cut_in")])]
    catalog.commit(taken)
    cosmos.faults.clear()
    catalog.commit(taken)
    register(catalog)
    catalog.set_state(drive.id, State.PENDING)
    assert set(cosmos.faults.operations) == {"read", "query"}


def _at_once(act: Callable[[int], object], threads: int) -> list[object]:
    start = threading.Barrier(threads)

    def one(number: int) -> object:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def test_of_two_orchestrators_one_moves_the_state_and_the_other_is_told(
    open_catalog: Open,
) -> None:
    """Both take a running measurement back and on; every answer fits some order of the moves."""
    catalogs = [open_catalog(), open_catalog()]
    drive = register(catalogs[0])
    goals = (State.QUARANTINED, State.RUNNING)

    def act(number: int) -> str:
        try:
            if number == 0:
                reason = Reason(code="x", message="x", fix="x")
                catalogs[0].set_state(drive.id, State.QUARANTINED, reason)
            else:
                catalogs[1].set_state(drive.id, State.RUNNING)
        except Conflict:
            return "conflict"
        return goals[number].value

    answers = _at_once(act, 2)
    assert answers[0] == "quarantined"
    assert answers[1] in {"running", "conflict"}
    assert catalogs[0].measurement(drive.id).state is State.QUARANTINED


def test_two_orchestrators_begin_and_commit_the_same_work_at_once(open_catalog: Open) -> None:
    """No attempt number is given twice, and the results are there once."""
    catalogs = [open_catalog(), open_catalog()]
    drive = register(catalogs[0])
    specs = [task("extract", drive.id, drive.uploads, {"n": n}) for n in range(5)]

    def act(number: int) -> list[tuple[str, int]]:
        begun = catalogs[number].begin(specs)
        for spec in begun:
            done = record(replace(spec, attempt=1), [("stream", "/imu")])
            catalogs[number].commit([Taken(replace(done, attempt=spec.attempt))])
        return [(spec.id, spec.attempt) for spec in begun]

    answers = _at_once(act, 2)
    numbers = [pair for one in answers if isinstance(one, list) for pair in one]
    assert len(set(numbers)) == len(numbers) == 10
    assert len(catalogs[0].runs(drive.id)) == 5
    assert {one.attempt for one in catalogs[0].runs(drive.id)} == {2}
    assert catalogs[0].unfinished(drive.id) == []
    assert len(catalogs[0].artifacts(drive.id, kind="stream")) == 5


def test_a_commit_over_several_measurements_is_checked_before_the_first_is_written(
    catalog: CosmosCatalog,
) -> None:
    first, second = register(catalog), register(catalog, uploaded("second"))
    good = extracted(first)
    bad = replace(extracted(second), used=("art_0123456789abcdef",))
    with pytest.raises(Exception, match="no artifact"):
        catalog.commit([Taken(good), Taken(bad)])
    assert catalog.runs(first.id) == []
    catalog.commit([Taken(good), Taken(extracted(second))])
    assert [len(catalog.runs(one.id)) for one in (first, second)] == [1, 1]
    assert catalog.scenes(SceneQuery()) == []


def test_work_is_charged_to_what_asked_for_it(catalog: CosmosCatalog) -> None:
    drive = register(catalog)
    before = catalog.request_units()
    assert set(before) == {"register"}
    assert before["register"] > 10
    catalog.measurement(drive.id)
    after = catalog.request_units()
    assert after["measurement"] == 1.0
    assert after["register"] == before["register"]
