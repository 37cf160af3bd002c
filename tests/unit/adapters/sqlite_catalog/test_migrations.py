"""Old tables are brought up to date, newer and foreign ones are refused."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.adapters.sqlite_catalog.migrations import MIGRATIONS, Migration, migrate
from avdataops.adapters.sqlite_catalog.tables_1 import create_tables
from avdataops.model.errors import ConfigError
from avdataops.testing.catalog_store import register
from avdataops.testing.facts import uploaded


def add_colour(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE measurements ADD COLUMN colour TEXT")


def break_half_way(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half (a INTEGER) STRICT")
    connection.execute("CREATE TABLE half (a INTEGER) STRICT")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        opened.row_factory = sqlite3.Row
        yield opened


def _applied(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    return [tuple(row) for row in connection.execute("SELECT * FROM migrations ORDER BY number")]


def test_numbers_count_from_one_without_gaps() -> None:
    assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_an_empty_file_gets_all_tables_once(connection: sqlite3.Connection) -> None:
    migrate(connection, "c")
    migrate(connection, "c")
    assert _applied(connection) == [(step.number, step.apply.__name__) for step in MIGRATIONS]


def test_an_old_catalog_gets_what_it_lacks_and_keeps_its_facts(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    with SqliteCatalog(file) as catalog:
        register(catalog)
    longer = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, add_colour))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        migrate(connection, "c", longer)
        assert _applied(connection)[-1] == (len(longer), "add_colour")
        assert connection.execute("SELECT id, colour FROM measurements").fetchall() == [
            (uploaded().id, None)
        ]


def test_a_newer_catalog_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    SqliteCatalog(file).close()
    newer = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, add_colour))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        migrate(connection, "c", newer)
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=f"version {len(newer)}") as caught:
        SqliteCatalog(file)
    assert "newer avdataops" in (caught.value.hint or "")
    assert file.read_bytes() == before


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "rosbag2_0.db3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, data BLOB)")
        connection.commit()
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="not a catalog"):
        SqliteCatalog(file)
    assert file.read_bytes() == before


def test_a_migration_that_breaks_leaves_the_old_tables(connection: sqlite3.Connection) -> None:
    migrate(connection, "c", (Migration(1, create_tables),))
    with pytest.raises(sqlite3.OperationalError):
        migrate(
            connection,
            "c",
            (Migration(1, create_tables), Migration(2, add_colour), Migration(3, break_half_way)),
        )
    assert _applied(connection) == [(1, "create_tables")]
    names = [row[1] for row in connection.execute("PRAGMA table_info(measurements)")]
    assert "colour" not in names
    assert not connection.in_transaction
