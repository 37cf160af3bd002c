"""Found scenes, and the way from each to its data."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, overload

import pyarrow as pa

from avdataops.lake.tables import Tables
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.tables.scene_rows import scene_rows


@dataclass(frozen=True, slots=True)
class FoundScene:
    """One scene, with the way to its data."""

    tables: Tables
    scene: Scene

    def __getattr__(self, name: str) -> Any:
        """Give the scene's own fields: ``id``, ``type``, ``evidence``."""
        return getattr(self.scene, name)

    def stream(self, name: str, before_s: float = 0.0, after_s: float = 0.0) -> pa.Table:
        """Return the rows of a raw stream around the scene."""
        span = TimeRange(
            self.scene.t_start_ns - round(before_s * NS_PER_S),
            self.scene.t_end_ns + round(after_s * NS_PER_S),
        )
        return self.tables.stream(self.scene.measurement, name, span)


class Scenes:
    """Found scenes: indexed and iterated, and a table for any Arrow library.

    Not a ``Sequence`` by name, because data-frame libraries would then take the scenes one by one
    instead of asking for the Arrow stream.
    """

    def __init__(self, tables: Tables, found: tuple[Scene, ...]) -> None:
        self._tables = tables
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> FoundScene: ...
    @overload
    def __getitem__(self, index: slice) -> "Scenes": ...
    def __getitem__(self, index: int | slice) -> "FoundScene | Scenes":
        if isinstance(index, slice):
            return Scenes(self._tables, self._found[index])
        return FoundScene(self._tables, self._found[index])

    def __iter__(self) -> Iterator[FoundScene]:
        return (FoundScene(self._tables, scene) for scene in self._found)

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for scene in self._found:
            counts[scene.type] = counts.get(scene.type, 0) + 1
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        return f"<{len(self)} scenes: {told}>" if told else "<no scenes>"

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> pa.Table:
        """Return one row per scene; ``evidence`` is a JSON object."""
        return pa.Table.from_batches([scene_rows(self._found)])

    def to_polars(self) -> Any:
        """Return a Polars data frame (needs polars)."""
        import polars as pl

        return pl.DataFrame(self)

    def to_pandas(self) -> Any:
        """Return a pandas data frame (needs pandas)."""
        return self.to_arrow().to_pandas()
