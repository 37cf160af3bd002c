"""The curation port over Cosmos DB: counts the cost, leaves the work to the modules beside it."""

from collections.abc import Sequence

from avdataops.adapters.cosmos_catalog.datasets import (
    freeze,
    get_dataset,
    list_artifacts,
    list_datasets,
    list_scenes,
)
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.adapters.cosmos_catalog.reviewed import latest_reviews
from avdataops.adapters.cosmos_catalog.reviews import add_review, list_reviews
from avdataops.adapters.cosmos_catalog.saved_queries import (
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

    _requests: Requests

    def reviews(self, scene: str) -> Sequence[Review]:
        """Return the history of a scene, oldest first."""
        with self._requests.asked_by("reviews"):
            return list_reviews(self._requests, scene)

    def latest_reviews(self, scenes: Sequence[str]) -> dict[str, Review]:
        """Return the review that speaks for each of the scenes that have one."""
        with self._requests.asked_by("latest_reviews"):
            return latest_reviews(self._requests, scenes)

    def review(self, given: Review, *, expected: int | None = None) -> Review:
        """Add to the history of a scene, and return the entry with its number."""
        with self._requests.asked_by("review"):
            return add_review(self._requests, given, expected)

    def saved_query(self, name: str) -> SavedQuery:
        """Return one saved query."""
        with self._requests.asked_by("saved_query"):
            return get_query(self._requests, name)

    def saved_queries(self, *, after: str | None = None, limit: int = 100) -> Sequence[SavedQuery]:
        """Return saved queries by name, after the name ``after``; ``limit`` <= 0 means all."""
        with self._requests.asked_by("saved_queries"):
            return list_queries(self._requests, after, limit)

    def save_query(self, given: SavedQuery, *, expected: int) -> SavedQuery:
        """Keep a question under its name, and return it with its version."""
        with self._requests.asked_by("save_query"):
            return save_query(self._requests, given, expected)

    def drop_query(self, name: str, *, expected: int) -> None:
        """Forget a saved query."""
        with self._requests.asked_by("drop_query"):
            drop_query(self._requests, name, expected)

    def freeze(self, frozen: Frozen) -> Dataset:
        """Keep a dataset under its name; the same again returns what is there."""
        with self._requests.asked_by("freeze"):
            return freeze(self._requests, frozen)

    def dataset(self, which: str) -> Dataset:
        """Return a dataset by name, or by id."""
        with self._requests.asked_by("dataset"):
            return get_dataset(self._requests, which)

    def datasets(self, *, after: str | None = None, limit: int = 100) -> Sequence[Dataset]:
        """Return datasets by name, after the name ``after``; ``limit`` <= 0 means all."""
        with self._requests.asked_by("datasets"):
            return list_datasets(self._requests, after, limit)

    def dataset_scenes(self, dataset: str, *, start: int = 0, limit: int = 100) -> Sequence[Scene]:
        """Return scenes of the dataset with this id from place ``start`` on."""
        with self._requests.asked_by("dataset_scenes"):
            return list_scenes(self._requests, dataset, start, limit)

    def dataset_artifacts(
        self, dataset: str, *, start: int = 0, limit: int = 100
    ) -> Sequence[Artifact]:
        """Return artifacts of the dataset with this id from place ``start`` on."""
        with self._requests.asked_by("dataset_artifacts"):
            return list_artifacts(self._requests, dataset, start, limit)

    def remember(self, given: Remembered) -> Remembered:
        """Keep a request, and return what is kept under its key."""
        with self._requests.asked_by("remember"):
            return remember(self._requests, given)
