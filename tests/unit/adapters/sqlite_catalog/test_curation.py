"""What is only added to cannot be changed or taken away, not even by a mistake of ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.dataset import Dataset, frozen_dataset
from avdataops.model.errors import NotFound
from avdataops.model.review import Review, Verdict
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.curation import REMEMBERED_S, Remembered
from avdataops.ports.questions import Comparison, Condition
from avdataops.testing.catalog_datasets import label
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import T0_NS, scene, sha256_of, uploaded

DRIVE = uploaded()
SCENES = [scene(DRIVE.id, "cut_in", n) for n in range(4)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def catalog(file: Path) -> Iterator[SqliteCatalog]:
    with SqliteCatalog(file) as opened:
        fill(opened, SCENES, DRIVE)
        yield opened


def frozen(catalog: SqliteCatalog) -> Dataset:
    scenes = catalog.scenes(SceneQuery(), limit=0)
    return catalog.freeze(frozen_dataset(label(), scenes, catalog.artifacts(DRIVE.id)))


@pytest.mark.parametrize("table", ["reviews", "datasets", "dataset_scenes", "dataset_artifacts"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET document = 'x'"])
def test_rows_stay_as_they_were_written(
    file: Path, catalog: SqliteCatalog, table: str, change: str
) -> None:
    catalog.review(Review(scene=SCENES[0].id, verdict=Verdict.ACCEPTED, by="ann", at_ns=1))
    frozen(catalog)
    with closing(sqlite3.connect(file)) as other:
        before = other.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - literals
        assert before
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            other.execute(change.format(table))
        assert other.execute(f"SELECT * FROM {table}").fetchall() == before  # noqa: S608


def test_a_dataset_that_is_half_written_is_not_written(
    catalog: SqliteCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = catalog.scenes(SceneQuery(), limit=0)
    good = frozen_dataset(label(), held, catalog.artifacts(DRIVE.id))

    def fail(dataset: object) -> str:
        if isinstance(dataset, Dataset):
            raise OSError("the disk is full")
        return "{}"

    monkeypatch.setattr("avdataops.adapters.sqlite_catalog.datasets.text_of", fail)
    with pytest.raises(OSError, match="full"):
        catalog.freeze(good)
    monkeypatch.undo()
    with pytest.raises(NotFound):
        catalog.dataset(good.dataset.id)
    assert catalog.freeze(good) == good.dataset
    assert tuple(catalog.dataset_scenes(good.dataset.id, limit=0)) == good.scenes


def test_old_requests_do_not_pile_up(file: Path, catalog: SqliteCatalog) -> None:
    day_ns = (REMEMBERED_S + 1) * 1_000_000_000
    for day in range(5):
        for n in range(3):
            key, at_ns = sha256_of(f"{day}/{n}"), T0_NS + day * day_ns
            catalog.remember(Remembered(key=key, print="p", at_ns=at_ns))
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT count(*) FROM requests").fetchone()[0] == 3


def test_reviewed_scenes_are_found_among_many_without_reading_them_all(
    file: Path, catalog: SqliteCatalog
) -> None:
    catalog.review(Review(scene=SCENES[2].id, verdict=Verdict.REJECTED, by="ann", at_ns=1))
    query = SceneQuery(where=(Condition("review", Comparison.EQ, "rejected"),))
    assert [one.id for one in catalog.scenes(query)] == [SCENES[2].id]
    with closing(sqlite3.connect(file)) as other:
        plan = other.execute(
            "EXPLAIN QUERY PLAN SELECT verdict FROM reviews WHERE scene = ?"
            " ORDER BY number DESC LIMIT 1",
            ("x",),
        ).fetchall()
    assert "SEARCH reviews USING PRIMARY KEY" in str(plan)


def test_datasets_of_an_artifact_are_found_by_index(file: Path, catalog: SqliteCatalog) -> None:
    frozen(catalog)
    with closing(sqlite3.connect(file)) as other:
        plan = other.execute(
            "EXPLAIN QUERY PLAN SELECT dataset FROM dataset_artifacts WHERE artifact IN (?, ?)",
            ("x", "y"),
        ).fetchall()
    assert "dataset_artifacts_by_artifact" in str(plan)
