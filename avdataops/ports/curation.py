"""What people add to a catalog: a narrow way to write, beside everything that runs have made.

The behaviour suite in ``avdataops.testing`` is the contract, as for the catalog.
"""

from collections.abc import Sequence
from typing import Protocol

from avdataops.model.review import Review


class Curation(Protocol):
    """Reviews of scenes.  Each write is one transaction; nothing here changes what a run made."""

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
