"""One SQLite database: opened, guarded for threads, read and written in transactions."""

import functools
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from avdataops.adapters.sqlite_catalog.failures import translated
from avdataops.adapters.sqlite_catalog.migrations import migrate
from avdataops.adapters.sqlite_catalog.transactions import READ, WRITE, transaction
from avdataops.model.errors import CatalogUnavailable, ConfigError
from avdataops.model.places import Ring, distance_m

_WAIT_S = 30.0
_WAL_PAUSE_S = 0.01
_SETTINGS = (
    *("foreign_keys = ON", "trusted_schema = OFF", "synchronous = FULL"),
    # 64 MB: the indexes of a million scenes are walked in memory, and filled without thrashing.
    "cache_size = -65536",
)


class Database:
    """A connection that threads take turns on; several processes may each have their own.

    Reads see one moment of the catalog, writes are all or nothing.  The file must lie on a local
    disk: SQLite's write-ahead log does not work across a network file system.
    """

    def __init__(self, path: Path | Literal[":memory:"], *, wait_s: float = _WAIT_S) -> None:
        self._name = str(path)
        self._wait_s = wait_s
        self._turn = threading.RLock()
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None
        with translated(self._name):
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._name, timeout=self._wait_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
            connection.create_function("distance_m", 4, _distance_m, deterministic=True)
            connection.create_function("inside_ring", 3, _inside_ring, deterministic=True)
            migrate(connection, self._name)
            self._log_ahead(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _log_ahead(self, connection: sqlite3.Connection) -> None:
        """Switch to write-ahead logging; SQLite does not itself wait for a lock here."""
        deadline = time.monotonic() + self._wait_s
        while connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete":
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_WAL_PAUSE_S)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection on which all questions see the same moment."""
        with self._transaction(READ) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are kept together, or on an error not at all."""
        with self._transaction(WRITE) as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._turn, translated(self._name):
            connection = self._own_connection()
            with transaction(connection, begin):
                yield connection

    def _own_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise CatalogUnavailable(f"catalog {self._name} has been closed")
        if self._process != os.getpid():
            raise ConfigError(
                f"catalog {self._name} was opened before this process was forked",
                hint="open the catalog in the process that uses it",
            )
        return self._connection

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None and self._process == os.getpid():
                connection.close()


def _distance_m(*angles_deg: float | None) -> float | None:
    """Return the distance of two places, or NULL if one of them is unknown."""
    known = [angle for angle in angles_deg if angle is not None]
    return distance_m(*known) if len(known) == len(angles_deg) else None


def _inside_ring(lat_deg: float | None, lon_deg: float | None, corners: str) -> bool | None:
    """Return whether a place is inside a ring, or NULL if it is unknown."""
    if lat_deg is None or lon_deg is None:
        return None
    return _ring(corners).holds(lat_deg, lon_deg)


@functools.lru_cache(maxsize=16)
def _ring(corners: str) -> Ring:
    return Ring(tuple((lat, lon) for lat, lon in json.loads(corners)))
