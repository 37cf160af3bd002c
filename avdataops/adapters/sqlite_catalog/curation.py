"""The curation port over SQLite: opens transactions, leaves the work to the modules beside it."""

from collections.abc import Sequence

from avdataops.adapters.sqlite_catalog.connection import Database
from avdataops.adapters.sqlite_catalog.datasets import (
    freeze,
    get_dataset,
    list_artifacts,
    list_datasets,
    list_scenes,
)
from avdataops.adapters.sqlite_catalog.reviews import add_review, latest_reviews, list_reviews
from avdataops.adapters.sqlite_catalog.saved_queries import (
    drop_query,
    get_query,
    list_queries,
    remember,
    save_query,
)
from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset, Frozen
from avdataops.model.review import Review
from avdataops.model.saved_query import SavedQuery
from avdataops.model.scene import Scene
from avdataops.ports.curation import Remembered


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

    def saved_query(self, name: str) -> SavedQuery:
        """Return one saved query."""
        with self._database.read() as connection:
            return get_query(connection, name)

    def saved_queries(self, *, after: str | None = None, limit: int = 100) -> Sequence[SavedQuery]:
        """Return saved queries by name, after the name ``after``; ``limit`` <= 0 means all."""
        with self._database.read() as connection:
            return list_queries(connection, after, limit)

    def save_query(self, given: SavedQuery, *, expected: int) -> SavedQuery:
        """Keep a question under its name, and return it with its version."""
        with self._database.write() as connection:
            return save_query(connection, given, expected)

    def drop_query(self, name: str, *, expected: int) -> None:
        """Forget a saved query."""
        with self._database.write() as connection:
            drop_query(connection, name, expected)

    def freeze(self, frozen: Frozen) -> Dataset:
        """Keep a dataset under its name; the same again returns what is there."""
        with self._database.write() as connection:
            return freeze(connection, frozen)

    def dataset(self, which: str) -> Dataset:
        """Return a dataset by name, or by id."""
        with self._database.read() as connection:
            return get_dataset(connection, which)

    def datasets(self, *, after: str | None = None, limit: int = 100) -> Sequence[Dataset]:
        """Return datasets by name, after the name ``after``; ``limit`` <= 0 means all."""
        with self._database.read() as connection:
            return list_datasets(connection, after, limit)

    def dataset_scenes(self, dataset: str, *, start: int = 0, limit: int = 100) -> Sequence[Scene]:
        """Return scenes of the dataset with this id from place ``start`` on."""
        with self._database.read() as connection:
            return list_scenes(connection, dataset, start, limit)

    def dataset_artifacts(
        self, dataset: str, *, start: int = 0, limit: int = 100
    ) -> Sequence[Artifact]:
        """Return artifacts of the dataset with this id from place ``start`` on."""
        with self._database.read() as connection:
            return list_artifacts(connection, dataset, start, limit)

    def remember(self, given: Remembered) -> Remembered:
        """Keep a request, and return what is kept under its key."""
        with self._database.write() as connection:
            return remember(connection, given)
