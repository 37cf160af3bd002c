"""How a fleet's data stands: what was found, what detectors could judge, what went wrong."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

from avdataops.model.errors import AvdataopsError
from avdataops.model.measurement import Measurement, State
from avdataops.model.run import Outcome, RunRecord
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage
from avdataops.wiring.drive_view import DriveView
from avdataops.wiring.stored_tables import read_table

MAX_DRIVES = 100
"""Looked into at once; of a larger fleet the page says that it shows a part."""
MAX_TROUBLES = 200
_MAX_KEPT = 2000
_SURROUNDINGS = ("t_ns", "light", "rain", "snow", "road_class")
_FAILED = {Outcome.FAILED_INPUT, Outcome.FAILED_TRANSIENT, Outcome.LOST}


@dataclass(frozen=True, slots=True)
class Judged:
    """How long the detector of a scene type could tell, over all drives, in s."""

    type: str
    known_s: float
    unknown_s: float
    reason: str
    """The most frequent reason for not knowing, or empty."""

    @property
    def share(self) -> float | None:
        """Part of the time that could be judged; None without any."""
        whole = self.known_s + self.unknown_s
        return self.known_s / whole if whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What a page tells."""

    drives: int
    states: Mapping[str, int]
    is_part: bool
    judged: Sequence[Judged]
    driven_s: Mapping[str, Mapping[str, float]]
    """By light, weather and road: seconds driven under each value."""
    troubles: Sequence[RunRecord]
    quarantined: Sequence[Measurement]


@dataclass(slots=True)
class Remembered:
    """Sums of single drives; published tables never change, so a sum by artifact holds."""

    _kept: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str) -> Any:
        """Return what is kept, or None."""
        with self._turn:
            return self._kept.get(key)

    def put(self, key: str, value: Any) -> None:
        """Keep a sum."""
        with self._turn:
            self._kept[key] = value
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)


def fleet(catalog: CatalogReader, storage: Storage | None, remembered: Remembered) -> Fleet:
    """Return how the first ``MAX_DRIVES`` measurements stand."""
    found = catalog.measurements(limit=MAX_DRIVES + 1)
    drives = found[:MAX_DRIVES]
    states: dict[str, int] = {}
    troubles: list[RunRecord] = []
    for one in drives:
        states[one.state.value] = states.get(one.state.value, 0) + 1
        troubles += [run for run in catalog.runs(one.id) if run.outcome in _FAILED]
    judged, driven_s = _sums(catalog, storage, drives, remembered) if storage else ([], {})
    return Fleet(
        drives=len(drives),
        states=states,
        is_part=len(found) > MAX_DRIVES,
        judged=judged,
        driven_s=driven_s,
        troubles=sorted(troubles, key=lambda run: run.started_ns, reverse=True)[:MAX_TROUBLES],
        quarantined=[one for one in drives if one.state is State.QUARANTINED],
    )


def _sums(
    catalog: CatalogReader, storage: Storage, drives: Sequence[Measurement], remembered: Remembered
) -> tuple[list[Judged], dict[str, dict[str, float]]]:
    types: dict[str, list[Any]] = {}
    driven: dict[str, dict[str, float]] = {}
    for one in drives:
        for row in _coverage(catalog, storage, one.id, remembered):
            sums = types.setdefault(row["type"], [0.0, 0.0, {}])
            sums[0] += row["known_s"]
            sums[1] += row["unknown_s"]
            for reason, length_s in row["reasons"].items():
                sums[2][reason] = sums[2].get(reason, 0.0) + length_s
        for facet, values in _driven(catalog, storage, one.id, remembered).items():
            into = driven.setdefault(facet, {})
            for value, length_s in values.items():
                into[value] = into.get(value, 0.0) + length_s
    judged = [
        Judged(name, known, unknown, max(reasons, key=reasons.get, default=""))
        for name, (known, unknown, reasons) in sorted(types.items())
    ]
    return judged, driven


def _coverage(
    catalog: CatalogReader, storage: Storage, measurement: str, remembered: Remembered
) -> list[dict[str, Any]]:
    tables = catalog.artifacts(measurement, kind="scene_coverage")
    key = "coverage " + " ".join(one.id for one in tables)
    kept = remembered.get(key)
    if kept is None:
        kept = DriveView(catalog, storage).coverage(measurement) if tables else []
        remembered.put(key, kept)
    told: list[dict[str, Any]] = kept
    return told


def _driven(
    catalog: CatalogReader, storage: Storage, measurement: str, remembered: Remembered
) -> dict[str, dict[str, float]]:
    tables = catalog.artifacts(measurement, kind="context")
    key = "driven " + " ".join(one.id for one in tables)
    kept: dict[str, dict[str, float]] | None = remembered.get(key)
    if kept is None:
        kept = {}
        for table in tables:
            try:
                rows = read_table(storage, table, columns=_SURROUNDINGS)
            except AvdataopsError:
                continue
            _add(kept, rows.to_pylist())
        remembered.put(key, kept)
    return kept


def _add(sums: dict[str, dict[str, float]], rows: Sequence[Mapping[str, Any]]) -> None:
    stamps = [row["t_ns"] for row in rows]
    # A row stands for the time to the next one; over a gap for no more than usual.
    steps = [later - earlier for earlier, later in pairwise(stamps)]
    usual_s = median(steps) / NS_PER_S if steps else 0.0
    lengths_s = [min(step / NS_PER_S, usual_s) for step in steps] + [usual_s] * bool(rows)
    for row, length_s in zip(rows, lengths_s, strict=True):
        falling = [name for name in ("rain", "snow") if row.get(name)]
        dry = "dry" if row.get("rain") is False else "unknown"
        for facet, value in (
            ("light", row.get("light") or "unknown"),
            ("weather", falling[0] if falling else dry),
            ("road", row.get("road_class") or "unknown"),
        ):
            into = sums.setdefault(facet, {})
            into[value] = into.get(value, 0.0) + length_s
