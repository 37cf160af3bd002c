"""Things that are asked for and not there, with the nearest that is."""

import sqlite3

from avdataops.model.errors import NotFound, shown
from avdataops.ports.catalog_rules import nearest

_NEIGHBOURS = 200

_WHERE_TO_LOOK = {
    "measurements": ("measurement", "avdataops measurements list"),
    "recordings": ("recording", "avdataops measurements list"),
    "artifacts": ("artifact", "avdataops measurements list"),
    "runs": ("run", "avdataops measurements list"),
    "scenes": ("scene", "avdataops scenes find"),
}


def no_such(connection: sqlite3.Connection, table: str, wrong: str) -> NotFound:
    """Return the error for an id that ``table`` does not hold."""
    noun, hint = _WHERE_TO_LOOK[table]
    near = nearest_id(connection, table, wrong)
    told = f"; did you mean '{near}'?" if near else ""
    return NotFound(f"no {noun} {shown(wrong)}{told}", hint=hint)


def nearest_id(connection: sqlite3.Connection, table: str, wrong: str) -> str | None:
    """Return the known id that ``wrong`` was probably meant to be.

    Only ids that sort next to it are looked at, so this stays quick in a large catalog.
    """
    known: list[str] = []
    for op, order in ((">=", "ASC"), ("<", "DESC")):
        found = connection.execute(
            f"SELECT DISTINCT id FROM {table} WHERE id {op} ? ORDER BY id {order} LIMIT ?",  # noqa: S608 - all three are literals of this module
            (wrong, _NEIGHBOURS),
        )
        known += [row["id"] for row in found]
    return nearest(wrong, known)
