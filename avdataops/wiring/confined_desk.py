"""What people write, as somebody sees it who may see some vehicles only."""

from collections.abc import Sequence

from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset, Frozen
from avdataops.model.errors import Conflict, NotFound, shown
from avdataops.model.review import Review
from avdataops.model.saved_query import SavedQuery
from avdataops.model.scene import Scene
from avdataops.ports.curation import Curation, Remembered
from avdataops.wiring.confined import ConfinedCatalog, first, gone, kept

_PAGE = 500


class ConfinedDesk:
    """A ``Curation`` over the scenes of some vehicles, for one caller.

    Datasets are seen where all their vehicles may be; saved queries by their owner alone.  Names
    are shared by all: who takes one that is taken is told so, and nothing more.
    """

    def __init__(self, desk: Curation, catalog: ConfinedCatalog, subject: str) -> None:
        self._desk = desk
        self._catalog = catalog
        self._subject = subject

    def reviews(self, scene: str) -> Sequence[Review]:
        """Return the history of a scene, oldest first."""
        return self._desk.reviews(self._catalog.scene(scene).id)

    def latest_reviews(self, scenes: Sequence[str]) -> dict[str, Review]:
        """Return the review that speaks for each of the scenes that have one."""
        found = self._desk.latest_reviews(scenes)
        return {scene: one for scene, one in found.items() if self._may_see(scene)}

    def _may_see(self, scene: str) -> bool:
        try:
            self._catalog.scene(scene)
        except NotFound:
            return False
        return True

    def review(self, given: Review, *, expected: int | None = None) -> Review:
        """Add to the history of a scene, and return the entry with its number."""
        self._catalog.scene(given.scene)
        return self._desk.review(given, expected=expected)

    def saved_query(self, name: str) -> SavedQuery:
        """Return one saved query."""
        try:
            found = self._desk.saved_query(name)
        except NotFound:
            raise gone("saved query", name) from None
        if found.owner != self._subject:
            raise gone("saved query", name)
        return found

    def saved_queries(self, *, after: str | None = None, limit: int = 100) -> Sequence[SavedQuery]:
        """Return saved queries by name, after the name ``after``."""
        seen = kept(
            lambda last: self._desk.saved_queries(after=last or after, limit=_PAGE),
            lambda one: one.name,
            lambda one: one.owner == self._subject,
        )
        return first(seen, limit)

    def save_query(self, given: SavedQuery, *, expected: int) -> SavedQuery:
        """Keep a question under its name, and return it with its version."""
        if expected:
            self.saved_query(given.name)
        return self._desk.save_query(given, expected=expected)

    def drop_query(self, name: str, *, expected: int) -> None:
        """Forget a saved query."""
        self.saved_query(name)
        self._desk.drop_query(name, expected=expected)

    def freeze(self, frozen: Frozen) -> Dataset:
        """Keep a dataset under its name; the same again returns what is there."""
        try:
            return self._desk.freeze(frozen)
        except Conflict:
            name = shown(frozen.dataset.name)
            raise Conflict(f"the name {name} is taken", hint="take another name") from None

    def dataset(self, which: str) -> Dataset:
        """Return a dataset by name, or by id."""
        try:
            found = self._desk.dataset(which)
        except NotFound:
            raise gone("dataset", which) from None
        if not self._holds(found):
            raise gone("dataset", which)
        return found

    def _holds(self, dataset: Dataset) -> bool:
        return all(self._catalog.vehicles.has(one) for one in dataset.vehicles)

    def datasets(self, *, after: str | None = None, limit: int = 100) -> Sequence[Dataset]:
        """Return datasets by name, after the name ``after``."""
        seen = kept(
            lambda last: self._desk.datasets(after=last or after, limit=_PAGE),
            lambda one: one.name,
            self._holds,
        )
        return first(seen, limit)

    def dataset_scenes(self, dataset: str, *, start: int = 0, limit: int = 100) -> Sequence[Scene]:
        """Return scenes of the dataset with this id from place ``start`` on."""
        return self._desk.dataset_scenes(self.dataset(dataset).id, start=start, limit=limit)

    def dataset_artifacts(
        self, dataset: str, *, start: int = 0, limit: int = 100
    ) -> Sequence[Artifact]:
        """Return artifacts of the dataset with this id from place ``start`` on."""
        return self._desk.dataset_artifacts(self.dataset(dataset).id, start=start, limit=limit)

    def remember(self, given: Remembered) -> Remembered:
        """Keep a request, and return what is kept under its key."""
        return self._desk.remember(given)
