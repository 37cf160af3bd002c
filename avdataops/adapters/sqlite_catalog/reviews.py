"""Reviews: a history for each scene, only ever added to."""

import sqlite3
from collections.abc import Sequence

from avdataops.adapters.sqlite_catalog.scenes import get_scene_row, scene_of
from avdataops.model.documents import from_json, text_of
from avdataops.model.review import Review
from avdataops.ports.review_rules import next_review

_CHUNK = 500


def list_reviews(connection: sqlite3.Connection, scene: str) -> list[Review]:
    """Return the history of a scene, oldest first; raises ``NotFound``."""
    get_scene_row(connection, scene)
    return _history(connection, scene)


def _history(connection: sqlite3.Connection, scene: str) -> list[Review]:
    rows = connection.execute(
        "SELECT document FROM reviews WHERE scene = ? ORDER BY number", (scene,)
    )
    return [from_json(Review, row["document"]) for row in rows]


def latest_reviews(connection: sqlite3.Connection, scenes: Sequence[str]) -> dict[str, Review]:
    """Return the latest review of each of the scenes that have one."""
    found: dict[str, Review] = {}
    wanted = sorted(set(scenes))
    for first in range(0, len(wanted), _CHUNK):
        chunk = wanted[first : first + _CHUNK]
        rows = connection.execute(
            f"""SELECT scene, document, max(number) FROM reviews
                WHERE scene IN ({", ".join("?" * len(chunk))}) GROUP BY scene""",  # noqa: S608 - marks
            chunk,
        )
        found |= {row["scene"]: from_json(Review, row["document"]) for row in rows}
    return found


def add_review(connection: sqlite3.Connection, given: Review, expected: int | None) -> Review:
    """Add to the history of a scene; raises ``NotFound``, ``InputError`` and ``Outdated``."""
    scene = scene_of(get_scene_row(connection, given.scene))
    history = _history(connection, given.scene)
    added = next_review(scene, history, given, expected)
    if added not in history:
        connection.execute(
            "INSERT INTO reviews VALUES (?, ?, ?, ?)",
            (added.scene, added.number, added.verdict.value, text_of(added)),
        )
    return added
