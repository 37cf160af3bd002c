"""Crashes, lost answers, throttling and outages at every request of every write."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from avdataops.adapters.cosmos_catalog import CosmosCatalog, changes
from avdataops.model.artifact import Artifact
from avdataops.model.errors import CatalogUnavailable, NotFound, PermissionDenied
from avdataops.model.measurement import Reason, State
from avdataops.ports.catalog import Catalog, Direction, SceneQuery, Taken
from avdataops.testing.catalog_store import detected, everything, extracted, ids, register
from avdataops.testing.facts import Uploaded, scene, task, uploaded
from tests.doubles.cosmos.faults import WRITES, Fault, Kind
from tests.doubles.cosmos.server import CosmosDouble

Open = Callable[[], CosmosCatalog]

BATCH = 8
"""Writes that go into one batch here; the service's 100 are tried in ``test_changes``."""
MANY = BATCH + 1
"""Scenes that do not fit into one batch."""


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_OPERATIONS", BATCH)


def findings(drive: Uploaded) -> list[Taken]:
    streams = extracted(drive)
    scenes = [scene(drive.id, "cut_in", n, evidence={"n": n}) for n in range(MANY)]
    return [Taken(streams), detected(drive, streams.made, scenes)]


def weather_of(drive: Uploaded) -> Artifact:
    return replace(drive.uploads[0], id=f"art_w{drive.id}", kind="weather", measurement=None)


def acts() -> dict[str, Callable[[Catalog, Uploaded], object]]:
    """Return each kind of write by name; all but register find a registered measurement."""
    reason = Reason(code="bad_crc", message="damaged", fix="avdataops upload DIR")
    return {
        "register": register,
        "reference": lambda catalog, drive: catalog.reference([weather_of(drive)]),
        "set_state": lambda catalog, drive: catalog.set_state(drive.id, State.QUARANTINED, reason),
        "begin": lambda catalog, drive: catalog.begin(
            [task("extract", drive.id, drive.uploads, {"n": n}) for n in range(3)]
        ),
        "commit": lambda catalog, drive: catalog.commit(findings(drive)),
        "supersede": lambda catalog, drive: catalog.commit(
            [Taken(extracted(drive, {"rate_hz": 5}))], superseded=[extracted(drive).run]
        ),
    }


def prepared(catalog: Catalog, act: str, title: str) -> Uploaded:
    """Return a measurement as ``act`` wants to find it."""
    drive = uploaded(title)
    if act != "register":
        register(catalog, drive)
    if act == "supersede":
        catalog.commit([Taken(extracted(drive))])
    return drive


def seen(catalog: Catalog, drive: Uploaded) -> object:
    """Return all that can be known of a measurement and its weather, or that it is not there."""
    found: list[object] = []
    for ask in (
        lambda: everything(catalog, drive.id),
        lambda: catalog.artifact(weather_of(drive).id),
    ):
        try:
            found.append(ask())
        except NotFound:
            found.append(None)
    return found


def summary(catalog: Catalog, drive: Uploaded) -> list[object]:
    """Return what is known of a measurement without its ids."""
    return [
        catalog.measurement(drive.id).state,
        sorted((run.step, run.attempt, run.outcome.value) for run in catalog.runs(drive.id)),
        [(spec.step, spec.attempt) for spec in catalog.unfinished(drive.id)],
        [(one.kind, one.name) for one in catalog.artifacts(drive.id)],
        catalog.count_scenes(SceneQuery(measurement=drive.id)),
        len(catalog.lineage(drive.uploads[0].id, Direction.DOWN).nodes),
    ]


@pytest.mark.parametrize("act", list(acts()))
def test_a_lost_answer_to_any_write_neither_loses_nor_doubles(
    cosmos: CosmosDouble, catalog: CosmosCatalog, act: str
) -> None:
    undisturbed = prepared(catalog, act, f"{act} undisturbed")
    cosmos.faults.clear()
    acts()[act](catalog, undisturbed)
    writes = sum(one in WRITES for one in cosmos.faults.operations)
    assert writes
    for number in range(1, writes + 1):
        drive = prepared(catalog, act, f"{act} {number}")
        cosmos.faults.order(Fault(kind=Kind.CUT_AFTER, operation="write", number=number))
        acts()[act](catalog, drive)
        cosmos.faults.clear()
        assert summary(catalog, drive) == summary(catalog, undisturbed)


@pytest.mark.parametrize("act", list(acts()))
def test_a_writer_that_dies_between_two_writes_shows_nothing_half_done(
    cosmos: CosmosDouble, catalog: CosmosCatalog, act: str
) -> None:
    """After each number of writes; then somebody looks, and repeats the call, twice."""
    undisturbed = prepared(catalog, act, f"{act} undisturbed")
    cosmos.faults.clear()
    acts()[act](catalog, undisturbed)
    writes = sum(one in WRITES for one in cosmos.faults.operations)
    for survived in range(writes):
        drive = prepared(catalog, act, f"{act} {survived}")
        before = seen(catalog, drive)
        cosmos.faults.order(Fault(kind=Kind.FORBIDDEN, operation="write", after=survived))
        with pytest.raises(PermissionDenied):
            acts()[act](catalog, drive)
        cosmos.faults.clear()
        assert seen(catalog, drive) == before, f"after {survived} writes of {act}"
        acts()[act](catalog, drive)
        after = seen(catalog, drive)
        assert summary(catalog, drive) == summary(catalog, undisturbed)
        if act != "begin":
            acts()[act](catalog, drive)
            assert seen(catalog, drive) == after


def test_a_write_that_never_gets_an_answer_is_given_up(
    cosmos: CosmosDouble, catalog: CosmosCatalog
) -> None:
    drive = register(catalog)
    before = everything(catalog, drive.id)
    cosmos.faults.order(Fault(kind=Kind.CUT_BEFORE, operation="write"))
    with pytest.raises(CatalogUnavailable, match="did not answer"):
        catalog.commit(findings(drive))
    cosmos.faults.clear()
    assert everything(catalog, drive.id) == before


def test_a_short_throttling_is_waited_out(cosmos: CosmosDouble, catalog: CosmosCatalog) -> None:
    drive = register(catalog)
    cosmos.faults.order(Fault(kind=Kind.THROTTLE, times=5, retry_after_ms=2))
    catalog.commit(findings(drive))
    assert catalog.count_scenes(SceneQuery(measurement=drive.id)) == {"cut_in": MANY}


def test_a_long_throttling_is_told_and_leaves_nothing(
    cosmos: CosmosDouble, catalog: CosmosCatalog
) -> None:
    drive = register(catalog)
    before = everything(catalog, drive.id)
    cosmos.faults.order(Fault(kind=Kind.THROTTLE, operation="batch", retry_after_ms=1))
    with pytest.raises(CatalogUnavailable, match="asks to wait") as caught:
        catalog.commit(findings(drive))
    assert caught.value.retryable
    cosmos.faults.clear()
    assert everything(catalog, drive.id) == before


def test_a_short_outage_of_writes_is_waited_out(
    cosmos: CosmosDouble, catalog: CosmosCatalog
) -> None:
    drive = register(catalog)
    cosmos.faults.order(Fault(kind=Kind.OUTAGE, operation="batch", times=1))
    catalog.commit(findings(drive))
    assert len(catalog.runs(drive.id)) == 2


def test_a_read_whose_connection_broke_is_tried_again(
    cosmos: CosmosDouble, catalog: CosmosCatalog
) -> None:
    drive = register(catalog)
    cosmos.faults.order(Fault(kind=Kind.CUT_BEFORE, operation="read", times=1))
    assert catalog.measurement(drive.id).id == drive.id


def test_an_outage_of_reads_is_told(cosmos: CosmosDouble, catalog: CosmosCatalog) -> None:
    cosmos.faults.order(Fault(kind=Kind.OUTAGE))
    with pytest.raises(CatalogUnavailable):
        catalog.scenes(SceneQuery())


def test_an_identity_without_rights_is_told(cosmos: CosmosDouble, catalog: CosmosCatalog) -> None:
    cosmos.faults.order(Fault(kind=Kind.FORBIDDEN))
    with pytest.raises(PermissionDenied, match="refused this identity"):
        catalog.measurement(uploaded().id)


def test_what_a_dead_writer_left_is_never_named(
    cosmos: CosmosDouble, catalog: CosmosCatalog
) -> None:
    """Its scenes lie in the container; another attempt with other scenes does not show them."""
    drive = register(catalog)
    streams = extracted(drive)
    catalog.commit([Taken(streams)])
    dead = detected(drive, streams.made, [scene(drive.id, "cut_in", n) for n in range(3)])
    cosmos.faults.order(Fault(kind=Kind.FORBIDDEN, operation="batch", number=2))
    with pytest.raises(PermissionDenied):
        catalog.commit([dead])
    cosmos.faults.clear()
    second = [scene(drive.id, "rain", 1)]
    alive = detected(drive, streams.made, second)
    catalog.commit([replace(alive, record=replace(alive.record, attempt=2))])
    assert ids(catalog.scenes(SceneQuery())) == [second[0].id]
    with pytest.raises(NotFound):
        catalog.scene(dead.scenes[0].id)
