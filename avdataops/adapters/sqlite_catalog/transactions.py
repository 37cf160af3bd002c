"""One transaction: kept whole, or rolled back."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

READ = "BEGIN"
"""Every question inside sees the same moment."""

WRITE = "BEGIN IMMEDIATE"
"""Waits for other writers first, so it never fails half-way for a lock."""


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """Run the block between ``begin`` and COMMIT, or ROLLBACK if it raises."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
