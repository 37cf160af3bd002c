"""Saved queries, and requests that were seen."""

import sqlite3

from avdataops.model.documents import from_json, text_of
from avdataops.model.saved_query import SavedQuery
from avdataops.model.time import NS_PER_S
from avdataops.ports.curation import REMEMBERED_S, Remembered
from avdataops.ports.curation_rules import check_drop, next_query, next_remembered, no_such_name

_NEIGHBOURS = 100


def get_query(connection: sqlite3.Connection, name: str) -> SavedQuery:
    """Return one saved query; raises ``NotFound``."""
    found = _find(connection, name)
    if found is None:
        raise no_such_name("saved query", name, names_beside(connection, "saved_queries", name))
    return found


def _find(connection: sqlite3.Connection, name: str) -> SavedQuery | None:
    row = connection.execute(
        "SELECT document FROM saved_queries WHERE name = ?", (name,)
    ).fetchone()
    return None if row is None else from_json(SavedQuery, row["document"])


def names_beside(connection: sqlite3.Connection, table: str, wrong: str) -> list[str]:
    """Return names that sort next to ``wrong``."""
    known: list[str] = []
    for op, order in ((">=", "ASC"), ("<", "DESC")):
        rows = connection.execute(
            f"SELECT name FROM {table} WHERE name {op} ? ORDER BY name {order} LIMIT ?",  # noqa: S608 - literals
            (wrong, _NEIGHBOURS),
        )
        known += [row["name"] for row in rows]
    return known


def list_queries(connection: sqlite3.Connection, after: str | None, limit: int) -> list[SavedQuery]:
    """Return saved queries by name; a ``limit`` of 0 or less means all."""
    rows = connection.execute(
        "SELECT document FROM saved_queries WHERE name > ? ORDER BY name LIMIT ?",
        (after or "", limit if limit > 0 else -1),
    )
    return [from_json(SavedQuery, row["document"]) for row in rows]


def save_query(connection: sqlite3.Connection, given: SavedQuery, expected: int) -> SavedQuery:
    """Keep a question under its name; raises ``Outdated`` and ``InputError``."""
    kept = next_query(_find(connection, given.name), given, expected)
    connection.execute(
        "INSERT OR REPLACE INTO saved_queries VALUES (?, ?)", (kept.name, text_of(kept))
    )
    return kept


def drop_query(connection: sqlite3.Connection, name: str, expected: int) -> None:
    """Forget one; raises ``NotFound`` and ``Outdated``."""
    known = names_beside(connection, "saved_queries", name)
    check_drop(name, _find(connection, name), known, expected)
    connection.execute("DELETE FROM saved_queries WHERE name = ?", (name,))


def remember(connection: sqlite3.Connection, given: Remembered) -> Remembered:
    """Keep a request, and return what is kept under its key."""
    oldest_ns = given.at_ns - REMEMBERED_S * NS_PER_S
    connection.execute("DELETE FROM requests WHERE at_ns < ?", (oldest_ns,))
    row = connection.execute("SELECT document FROM requests WHERE key = ?", (given.key,)).fetchone()
    found = None if row is None else from_json(Remembered, row["document"])
    kept = next_remembered(found, given)
    if kept != found:
        connection.execute(
            "INSERT OR REPLACE INTO requests VALUES (?, ?, ?)",
            (kept.key, kept.at_ns, text_of(kept)),
        )
    return kept
