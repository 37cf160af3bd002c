"""What people add to a catalog: a narrow way to write, beside everything that runs have made.

The behaviour suite in ``avdataops.testing`` is the contract, as for the catalog.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset, Frozen
from avdataops.model.review import Review
from avdataops.model.saved_query import SavedQuery
from avdataops.model.scene import Scene

REMEMBERED_S = 24 * 3600
"""How long a request is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A request that was seen, and what it was answered once that is known."""

    key: str
    print: str
    """Fingerprint of all that was asked."""
    at_ns: int
    answer: str | None = None


class Reviews(Protocol):
    """What is said of scenes."""

    def reviews(self, scene: str) -> Sequence[Review]:
        """Return the history of a scene, oldest first; ``NotFound`` for an unknown scene."""

    def latest_reviews(self, scenes: Sequence[str]) -> dict[str, Review]:
        """Return the review that speaks for each of the scenes that have one."""

    def review(self, given: Review, *, expected: int | None = None) -> Review:
        """Add to the history of a scene, and return the entry with its number.

        An entry with the ``request`` of one that is there changes nothing and returns that one.
        Raises ``NotFound`` for an unknown scene, ``InputError`` for a review that cannot be, and
        ``Outdated`` if the history has not ``expected`` entries (None: however many).
        """


class SavedQueries(Protocol):
    """Questions under names."""

    def saved_query(self, name: str) -> SavedQuery:
        """Return one; raises ``NotFound``."""

    def saved_queries(self, *, after: str | None = None, limit: int = 100) -> Sequence[SavedQuery]:
        """Return them by name (by code point), after the name ``after``; <= 0 means all."""

    def save_query(self, given: SavedQuery, *, expected: int) -> SavedQuery:
        """Keep a question under its name, and return it with its version.

        ``expected`` is the version that it replaces, 0 for a name that is not taken; raises
        ``Outdated`` if it is another, and ``InputError`` for what cannot be kept.
        """

    def drop_query(self, name: str, *, expected: int) -> None:
        """Forget one; raises ``NotFound``, or ``Outdated`` unless it has this version."""


class Datasets(Protocol):
    """Frozen datasets: added, and never changed or taken away."""

    def freeze(self, frozen: Frozen) -> Dataset:
        """Keep a dataset under its name; the same again returns what is there.

        Raises ``Conflict`` if the name has other content, ``InputError`` for one that cannot be.
        """

    def dataset(self, which: str) -> Dataset:
        """Return a dataset by name, or by id (of several names the first); or ``NotFound``."""

    def datasets(self, *, after: str | None = None, limit: int = 100) -> Sequence[Dataset]:
        """Return datasets by name, after the name ``after``; ``limit`` <= 0 means all."""

    def dataset_scenes(self, dataset: str, *, start: int = 0, limit: int = 100) -> Sequence[Scene]:
        """Return scenes of the dataset with this id from place ``start`` on; <= 0 means all."""

    def dataset_artifacts(
        self, dataset: str, *, start: int = 0, limit: int = 100
    ) -> Sequence[Artifact]:
        """Return artifacts of the dataset with this id from place ``start`` on."""


class Curation(Reviews, SavedQueries, Datasets, Protocol):
    """Each write is one transaction; nothing here changes what a run made."""

    def remember(self, given: Remembered) -> Remembered:
        """Keep a request, and return what is kept under its key.

        The first to come counts for a day; one without an answer gets that of a later call with
        the same fingerprint.
        """
