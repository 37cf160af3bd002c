"""Stored tables and a catalog that knows where they are, for the tests of views."""

import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.model.artifact import Artifact
from avdataops.model.errors import NotFound
from avdataops.model.location import Location, Zone
from avdataops.model.run import RunRecord

MEASUREMENT = "m_" + "1" * 24


@dataclass
class Shelf:
    """Answers the questions of a catalog about what was put on it, and no other."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)
    found: list[Artifact] = field(default_factory=list)
    records: list[RunRecord] = field(default_factory=list)

    def put(
        self, kind: str, table: pa.Table, name: str = "", *, rows_of_group: int = 1000, **given: Any
    ) -> Artifact:
        written = io.BytesIO()
        pq.write_table(table, written, row_group_size=rows_of_group)
        data = written.getvalue()
        digest = hashlib.sha256(data + f"{kind} {name}".encode()).hexdigest()
        at = Location(Zone.DERIVED, f"{kind}/{MEASUREMENT}/{digest[:16]}.parquet")
        self.storage.put(at, [data])
        artifact = Artifact(
            id=f"art_{digest[:24]}", kind=kind, measurement=MEASUREMENT, name=name or kind,
            location=at, bytes=len(data), sha256=digest, rows=table.num_rows, **given,
        )  # fmt: skip
        self.found.append(artifact)
        return artifact

    def artifact(self, artifact: str) -> Artifact:
        for one in self.found:
            if one.id == artifact:
                return one
        raise NotFound(artifact)

    def artifacts(self, measurement: str, *, kind: str | None = None) -> list[Artifact]:
        assert measurement == MEASUREMENT
        return [one for one in self.found if kind in {None, one.kind}]

    def runs(self, measurement: str, *, step: str | None = None) -> list[RunRecord]:
        assert measurement == MEASUREMENT
        return [one for one in self.records if step in {None, one.step}]

    def run(self, run: str) -> RunRecord:
        return next(one for one in self.records if one.run == run)
