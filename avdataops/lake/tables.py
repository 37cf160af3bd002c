"""Tables of a measurement, read through catalog and storage."""

from dataclasses import dataclass

import pyarrow as pa

from avdataops.lake.clocks import RecorderClock
from avdataops.model.artifact import Artifact
from avdataops.model.errors import MissingStream, did_you_mean
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage
from avdataops.wiring.stored_tables import read_table


@dataclass(frozen=True, slots=True)
class Tables:
    """The way from a measurement's id to its rows."""

    catalog: CatalogReader
    storage: Storage

    def table(self, measurement: str, kind: str) -> pa.Table:
        """Return all rows of a measurement's tables of one kind; raises ``MissingStream``."""
        artifacts = self.catalog.artifacts(measurement, kind=kind)
        if not artifacts:
            known = {a.kind for a in self.catalog.artifacts(measurement)}
            raise MissingStream(
                f"measurement {measurement} has no table of kind '{kind}'"
                f"{did_you_mean(kind, known)}"
            )
        return pa.concat_tables(
            [self._read(artifact, None) for artifact in artifacts], promote_options="default"
        )

    def stream(self, measurement: str, name: str, time: TimeRange | None = None) -> pa.Table:
        """Return the rows of one raw stream with ``t_ref_ns``; raises ``MissingStream``."""
        streams = self.catalog.artifacts(measurement, kind="stream")
        parts = [artifact for artifact in streams if artifact.name == name]
        if not parts:
            raise MissingStream(
                f"measurement {measurement} has no stream '{name}'"
                f"{did_you_mean(name, {a.name for a in streams})}"
            )
        clock = self.clock(measurement, name)
        span = clock.to_recorder(time) if time else None
        tables = [self._read(part, span) for part in parts]
        rows = pa.concat_tables(tables, promote_options="default")
        return rows.append_column(
            pa.field("t_ref_ns", pa.int64()), clock.to_reference(rows.column("t_ns"))
        )

    def clock(self, measurement: str, stream: str) -> RecorderClock:
        """Return how the clock that stamped a stream leads to the reference."""
        for artifact in self.catalog.artifacts(measurement, kind="sync_quality"):
            for row in self._read(artifact, None).to_pylist():
                if row["stream"] == stream and row["offset_ms"] is not None:
                    return RecorderClock.of_row(row)
        return RecorderClock()

    def _read(self, artifact: Artifact, span: TimeRange | None) -> pa.Table:
        return read_table(self.storage, artifact, span)
