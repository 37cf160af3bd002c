"""The Python door: ``import avdataops as av; lake = av.connect()``.  Results speak Arrow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.artifact import Artifact
from avdataops.model.errors import MissingStream, did_you_mean
from avdataops.model.measurement import Measurement
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.catalog import Comparison, Condition, Direction, Lineage, Near, SceneQuery
from avdataops.settings import load_settings
from avdataops.signals.rethreshold import Moved
from avdataops.signals.scene_changes import Changes
from avdataops.tables.scene_rows import scene_rows
from avdataops.wiring.second_looks import SecondLook
from avdataops.wiring.stored_tables import read_table
from avdataops.wiring.workspace import Workspace, open_workspace


def connect(workspace: str | Path | None = None) -> "Lake":
    """Open a workspace: the folder given, or what the settings name, here or on Azure."""
    return Lake(open_workspace(load_settings(workspace=workspace and Path(workspace))))


class Lake:
    """Measurements, scenes and streams of one workspace; use as a context manager or close it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the catalog."""
        self._workspace.close()

    def measurements(self) -> Sequence[Measurement]:
        """Return all measurements by id."""
        return self._workspace.catalog.measurements(limit=1_000_000)

    def scenes(
        self,
        *types: str,
        measurement: str | None = None,
        vehicle: str | None = None,
        time: TimeRange | None = None,
        near: tuple[float, float, float] | None = None,
        **conditions: float | str | bool,
    ) -> "Scenes":
        """Return the scenes for which all that is given holds, ordered by time.

        ``types``: any of these.  ``near``: latitude and longitude in degrees, radius in metres.
        ``conditions``: evidence by name, ``min_ax_mps2__lt=-4``; the endings are ``__lt``,
        ``__le``, ``__gt``, ``__ge``, ``__ne``; without one it means equal.  A scene whose value
        is unknown matches no condition.
        """
        query = SceneQuery(
            types=types,
            measurement=measurement,
            vehicle=vehicle,
            time=time,
            near=Near(*near) if near else None,
            where=tuple(_condition(name, value) for name, value in conditions.items()),
        )
        return Scenes(self, tuple(self._workspace.catalog.scenes(query, limit=0)))

    def scene(self, scene: str) -> "FoundScene":
        """Return one scene; raises ``NotFound``."""
        return FoundScene(self, self._workspace.catalog.scene(scene))

    def rethreshold(
        self, scene_type: str, *, measurement: str | None = None, **thresholds: float
    ) -> Moved:
        """Return which scenes of a type other thresholds leave, take and add, without a rerun.

        ``thresholds`` are the detector's parameters, in the units of their names:
        ``lake.rethreshold("hard_brake", on_mps2=-2.5)``.  Raises ``InputError`` for a threshold
        looser than near misses were kept for (70 %), naming the limit.
        """
        return self._second_look().rethreshold(scene_type, thresholds, measurement)

    def scene_changes(
        self, measurement: str, *, before: str | None = None, after: str | None = None
    ) -> Changes:
        """Return what changed from one detection to another, given by run: more, gone, moved.

        Without them, from the detection before to the current one.
        """
        return self._second_look().changes(measurement, before, after)

    def _second_look(self) -> SecondLook:
        return SecondLook(self._workspace.catalog, partial(read_table, self._workspace.storage))

    def lineage(self, start: str, direction: str = "up") -> Lineage:
        """Return what ``start`` was made from (``up``) or what was made from it (``down``)."""
        return self._workspace.catalog.lineage(start, Direction(direction))

    def table(self, measurement: str, kind: str) -> pa.Table:
        """Return all rows of a measurement's tables of one kind: ``ego``, ``context`` and so on."""
        artifacts = self._workspace.catalog.artifacts(measurement, kind=kind)
        if not artifacts:
            known = {a.kind for a in self._workspace.catalog.artifacts(measurement)}
            raise MissingStream(
                f"measurement {measurement} has no table of kind '{kind}'"
                f"{did_you_mean(kind, known)}"
            )
        return pa.concat_tables(
            [self._read(artifact, None) for artifact in artifacts], promote_options="default"
        )

    def stream(self, measurement: str, name: str, time: TimeRange | None = None) -> pa.Table:
        """Return the rows of one raw stream, by recorder time, with ``t_ref_ns`` beside it.

        ``t_ref_ns`` is the time on the measurement's reference clock (null if the recorder's
        clock could not be tied to it).  ``time`` is on the reference clock.  Only the row groups
        that it touches are read.
        """
        streams = self._workspace.catalog.artifacts(measurement, kind="stream")
        parts = [artifact for artifact in streams if artifact.name == name]
        if not parts:
            raise MissingStream(
                f"measurement {measurement} has no stream '{name}'"
                f"{did_you_mean(name, {a.name for a in streams})}"
            )
        clock = self._clock(measurement, name)
        span = clock.to_recorder(time) if time else None
        tables = [self._read(part, span) for part in parts]
        rows = pa.concat_tables(tables, promote_options="default")
        return rows.append_column(
            pa.field("t_ref_ns", pa.int64()), clock.to_reference(rows.column("t_ns"))
        )

    def _read(self, artifact: Artifact, span: TimeRange | None) -> pa.Table:
        return read_table(self._workspace.storage, artifact, span)

    def _clock(self, measurement: str, stream: str) -> "_Clock":
        for artifact in self._workspace.catalog.artifacts(measurement, kind="sync_quality"):
            for row in self._read(artifact, None).to_pylist():
                if row["stream"] == stream and row["offset_ms"] is not None:
                    first_ns = row["t_ns"] - round(row["offset_ms"] * 1e6)
                    return _Clock(first_ns, row["offset_ms"], row["drift_ppm"] or 0.0)
        return _Clock(None, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Clock:
    at_ns: int | None
    offset_ms: float
    drift_ppm: float

    def to_reference(self, t_ns: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return recorder time on the reference clock, null if it is not known."""
        if self.at_ns is None:
            return pa.nulls(len(t_ns), pa.int64())
        since = pc.cast(pc.subtract(t_ns, self.at_ns), pa.float64())
        added = pc.add(pc.multiply(since, self.drift_ppm * 1e-6), self.offset_ms * 1e6)
        return pc.add(t_ns, pc.cast(pc.round(added), pa.int64()))

    def to_recorder(self, time: TimeRange) -> TimeRange:
        """Return a range of reference time on the recorder's clock."""
        if self.at_ns is None:
            return time
        drift = self.drift_ppm * 1e-6

        def back(t_ns: int) -> int:
            since = t_ns - (self.at_ns or 0) - self.offset_ms * 1e6
            return (self.at_ns or 0) + round(since / (1 + drift))

        return TimeRange(back(time.start_ns), back(time.stop_ns))


@dataclass(frozen=True, slots=True)
class FoundScene:
    """One scene, with the way to its data."""

    lake: Lake
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
        return self.lake.stream(self.scene.measurement, name, span)


class Scenes:
    """Found scenes: indexed and iterated, and a table for any Arrow library.

    Not a ``Sequence`` by name, because data-frame libraries would then take the scenes one by one
    instead of asking for the Arrow stream.
    """

    def __init__(self, lake: Lake, found: tuple[Scene, ...]) -> None:
        self._lake = lake
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> FoundScene: ...
    @overload
    def __getitem__(self, index: slice) -> "Scenes": ...
    def __getitem__(self, index: int | slice) -> "FoundScene | Scenes":
        if isinstance(index, slice):
            return Scenes(self._lake, self._found[index])
        return FoundScene(self._lake, self._found[index])

    def __iter__(self) -> Iterator[FoundScene]:
        return (FoundScene(self._lake, scene) for scene in self._found)

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


_ENDINGS = {
    "lt": Comparison.LT,
    "le": Comparison.LE,
    "gt": Comparison.GT,
    "ge": Comparison.GE,
    "ne": Comparison.NE,
}


def _condition(name: str, value: float | str | bool) -> Condition:
    attribute, _, ending = name.rpartition("__")
    if attribute and ending in _ENDINGS:
        return Condition(attribute, _ENDINGS[ending], value)
    return Condition(name, Comparison.EQ, value)
