"""From a recorder's clock to the reference clock of its measurement, and back."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.time import TimeRange


@dataclass(frozen=True, slots=True)
class RecorderClock:
    """``reference = t + offset + drift * (t - at)``; ``at_ns`` is None if that is not known."""

    at_ns: int | None = None
    offset_ms: float = 0.0
    drift_ppm: float = 0.0

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> "RecorderClock":
        """Return the clock of one row of ``sync_quality``, whose ``t_ns`` is reference time."""
        first_ns = row["t_ns"] - round(row["offset_ms"] * 1e6)
        return cls(first_ns, row["offset_ms"], row["drift_ppm"] or 0.0)

    def to_reference(self, t_ns: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return recorder time on the reference clock, null if it is not known."""
        if self.at_ns is None:
            return pa.chunked_array([pa.nulls(len(t_ns), pa.int64())])
        since = pc.cast(pc.subtract(t_ns, self.at_ns), pa.float64())
        added = pc.add(pc.multiply(since, self.drift_ppm * 1e-6), self.offset_ms * 1e6)
        return pc.add(t_ns, pc.cast(pc.round(added), pa.int64()))

    def to_recorder(self, time: TimeRange) -> TimeRange:
        """Return a range of reference time on the recorder's clock."""
        if self.at_ns is None:
            return time
        return TimeRange(self._back(time.start_ns), self._back(time.stop_ns))

    def _back(self, t_ns: int) -> int:
        at_ns = self.at_ns or 0
        since = t_ns - at_ns - self.offset_ms * 1e6
        return at_ns + round(since / (1 + self.drift_ppm * 1e-6))
