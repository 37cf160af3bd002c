"""The nearest known id."""

from collections.abc import Iterator

import pytest

from avdataops.adapters.sqlite_catalog.connection import Database
from avdataops.adapters.sqlite_catalog.missing import nearest_id, no_such

ID = "m_0123456789abcdef01234567"


@pytest.fixture
def database() -> Iterator[Database]:
    opened = Database(":memory:")
    with opened.write() as connection:
        connection.executemany(
            "INSERT INTO measurements (id, vehicle, state, created_ns, registered)"
            " VALUES (?, 'v', 'pending', 0, '')",
            [(ID,), *((f"m_{number:024x}",) for number in range(1, 2000))],
        )
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        (ID[:8], ID),
        (ID[:-1] + "8", ID),
        (ID[:5] + ID[6:], ID),
        (ID + "0", ID),
        ("m_ffffffffffffffffffffffff", None),
        ("", None),
        ("x", None),
    ],
)
def test_nearest_id(database: Database, wrong: str, nearest: str | None) -> None:
    with database.read() as connection:
        assert nearest_id(connection, "measurements", wrong) == nearest


def test_the_error_names_the_thing_the_near_miss_and_the_command(database: Database) -> None:
    with database.read() as connection:
        error = no_such(connection, "measurements", ID[:-1])
    assert error.message == f"no measurement '{ID[:-1]}'; did you mean '{ID}'?"
    assert error.hint == "avdataops measurements list"
