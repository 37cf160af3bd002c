"""The database file: opened, refused, shared, interrupted."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.adapters.sqlite_catalog.connection import Database
from avdataops.model.errors import Busy, CatalogUnavailable, ConfigError
from avdataops.ports.catalog import SceneQuery, Taken
from avdataops.testing.catalog_store import detected, everything, extracted, register
from avdataops.testing.facts import scene, task, uploaded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    opened = Database(file, wait_s=0.2)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("trusted_schema", 0)],
)
def test_every_connection_has_the_safe_settings(
    database: Database, setting: str, value: object
) -> None:
    with database.read() as connection:
        assert connection.execute(f"PRAGMA {setting}").fetchone()[0] == value


def test_all_tables_are_strict(database: Database) -> None:
    with database.read() as connection:
        rows = connection.execute(
            "SELECT name, strict FROM pragma_table_list"
            " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
    assert {row["name"]: row["strict"] for row in rows} == dict.fromkeys(
        (
            "measurements",
            "recordings",
            "runs",
            "attempts",
            "artifacts",
            "used",
            "scenes",
            "evidence",
            "coverage",
            "migrations",
            "reviews",
            "saved_queries",
            "datasets",
            "dataset_scenes",
            "dataset_artifacts",
            "requests",
        ),
        1,
    )


def test_foreign_keys_hold_after_everything(database: Database) -> None:
    with database.write() as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO used VALUES ('run_0', 'art_0')")


def _write_and_fail(database: Database) -> None:
    with database.write() as connection:
        connection.execute(
            "INSERT INTO measurements (id, vehicle, state, created_ns, registered)"
            " VALUES ('m_0', 'v', 'pending', 0, '')"
        )
        raise ZeroDivisionError


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(database)
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM measurements").fetchone()[0] == 0


def test_a_read_sees_one_moment(file: Path, database: Database) -> None:
    other = Database(file)
    with database.read() as connection:
        before = connection.execute("SELECT count(*) FROM measurements").fetchone()[0]
        with other.write() as writer:
            writer.execute(
                "INSERT INTO measurements (id, vehicle, state, created_ns, registered)"
                " VALUES ('m_0', 'v', 'pending', 0, '')"
            )
        assert connection.execute("SELECT count(*) FROM measurements").fetchone()[0] == before
    other.close()


def test_a_locked_catalog_is_busy_after_the_wait(file: Path, database: Database) -> None:
    other = Database(file)
    with other.write(), pytest.raises(Busy, match=r"catalog\.sqlite") as caught, database.write():
        pass
    assert caught.value.retryable
    other.close()
    with database.write():
        pass


def test_a_closed_catalog_says_so(file: Path) -> None:
    with SqliteCatalog(file) as catalog:
        register(catalog)
    catalog.close()
    with pytest.raises(CatalogUnavailable, match="closed"):
        catalog.measurements()


def test_a_forked_process_must_open_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: real + 1)
    with pytest.raises(ConfigError, match="fork"), database.read():
        pass
    monkeypatch.undo()


def test_a_missing_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        SqliteCatalog(tmp_path / "nowhere" / "catalog.sqlite")


def test_a_file_that_is_no_database_is_a_wrong_setting(file: Path) -> None:
    file.write_bytes(b"PK\x03\x04 this is something else entirely" * 100)
    with pytest.raises(ConfigError, match="not a database") as caught:
        SqliteCatalog(file)
    assert caught.value.hint
    assert file.read_bytes().startswith(b"PK")


def test_an_empty_file_becomes_a_catalog(file: Path) -> None:
    file.touch()
    with SqliteCatalog(file) as catalog:
        assert catalog.measurements() == []


def test_a_catalog_cut_short_is_refused_when_it_matters(file: Path) -> None:
    with SqliteCatalog(file) as catalog:
        register(catalog)
    file.write_bytes(file.read_bytes()[:8192])
    with pytest.raises(ConfigError, match="cannot be used"), SqliteCatalog(file) as catalog:
        everything(catalog, uploaded().id)


def test_threads_take_turns_on_one_catalog(file: Path) -> None:
    failures: list[BaseException] = []
    with SqliteCatalog(file) as catalog:
        drive = register(catalog)

        def work(number: int) -> None:
            try:
                for turn in range(10):
                    catalog.commit([Taken(extracted(drive, {"n": number, "turn": turn}))])
                    catalog.scenes(SceneQuery())
            except BaseException as error:  # noqa: BLE001 - shown below
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(catalog.runs(drive.id)) == 40


class _Stopper:
    """Tells SQLite to stop, once, when it has asked ``calls`` times."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self) -> int:
        self.left -= 1
        return int(self.left == -1)


def test_a_commit_interrupted_at_any_moment_leaves_nothing() -> None:
    with SqliteCatalog(":memory:") as catalog:
        drive = register(catalog)
        streams = extracted(drive)
        scenes = [scene(drive.id, "cut_in", n, evidence={"a": 1, "b": "x"}) for n in range(3)]
        taken = [Taken(streams), detected(drive, streams.made, scenes)]
        catalog.begin([task("extract", drive.id, drive.uploads)])
        before = everything(catalog, drive.id)
        connection = catalog._database._own_connection()
        interrupted = 0
        for calls in range(10_000):
            connection.set_progress_handler(_Stopper(calls), 25)
            try:
                catalog.commit(taken)
            except CatalogUnavailable:
                interrupted += 1
            else:
                break
            finally:
                connection.set_progress_handler(None, 0)
            assert everything(catalog, drive.id) == before
        assert interrupted > 10
        assert catalog.count_scenes(SceneQuery()) == {"cut_in": 3}


_WRITER = """
import sys
from pathlib import Path
from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.ports.catalog import Taken
from avdataops.testing.catalog_store import detected, extracted
from avdataops.testing.facts import scene, uploaded

drive = uploaded()
with SqliteCatalog(Path(sys.argv[1])) as catalog:
    print("ready", flush=True)
    for turn in range(100_000):
        streams = extracted(drive, {"turn": turn})
        scenes = [scene(drive.id, "cut_in", n, evidence={"turn": turn}) for n in range(10)]
        catalog.commit([Taken(streams), detected(drive, streams.made, scenes)])
        print(turn, flush=True)
"""


def test_a_killed_writer_leaves_whole_commits_and_no_lock(file: Path) -> None:
    with SqliteCatalog(file) as catalog:
        drive = register(catalog)
    root = Path(__file__).parents[4]
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(file)], stdout=subprocess.PIPE, cwd=root, text=True
    )
    with writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if line.strip() == "8":
                break
        writer.kill()
    with SqliteCatalog(file) as catalog:
        streams = catalog.runs(drive.id, step="extract")
        assert len(streams) >= 9
        assert len(catalog.runs(drive.id, step="detect_scenes")) == len(streams)
        assert catalog.count_scenes(SceneQuery()) == {"cut_in": 10 * len(streams)}
        catalog.commit([Taken(extracted(drive))])
        with catalog._database.read() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_many_may_open_a_new_catalog_at_once(file: Path) -> None:
    start = threading.Barrier(6)
    opened: list[SqliteCatalog] = []

    def work() -> None:
        start.wait()
        opened.append(SqliteCatalog(file))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 6
    for catalog in opened:
        assert catalog.measurements() == []
        catalog.close()
