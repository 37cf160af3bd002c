"""Tables of a measurement, read through catalog and storage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from avdataops.engine.table_files import ParquetTable
from avdataops.lake.clocks import RecorderClock
from avdataops.model.artifact import Artifact
from avdataops.model.errors import MissingStream, did_you_mean
from avdataops.model.rig import Calibration
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage
from avdataops.signals.calibration import known_sensors, sources
from avdataops.signals.transform_tree import TYPE as TRANSFORMS
from avdataops.signals.transform_tree import transform_tree
from avdataops.wiring.stored_tables import read_table, table_batches, table_schema

VEHICLE_FRAME = "base_link"


@dataclass(frozen=True, slots=True)
class Tables:
    """The way from a measurement's id to its rows."""

    catalog: CatalogReader
    storage: Storage

    def table(self, measurement: str, kind: str) -> pa.Table:
        """Return all rows of a measurement's tables of one kind; raises ``MissingStream``."""
        return pa.concat_tables(
            [self._read(artifact, None) for artifact in self.of_kind(measurement, kind)],
            promote_options="default",
        )

    def of_kind(self, measurement: str, kind: str) -> Sequence[Artifact]:
        """Return the current tables of one kind; raises ``MissingStream``."""
        artifacts = self.catalog.artifacts(measurement, kind=kind)
        if not artifacts:
            known = {a.kind for a in self.catalog.artifacts(measurement)}
            raise MissingStream(
                f"measurement {measurement} has no table of kind '{kind}'"
                f"{did_you_mean(kind, known)}"
            )
        return artifacts

    def stream(self, measurement: str, name: str, time: TimeRange | None = None) -> pa.Table:
        """Return the rows of one raw stream with ``t_ref_ns``; raises ``MissingStream``."""
        parts = self.parts(measurement, name)
        clock = self.clock(measurement, name)
        return self.rows(parts, clock, clock.to_recorder(time) if time else None)

    def rows(
        self, parts: Sequence[Artifact], clock: RecorderClock, span: TimeRange | None
    ) -> pa.Table:
        """Return the rows of all parts, in a range of the recorder's clock, with ``t_ref_ns``."""
        tables = [self._read(part, span) for part in parts]
        rows = pa.concat_tables(tables, promote_options="default")
        return rows.append_column(
            pa.field("t_ref_ns", pa.int64()), clock.to_reference(rows.column("t_ns"))
        )

    def parts(self, measurement: str, name: str) -> tuple[Artifact, ...]:
        """Return the tables of one raw stream; raises ``MissingStream`` with the near miss."""
        streams = self.catalog.artifacts(measurement, kind="stream")
        parts = tuple(artifact for artifact in streams if artifact.name == name)
        if not parts:
            raise MissingStream(
                f"measurement {measurement} has no stream '{name}'"
                f"{did_you_mean(name, {a.name for a in streams})}"
            )
        return parts

    def clock(self, measurement: str, stream: str) -> RecorderClock:
        """Return how the clock that stamped a stream leads to the reference."""
        for artifact in self.catalog.artifacts(measurement, kind="sync_quality"):
            for row in self._read(artifact, None).to_pylist():
                if row["stream"] == stream and row["offset_ms"] is not None:
                    return RecorderClock.of_row(row)
        return RecorderClock()

    def batches(
        self, artifact: Artifact, span: TimeRange, columns: Sequence[str] | None
    ) -> Iterator[pa.RecordBatch]:
        """Yield rows of a table in ``span`` of its own clock; reads the row groups it touches."""
        return table_batches(self.storage, artifact, span, columns)

    def on_reference(
        self, measurement: str, kind: str, span: TimeRange, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return rows of the tables of a kind that is on the reference clock.

        Raises ``MissingStream`` for a column that is not there, with the near miss.
        """
        (artifact, *_) = self.of_kind(measurement, kind)
        schema = table_schema(self.storage, artifact)
        for name in columns or ():
            if name not in schema.names:
                near = did_you_mean(name, schema.names)
                raise MissingStream(f"table '{kind}' of {measurement} has no '{name}'{near}")
        names = ["t_ns", *(n for n in columns if n != "t_ns")] if columns else schema.names
        fields = pa.schema([schema.field(name) for name in names])
        found = self.batches(artifact, span, columns)
        return pa.Table.from_batches([b.select(names).cast(fields) for b in found], fields)

    def columns(self, artifact: Artifact) -> list[str]:
        """Return the names of a table's columns."""
        return list(table_schema(self.storage, artifact).names)

    def cameras(self, measurement: str) -> list[str]:
        """Return the names of all streams of pictures."""
        return [one.stream for one in sources(self._class(measurement, "camera"), "camera")]

    def calibration(self, measurement: str) -> Calibration:
        """Return what the recordings say of cameras and lidars; unknown is None."""
        cameras = self._class(measurement, "camera")
        lidars = self._class(measurement, "lidar")
        streams = self.catalog.artifacts(measurement, kind="stream")
        tree = transform_tree(
            self._opened(one) for one in streams if one.attributes.get("type") == TRANSFORMS
        )
        found = [*sources(cameras, "camera"), *sources(lidars, "lidar")]
        sensors, _ = known_sensors(found, cameras, tree, VEHICLE_FRAME)
        return Calibration(vehicle_frame=VEHICLE_FRAME, sensors=sensors)

    def _class(self, measurement: str, name: str) -> list[ParquetTable]:
        streams = self.catalog.artifacts(measurement, kind="stream")
        return [self._opened(one) for one in streams if one.attributes.get("topic_class") == name]

    def _opened(self, artifact: Artifact) -> ParquetTable:
        return ParquetTable(artifact, self.storage.open(artifact.location))

    def _read(self, artifact: Artifact, span: TimeRange | None) -> pa.Table:
        return read_table(self.storage, artifact, span)
