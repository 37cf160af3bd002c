"""Which error of the product stands for which of SQLite's."""

import sqlite3

import pytest

from avdataops.adapters.sqlite_catalog.failures import translated
from avdataops.model.errors import (
    AvdataopsError,
    Busy,
    CatalogUnavailable,
    ConfigError,
    InputError,
    NotFound,
    PermissionDenied,
)


def _coded(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("said by SQLite")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, Busy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Busy),
        (sqlite3.SQLITE_LOCKED, Busy),
        (sqlite3.SQLITE_NOTADB, ConfigError),
        (sqlite3.SQLITE_CORRUPT, ConfigError),
        (sqlite3.SQLITE_CORRUPT_VTAB, ConfigError),
        (sqlite3.SQLITE_CANTOPEN, ConfigError),
        (sqlite3.SQLITE_READONLY, PermissionDenied),
        (sqlite3.SQLITE_PERM, PermissionDenied),
        (sqlite3.SQLITE_FULL, CatalogUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, CatalogUnavailable),
        (sqlite3.SQLITE_INTERRUPT, CatalogUnavailable),
    ],
)
def test_each_code_has_its_error(code: int, expected: type[AvdataopsError]) -> None:
    with pytest.raises(AvdataopsError) as caught, translated("catalog.sqlite"):
        raise _coded(code)
    assert type(caught.value) is expected
    assert "catalog.sqlite" in caught.value.message
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


@pytest.mark.parametrize(
    "error",
    [
        OverflowError("Python int too large to convert to SQLite INTEGER"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
        sqlite3.IntegrityError("FOREIGN KEY constraint failed"),
        sqlite3.ProgrammingError("Error binding parameter 1"),
        sqlite3.InterfaceError("unsupported type"),
    ],
)
def test_values_that_no_column_takes_are_input_errors(error: Exception) -> None:
    with pytest.raises(InputError, match="catalog cannot"), translated("catalog.sqlite"):
        raise error


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(NotFound, match="as it is"), translated("catalog.sqlite"):
        raise NotFound("as it is")
    with pytest.raises(KeyError), translated("catalog.sqlite"):
        raise KeyError
