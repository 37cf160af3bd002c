"""Clips of scenes: what a clip is made of is found in the catalog and read through the storage."""

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from avdataops.clips.clip import (
    Clip,
    ClipClock,
    ClipFormat,
    ClipRecording,
    ClipTable,
    Outcome,
)
from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, MissingStream, did_you_mean
from avdataops.model.scene import Scene
from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_MS, NS_PER_S, TimeRange
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage
from avdataops.signals.clock_table import STAMPS
from avdataops.signals.clocks import ClockModel
from avdataops.wiring.stored_tables import read_table, table_batches, table_schema

DERIVED = ("ego", "objects")
COPIED = ("bag", "db3", "mcap")
"""Formats of recordings whose messages stand for themselves."""
MANIFEST = "clip.json"
MAX_AROUND_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipWish:
    """What is wanted around a scene."""

    before_s: float = 5.0
    after_s: float = 5.0
    topics: tuple[str, ...] = ()
    """Only these; empty for all."""
    originals_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A clip that was written."""

    scene: str
    files: tuple[Mapping[str, object], ...]
    """Path, bytes, SHA-256 and what it holds, of each file."""
    manifest: Mapping[str, object]
    caveats: tuple[Problem, ...]
    lost_data: bool


def clip_of(catalog: CatalogReader, storage: Storage, scene: Scene, wish: ClipWish) -> Clip:
    """Return what a clip of a scene is made of.

    Streams on a clock that could not be tied to the reference stay out, with a caveat.  Raises
    ``MissingStream`` for a topic that the measurement has not, with the near miss.
    """
    for seconds in (wish.before_s, wish.after_s):
        if not 0 <= seconds <= MAX_AROUND_S:
            raise InputError(
                f"{seconds:g} s around a scene; from 0 to {MAX_AROUND_S:g} is possible"
            )
    artifacts = catalog.artifacts(scene.measurement)
    reader = _Reader(storage)
    clocks = measurement_clocks(artifacts, partial(read_table, storage))
    raw = [one for one in artifacts if one.kind == "stream"]
    _check_topics(scene.measurement, wish.topics, raw)
    clock_of = {
        one.attributes.get("recording", one.part): one.attributes.get("clock", "") for one in raw
    }
    recordings = [one for one in artifacts if one.kind == "recording"]
    reference = ClipClock(_reference_name(clocks))
    return Clip(
        scene=scene,
        span=TimeRange(
            scene.t_start_ns - round(wish.before_s * NS_PER_S),
            scene.t_end_ns + round(wish.after_s * NS_PER_S),
        ),
        recordings=tuple(
            ClipRecording(
                artifact=one,
                clock=clocks[clock_of[one.name]],
                open=partial(storage.open, one.location),
            )
            for one in recordings
            if one.attributes.get("format") in COPIED and clock_of.get(one.name) in clocks
        ),
        streams=tuple(
            reader.table(one, clocks[one.attributes["clock"]])
            for one in raw
            if one.attributes.get("clock") in clocks
        ),
        derived=tuple(reader.table(one, reference) for one in artifacts if one.kind in DERIVED),
        sources={one.name: one.sha256 for one in recordings},
        topics=frozenset(wish.topics) or None,
        originals_only=wish.originals_only,
        caveats=tuple(_untied(raw, clocks)),
        version=version("avdataops"),
    )


def measurement_clocks(artifacts: Collection[Artifact], read: Any) -> Mapping[str, ClipClock]:
    """Return every clock of a measurement that leads to the reference, by name.

    ``read`` gives the rows of an artifact.  A clock that sync took for the reference only because
    the settings say so has no model, but an offset in ``sync_quality``.
    """
    found: dict[str, ClipClock] = {}
    for table in (one for one in artifacts if one.kind == "clock_models"):
        for row in read(table).to_pylist():
            if row["clock"] == STAMPS:
                continue
            if row["t0_ns"] is not None and row["refused"] is None and row["stream"] is None:
                found[row["clock"]] = ClipClock(row["clock"], _model(row))
            elif row["method"] == "reference":
                found.setdefault(row["clock"], ClipClock(row["clock"]))
    for table in (one for one in artifacts if one.kind == "sync_quality"):
        for row in read(table).to_pylist():
            if row["clock"] and row["offset_ms"] is not None and row["clock"] not in found:
                found[row["clock"]] = ClipClock(row["clock"], _offset(row))
    return found


def _model(row: Mapping[str, Any]) -> ClockModel:
    return ClockModel(
        t0_ns=row["t0_ns"],
        offset_ns=row["offset_ns"],
        skew_ppm=row["skew_ppm"] or 0.0,
        residual_p50_ms=row["residual_p50_ms"] or 0.0,
        residual_p95_ms=row["residual_p95_ms"] or 0.0,
        sigma_ms=row["sigma_ms"],
        points=row["points"] or 0,
    )


def _offset(row: Mapping[str, Any]) -> ClockModel | None:
    offset_ns = round(row["offset_ms"] * NS_PER_MS)
    drift = row["drift_ppm"] or 0.0
    if not offset_ns and not drift:
        return None
    return ClockModel(row["t_ns"] - offset_ns, offset_ns, drift, 0.0, 0.0, None, 0)


def _reference_name(clocks: Mapping[str, ClipClock]) -> str:
    return next((name for name, one in sorted(clocks.items()) if one.model is None), "utc")


def _untied(raw: Sequence[Artifact], clocks: Mapping[str, ClipClock]) -> Iterator[Problem]:
    lost: dict[str, set[str]] = {}
    for one in raw:
        clock = one.attributes.get("clock", "")
        if clock not in clocks:
            lost.setdefault(clock, set()).add(one.name)
    for clock, names in sorted(lost.items()):
        text = (
            f"{len(names)} streams on the clock '{clock}' stay out: it could not be tied to the "
            "reference, so nobody knows which of their rows belong to the scene"
        )
        yield Problem(code="untied_clock", message=text)


def _check_topics(measurement: str, topics: Sequence[str], raw: Sequence[Artifact]) -> None:
    known = {one.attributes.get("topic", one.name) for one in raw}
    for topic in topics:
        if topic not in known:
            raise MissingStream(
                f"measurement {measurement} has no topic '{topic}'{did_you_mean(topic, known)}",
                hint=f"avdataops measurements show {measurement}",
            )


@dataclass(frozen=True, slots=True)
class _Reader:
    storage: Storage

    def table(self, artifact: Artifact, clock: ClipClock) -> ClipTable:
        """Return a stored table as a clip sees it."""
        return ClipTable(
            artifact=artifact,
            clock=clock,
            rows=partial(self._rows, artifact),
            schema=partial(self._schema, artifact),
        )

    def _rows(
        self, artifact: Artifact, span: TimeRange, columns: Sequence[str] | None
    ) -> Iterator[pa.RecordBatch]:
        return table_batches(self.storage, artifact, span, columns)

    def _schema(self, artifact: Artifact) -> pa.Schema:
        return table_schema(self.storage, artifact)


def export_clip(clip: Clip, form: ClipFormat, target: Path) -> Exported:
    """Write a clip to ``target``: one file, or a folder with ``clip.json`` for formats of several.

    A file appears whole or not at all, and replaces what was there.
    """
    folder = target.parent if form.suffix else target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".clip-", dir=folder) as work:
            outcome = form.write(clip, Path(work))
            return _placed(clip, form, outcome, (Path(work), target))
    except OSError as error:
        raise InputError(f"cannot write '{target}': {error.strerror}") from error


def _placed(clip: Clip, form: ClipFormat, outcome: Outcome, places: tuple[Path, Path]) -> Exported:
    work, target = places
    manifest = clip.manifest(outcome.used)
    files = []
    for one in outcome.files:
        at = target if form.suffix else target / one.path.name
        files.append(
            {"path": str(at), "bytes": one.path.stat().st_size, "sha256": _sha256(one.path)}
            | dict(one.facts)
        )
        one.path.replace(at)
    if not form.suffix:
        inside = [one | {"path": Path(str(one["path"])).name} for one in files]
        text = json.dumps({**manifest, "files": inside}, indent=2, sort_keys=True)
        part = work / MANIFEST
        part.write_text(f"{text}\n", encoding="utf-8")
        part.replace(target / MANIFEST)
    return Exported(
        scene=clip.scene.id,
        files=tuple(files),
        manifest=manifest,
        caveats=outcome.caveats,
        lost_data=outcome.lost_data,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
