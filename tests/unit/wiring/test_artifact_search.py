"""Artifacts are found by what is known of them, page by page, in bounded steps."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.errors import NotFound
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import Taken
from avdataops.testing.catalog_store import extracted, register
from avdataops.testing.facts import T0_NS, uploaded
from avdataops.wiring import artifact_search
from avdataops.wiring.artifact_search import ArtifactFilter, find_artifacts

DRIVES = [uploaded(f"drive {n}", vehicle=f"car-{n % 3}") for n in range(9)]


@pytest.fixture(scope="module")
def catalog() -> Iterator[SqliteCatalog]:
    """Return drives of three vehicles; every second one was extracted."""
    with SqliteCatalog(":memory:") as opened:
        for number, drive in enumerate(DRIVES):
            register(opened, drive)
            if number % 2 == 0:
                opened.commit([Taken(extracted(drive))])
        yield opened


def every(catalog: SqliteCatalog, wanted: ArtifactFilter) -> list[str]:
    """Return what is to be found, by looking at everything."""
    return [
        artifact.id
        for measurement in catalog.measurements(limit=0)
        if wanted.measurement in {None, measurement.id}
        and wanted.vehicle in {None, measurement.vehicle}
        for artifact in catalog.artifacts(measurement.id, kind=wanted.kind)
        if wanted.holds(artifact)
    ]


def walked(catalog: SqliteCatalog, wanted: ArtifactFilter, limit: int) -> list[str]:
    found: list[str] = []
    after: str | None = None
    for _ in range(200):
        page = find_artifacts(catalog, wanted, after, limit)
        assert len(page.artifacts) <= limit
        found += [one.id for one in page.artifacts]
        if page.following is None:
            return found
        assert page.following != after
        after = page.following
    raise AssertionError("the pages do not end")


_FILTERS = st.builds(
    ArtifactFilter,
    kind=st.sampled_from([None, "stream", "upload", "nothing"]),
    measurement=st.sampled_from([None, None, DRIVES[0].id, DRIVES[1].id]),
    vehicle=st.sampled_from([None, "car-0", "car-1", "car-9"]),
    time=st.sampled_from([None, TimeRange(T0_NS, T0_NS + 1), TimeRange(0, T0_NS)]),
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wanted=_FILTERS, limit=st.integers(1, 12), looked_at=st.integers(1, 10))
def test_pages_of_any_length_give_each_artifact_once(
    catalog: SqliteCatalog, wanted: ArtifactFilter, limit: int, looked_at: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(artifact_search, "LOOKED_AT", looked_at)
        patch.setattr(artifact_search, "_PAGE", 2)
        assert walked(catalog, wanted, limit) == every(catalog, wanted)


def test_a_page_looks_through_so_many_measurements_and_no_more(
    catalog: SqliteCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_search, "LOOKED_AT", 2)
    asked: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(catalog, name)

        def artifacts(self, measurement: str, *, kind: str | None = None) -> Any:
            asked.append(measurement)
            return catalog.artifacts(measurement, kind=kind)

    counting: Any = Counting()
    page = find_artifacts(counting, ArtifactFilter(kind="nothing"), None, 10)
    assert (page.artifacts, len(asked)) == ([], 2)
    assert page.following == asked[-1]


@pytest.mark.parametrize("after", ["art_" + "0" * 24, "", "nonsense"])
def test_a_page_goes_on_only_after_what_is_there(catalog: SqliteCatalog, after: str) -> None:
    with pytest.raises(NotFound):
        find_artifacts(catalog, ArtifactFilter(), after, 10)


def test_a_page_goes_on_after_an_artifact_that_was_asked_for(catalog: SqliteCatalog) -> None:
    stream = catalog.artifacts(DRIVES[0].id, kind="stream")[0].id
    with pytest.raises(NotFound, match="go on from"):
        find_artifacts(catalog, ArtifactFilter(kind="upload"), stream, 10)


def test_an_unknown_measurement_is_not_found(catalog: SqliteCatalog) -> None:
    with pytest.raises(NotFound):
        find_artifacts(catalog, ArtifactFilter(measurement="m_" + "0" * 24), None, 10)


@pytest.mark.parametrize(
    ("start", "stop", "found"),
    [(0, 1, 2), (-10, 0, 0), (-10, 1, 2), (60 * 10**9 - 1, 10**12, 2), (60 * 10**9, 10**12, 0)],
)
def test_time_is_half_open(catalog: SqliteCatalog, start: int, stop: int, found: int) -> None:
    span = TimeRange(T0_NS + start, T0_NS + stop)
    wanted = ArtifactFilter(measurement=DRIVES[0].id, time=span)
    assert len(find_artifacts(catalog, wanted, None, 10).artifacts) == found
