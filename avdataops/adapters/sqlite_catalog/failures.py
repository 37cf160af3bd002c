"""What SQLite refuses, said with the errors of the product."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from avdataops.model.errors import (
    AvdataopsError,
    Busy,
    CatalogUnavailable,
    ConfigError,
    InputError,
    PermissionDenied,
)

_PRIMARY_CODE = 0xFF
_REFUSED = {sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH}
_UNUSABLE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN}


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise errors of the product for those that SQLite raises about the catalog ``name``.

    Locked is ``Busy``; not a database, damaged or no such folder is ``ConfigError``; read-only is
    ``PermissionDenied``; values that no column can hold are ``InputError``; the rest (disk full,
    I/O) is ``CatalogUnavailable``.
    """
    try:
        yield
    except (OverflowError, UnicodeEncodeError, sqlite3.IntegrityError) as error:
        raise InputError(f"the catalog cannot hold this: {error}") from error
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError) as error:
        raise InputError(f"the catalog cannot take this value: {error}") from error
    except sqlite3.Error as error:
        raise _of_code(name, error) from error


def _of_code(name: str, error: sqlite3.Error) -> AvdataopsError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Busy(
            f"catalog {name} is being written by another process",
            hint="try again when it has finished",
        )
    if code in _UNUSABLE:
        return ConfigError(
            f"catalog {name} cannot be used: {error}",
            hint="name another workspace, or put back a copy of the catalog that is whole",
        )
    if code in _REFUSED:
        return PermissionDenied(f"catalog {name} may not be written: {error}")
    return CatalogUnavailable(f"catalog {name} did not answer: {error}")
