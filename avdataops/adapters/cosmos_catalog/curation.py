"""The curation port over Cosmos DB: counts the cost, leaves the work to the modules beside it."""

from collections.abc import Sequence

from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.adapters.cosmos_catalog.reviewed import latest_reviews
from avdataops.adapters.cosmos_catalog.reviews import add_review, list_reviews
from avdataops.model.review import Review


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
