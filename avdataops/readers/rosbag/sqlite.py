"""Read-only SQLite over a ReadableFile: no path, no lock, no temporary file."""

import itertools
from collections.abc import Iterator
from typing import Any

import apsw

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import ReadableFile

_NUMBERS = itertools.count()
_MAX_VALUE_BYTES = 1 << 30
_CACHE_KIB = 16_384
_LARGEST_PAGE = 65_536


def declared_bytes(file: ReadableFile) -> int:
    """Return the size that the header of a database states (sqlite.org/fileformat2, 1.3)."""
    header = file.read_at(0, 32)
    page_bytes = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    return pages * (_LARGEST_PAGE if page_bytes == 1 else page_bytes)


class _File:
    """The database as SQLite's pager sees it."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._size = max(file.size, declared_bytes(file))

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - the name is SQLite's
        return self._file.read_at(offset, amount)

    def xFileSize(self) -> int:  # noqa: N802 - the name is SQLite's
        # SQLite refuses a file shorter than its header says; missing pages read as zeros instead,
        # so that the others can still be read.
        return self._size

    def xClose(self) -> None:  # noqa: N802 - the name is SQLite's
        """Leave the file to whoever opened it."""

    def xLock(self, level: int) -> None:  # noqa: N802 - the name is SQLite's
        """Nobody writes to a recording."""

    def xUnlock(self, level: int) -> None:  # noqa: N802 - the name is SQLite's
        """Nobody writes to a recording."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802 - the name is SQLite's
        return False

    def xFileControl(self, *_: int) -> bool:  # noqa: N802 - the name is SQLite's
        return False

    def xSectorSize(self) -> int:  # noqa: N802 - the name is SQLite's
        return 4096

    def xDeviceCharacteristics(self) -> int:  # noqa: N802 - the name is SQLite's
        return 0


class _Vfs(apsw.VFS):
    """A file system with one file in it."""

    def __init__(self, file: ReadableFile) -> None:
        self.vfs_name = f"avdataops-{next(_NUMBERS)}"
        self._file = file
        super().__init__(self.vfs_name, base="")

    def xOpen(self, _: Any, flags: list[int]) -> Any:  # noqa: N802 - the name is SQLite's
        flags[1] = apsw.SQLITE_OPEN_READONLY
        return _File(self._file)

    def xAccess(self, *_: object) -> bool:  # noqa: N802 - the name is SQLite's
        return False

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - the name is SQLite's
        return name


class Database:
    """One database, opened so that its content can only be read."""

    def __init__(self, file: ReadableFile) -> None:
        self.name = file.name
        self._vfs = _Vfs(file)
        try:
            self._connection = apsw.Connection(
                "file:recording?immutable=1&mode=ro",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
                vfs=self._vfs.vfs_name,
            )
            self._restrict()
        except apsw.Error as error:
            self._vfs.unregister()
            raise UnreadableFile(f"{file.name}: cannot be opened as SQLite: {error}") from error

    def _restrict(self) -> None:
        connection = self._connection
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    def tables(self) -> list[str]:
        """Return the names of plain tables; views and virtual tables do not count."""
        rows = self.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name"
        )
        return [name for (name,) in rows]

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query; raises ``apsw.Error`` where the file is damaged."""
        try:
            yield from self._connection.execute(statement, values)
        except UnicodeDecodeError as error:
            raise apsw.CorruptError(f"a text is not in UTF-8: {error}") from error

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        """Return the rows of a query as they come, for many of them."""
        rows: Iterator[Any] = self._connection.execute(statement, values)
        return rows

    def sorts(self, statement: str, values: tuple[Any, ...] = ()) -> bool:
        """Say whether SQLite would hold all rows to sort them, as there is no index."""
        plan = self.rows(f"EXPLAIN QUERY PLAN {statement}", values)
        return any("TEMP B-TREE" in row[-1] for row in plan)

    def value(self, statement: str, values: tuple[Any, ...]) -> Any:
        """Return the first column of the first row of a query, None without rows."""
        row = next(self.rows(statement, values), None)
        return row[0] if row else None

    def close(self) -> None:
        """Close the database and forget its file system."""
        self._connection.close()
        self._vfs.unregister()
