"""How the tables came to be: numbered steps, applied once each and in order."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from avdataops.adapters.sqlite_catalog.tables_1 import create_tables
from avdataops.adapters.sqlite_catalog.tables_2 import create_curation_tables
from avdataops.adapters.sqlite_catalog.tables_3 import add_surroundings_and_coverage
from avdataops.adapters.sqlite_catalog.transactions import READ, WRITE, transaction
from avdataops.model.errors import ConfigError

APPLICATION_ID = 0x61766461
"""``avda`` in the file header: tells a catalog from any other SQLite file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of the tables; never edited once released."""

    number: int
    apply: Callable[[sqlite3.Connection], None]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, create_tables),
    Migration(2, create_curation_tables),
    Migration(3, add_surroundings_and_coverage),
)


def migrate(
    connection: sqlite3.Connection, name: str, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Bring the tables up to date, in one transaction.

    Raises ``ConfigError`` for a file that is not a catalog, or is one of a newer product.
    """
    # What is found holds only inside one transaction: another process may be making the tables
    # at this moment.  So it is looked for without a lock first, and once more under it.
    with transaction(connection, READ):
        missing = _missing(connection, name, migrations)
    if missing:
        with transaction(connection, WRITE):
            _apply(connection, _missing(connection, name, migrations))


def _missing(
    connection: sqlite3.Connection, name: str, migrations: Sequence[Migration]
) -> list[Migration]:
    applied, newest = _version(connection, name), migrations[-1].number
    if applied > newest:
        raise ConfigError(
            f"catalog {name} has tables of version {applied}, this product knows {newest}",
            hint="use the newer avdataops that made it",
        )
    return [step for step in migrations if step.number > applied]


def _apply(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"
        " STRICT"
    )
    for step in steps:
        step.apply(connection)
        connection.execute(
            "INSERT INTO migrations VALUES (?, ?)", (step.number, step.apply.__name__)
        )


def _version(connection: sqlite3.Connection, name: str) -> int:
    """Return the number of the last migration, 0 for an empty file; refuse foreign files."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    if not tables:
        return 0
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ConfigError(
            f"{name} is an SQLite file, but not a catalog",
            hint="name another workspace, or move this file away",
        )
    return int(connection.execute("SELECT max(number) FROM migrations").fetchone()[0])
