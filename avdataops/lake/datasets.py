"""Frozen datasets of a lake."""

from collections.abc import Sequence

from avdataops.lake.found import Scenes
from avdataops.lake.tables import Tables
from avdataops.model.dataset import Dataset
from avdataops.wiring.dataset_splits import check_parts, split
from avdataops.wiring.datasets import KINDS, Wanted, freeze, text_of_words
from avdataops.wiring.scene_questions import Asking, SceneWords
from avdataops.wiring.workspace import Workspace


class Datasets:
    """What is frozen, and how to freeze; the part of a lake that is about datasets."""

    _workspace: Workspace
    _tables: Tables

    def datasets(self) -> Sequence[Dataset]:
        """Return all frozen datasets by name."""
        return self._workspace.catalog.datasets(limit=0)

    def dataset(self, which: str) -> Dataset:
        """Return a frozen dataset by name or id; raises ``NotFound``."""
        return self._workspace.catalog.dataset(which)

    def freeze(
        self,
        name: str,
        question: str | SceneWords = "",
        *,
        by: str = "python",
        kinds: Sequence[str] = KINDS,
    ) -> Dataset:
        """Freeze the scenes that match now under ``name``, for good.

        ``question`` is text in the query language (``"cut_in & rain"``), or the words of the
        command line; without one all scenes are frozen.  Of each measurement the current tables of
        ``kinds`` are held with their hashes.  The same content under the same name is the same
        dataset; other content raises ``Conflict``.
        """
        workspace = self._workspace
        words = SceneWords(text=question or None) if isinstance(question, str) else question
        wanted = Wanted(
            name=name,
            by=by,
            query=Asking(workspace.catalog, workspace.settings.rules).query(words),
            text=text_of_words(words),
            kinds=tuple(kinds),
        )
        return freeze(workspace.catalog, workspace.catalog, wanted)

    def frozen_scenes(self, which: str) -> Scenes:
        """Return the scenes of a dataset as they were frozen, whatever was found since."""
        found = self.dataset(which)
        held = self._workspace.catalog.dataset_scenes(found.id, limit=0)
        return Scenes(self._tables, tuple(held))

    def split(
        self, which: str, by: str = "drive", *, seed: int = 0, **parts: float
    ) -> dict[str, Scenes]:
        """Return the scenes of a dataset in parts that share no drive, or no place.

        ``lake.split("curves", train=0.8, test=0.2)``; the shares sum up to 1.
        """
        shares = check_parts(parts)
        held = {one.id: one.scene for one in self.frozen_scenes(which)}
        rows = split(list(held.values()), by, shares, seed)
        return {
            part: Scenes(self._tables, tuple(held[row.scene] for row in rows if row.part == part))
            for part in shares
        }
