"""What a page tells of one drive beyond the catalog: gaps, surroundings, clocks, coverage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from avdataops.model.errors import NotFound
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage
from avdataops.signals.sync_picture import sync_picture
from avdataops.signals.sync_view import quality_rows, sync_view
from avdataops.tables.kinds import kind
from avdataops.wiring.stored_tables import read_table

MAX_ROWS = 20_000
"""Of surroundings that are drawn: at one row a second more than five hours."""
_SURROUNDINGS = ("t_ns", "light", "rain", "snow", "fog", "road_class", "tunnel")


@dataclass(frozen=True, slots=True)
class DriveView:
    """Reads the small tables of one drive."""

    catalog: CatalogReader
    storage: Storage

    def gaps(self, measurement: str) -> dict[str, list[tuple[int, int]]]:
        """Return the gaps of each stream that has some, on the reference clock."""
        found: dict[str, list[tuple[int, int]]] = {}
        table = self._table(measurement, "gaps", ("t_ns", "stream", "gap_stop_ns"))
        for row in [] if table is None else table.to_pylist():
            if row["gap_stop_ns"] is not None:
                found.setdefault(row["stream"], []).append((row["t_ns"], row["gap_stop_ns"]))
        return dict(sorted(found.items()))

    def surroundings(self, measurement: str) -> list[Mapping[str, Any]]:
        """Return light, weather and road over the drive, thinned to ``MAX_ROWS``."""
        table = self._table(measurement, "context", _SURROUNDINGS)
        if table is None:
            return []
        step = -(-table.num_rows // MAX_ROWS) or 1
        return list(table.take(pa.array(range(0, table.num_rows, step))).to_pylist())

    def clocks(self, measurement: str) -> list[dict[str, Any]]:
        """Return how well each stream lies on the reference clock; empty before the sync."""
        quality = self._table(measurement, "sync_quality")
        if quality is None:
            return []
        return [dict(row) for row in quality_rows(quality, self._models(measurement))]

    def clocks_picture(self, measurement: str) -> str:
        """Return the sync as SVG; raises ``NotFound`` before the sync."""
        quality = self._table(measurement, "sync_quality")
        if quality is None:
            raise NotFound(
                f"'{measurement}' is not synced yet", hint=f"avdataops run {measurement} --to sync"
            )
        gaps = self._table(measurement, "gaps")
        gaps = kind("gaps").schema.empty_table() if gaps is None else gaps
        return sync_picture(sync_view(quality, gaps, self._models(measurement)), measurement)

    def coverage(self, measurement: str) -> list[dict[str, Any]]:
        """Return for each scene type how long its detector could tell, and why not where not.

        Rows have ``type``, ``known_s``, ``unknown_s`` and ``reasons``.
        """
        table = self._table(measurement, "scene_coverage")
        found: dict[str, dict[str, Any]] = {}
        for row in [] if table is None else table.to_pylist():
            one = found.setdefault(
                row["type"], {"type": row["type"], "known_s": 0.0, "unknown_s": 0.0, "reasons": {}}
            )
            length_s = (row["t_end_ns"] - row["t_ns"]) / 1e9
            one["known_s" if row["known"] else "unknown_s"] += length_s
            if not row["known"]:
                reasons = one["reasons"]
                reason = row["reason"] or "unknown"
                reasons[reason] = reasons.get(reason, 0.0) + length_s
        return [found[name] for name in sorted(found)]

    def _models(self, measurement: str) -> pa.Table:
        found = self._table(measurement, "clock_models")
        return kind("clock_models").schema.empty_table() if found is None else found

    def _table(
        self, measurement: str, name: str, columns: tuple[str, ...] | None = None
    ) -> pa.Table | None:
        found = self.catalog.artifacts(measurement, kind=name)
        return read_table(self.storage, found[0], columns=columns) if found else None
