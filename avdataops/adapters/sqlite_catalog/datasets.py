"""Frozen datasets: kept once, told about for good."""

import sqlite3

from avdataops.adapters.sqlite_catalog.saved_queries import names_beside
from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset, Frozen, exact_scene
from avdataops.model.documents import from_json, text_of
from avdataops.model.scene import Scene
from avdataops.ports.curation_rules import check_frozen, no_such_name, same_dataset


def freeze(connection: sqlite3.Connection, frozen: Frozen) -> Dataset:
    """Keep a dataset under its name; raises ``Conflict`` and ``InputError``."""
    check_frozen(frozen)
    dataset = frozen.dataset
    known = _named(connection, dataset.name)
    if known is not None:
        return same_dataset(known, dataset)
    if _with_id(connection, dataset.id) is None:
        connection.executemany(
            "INSERT INTO dataset_scenes VALUES (?, ?, ?, ?)",
            ((dataset.id, n, one.id, text_of(one)) for n, one in enumerate(frozen.scenes)),
        )
        connection.executemany(
            "INSERT INTO dataset_artifacts VALUES (?, ?, ?)",
            ((dataset.id, one.id, text_of(one)) for one in frozen.artifacts),
        )
    connection.execute(
        "INSERT INTO datasets VALUES (?, ?, ?)", (dataset.name, dataset.id, text_of(dataset))
    )
    return dataset


def _named(connection: sqlite3.Connection, name: str) -> Dataset | None:
    row = connection.execute("SELECT document FROM datasets WHERE name = ?", (name,)).fetchone()
    return None if row is None else from_json(Dataset, row["document"])


def _with_id(connection: sqlite3.Connection, dataset: str) -> Dataset | None:
    row = connection.execute(
        "SELECT document FROM datasets WHERE id = ? ORDER BY name LIMIT 1", (dataset,)
    ).fetchone()
    return None if row is None else from_json(Dataset, row["document"])


def get_dataset(connection: sqlite3.Connection, which: str) -> Dataset:
    """Return a dataset by name or id; raises ``NotFound``."""
    found = _named(connection, which) or _with_id(connection, which)
    if found is None:
        raise no_such_name("dataset", which, names_beside(connection, "datasets", which))
    return found


def list_datasets(connection: sqlite3.Connection, after: str | None, limit: int) -> list[Dataset]:
    """Return datasets by name; a ``limit`` of 0 or less means all."""
    rows = connection.execute(
        "SELECT document FROM datasets WHERE name > ? ORDER BY name LIMIT ?",
        (after or "", limit if limit > 0 else -1),
    )
    return [from_json(Dataset, row["document"]) for row in rows]


def list_scenes(
    connection: sqlite3.Connection, dataset: str, start: int, limit: int
) -> list[Scene]:
    """Return scenes of a dataset from a place on; raises ``NotFound``."""
    get_dataset(connection, dataset)
    rows = connection.execute(
        "SELECT document FROM dataset_scenes WHERE dataset = ? AND place >= ? ORDER BY place"
        " LIMIT ?",
        (dataset, start, limit if limit > 0 else -1),
    )
    return [exact_scene(row["document"]) for row in rows]


def list_artifacts(
    connection: sqlite3.Connection, dataset: str, start: int, limit: int
) -> list[Artifact]:
    """Return artifacts of a dataset from a place on; raises ``NotFound``."""
    get_dataset(connection, dataset)
    rows = connection.execute(
        "SELECT document FROM dataset_artifacts WHERE dataset = ? ORDER BY artifact"
        " LIMIT ? OFFSET ?",
        (dataset, limit if limit > 0 else -1, start),
    )
    return [from_json(Artifact, row["document"]) for row in rows]
