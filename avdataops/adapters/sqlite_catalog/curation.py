"""The curation port over SQLite: opens transactions, leaves the work to the modules beside it."""

from collections.abc import Sequence

from avdataops.adapters.sqlite_catalog.connection import Database
from avdataops.adapters.sqlite_catalog.reviews import add_review, latest_reviews, list_reviews
from avdataops.model.review import Review


class Curated:
    """The part of a catalog that people write."""

    _database: Database

    def reviews(self, scene: str) -> Sequence[Review]:
        """Return the history of a scene, oldest first."""
        with self._database.read() as connection:
            return list_reviews(connection, scene)

    def latest_reviews(self, scenes: Sequence[str]) -> dict[str, Review]:
        """Return the review that speaks for each of the scenes that have one."""
        with self._database.read() as connection:
            return latest_reviews(connection, scenes)

    def review(self, given: Review, *, expected: int | None = None) -> Review:
        """Add to the history of a scene, and return the entry with its number."""
        with self._database.write() as connection:
            return add_review(connection, given, expected)
