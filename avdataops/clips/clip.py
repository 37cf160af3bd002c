"""What a clip is made of: one scene, the time around it, recordings and tables, on one clock."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from avdataops.model.artifact import Artifact
from avdataops.model.run import DAMAGE
from avdataops.model.scene import Scene
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.signals.arrays import Times
from avdataops.signals.clocks import ClockModel, apply, inverse

Rows = Iterator[pa.RecordBatch]
_LOSS = (DAMAGE | {"unreadable"}) - {"truncated"}
"""Problems that cost something of the range even where nobody can count it; a recording that
breaks off later has lost nothing of it."""


@dataclass(frozen=True, slots=True)
class ClipClock:
    """A clock of the measurement and how it leads to the reference."""

    name: str
    model: ClockModel | None = None
    """``reference = t + offset_ns + skew_ppm * 1e-6 * (t - t0_ns)``; None for the same clock."""

    def to_reference(self, t: Times) -> Times:
        """Return times of this clock as times of the reference."""
        return t if self.model is None else apply(self.model, t)

    def from_reference(self, t: Times) -> Times:
        """Return times of the reference as times of this clock."""
        return t if self.model is None else apply(inverse(self.model), t)

    def span(self, time: TimeRange) -> TimeRange:
        """Return a range of reference time on this clock."""
        ends = self.from_reference(np.array([time.start_ns, time.stop_ns], dtype=np.int64))
        return TimeRange(int(ends[0]), int(ends[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTable:
    """A stored table of which the clip takes a range."""

    artifact: Artifact
    clock: ClipClock
    """Of its ``t_ns``."""
    rows: Callable[[TimeRange, Sequence[str] | None], Rows]
    """Yields the rows in a range of its own clock, in order, row group by row group; only the
    named columns."""
    schema: Callable[[], pa.Schema]

    @property
    def name(self) -> str:
        """Name of the stream or table."""
        return self.artifact.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRecording:
    """A recording of the measurement."""

    artifact: Artifact
    clock: ClipClock
    open: Callable[[], ReadableFile]

    @property
    def name(self) -> str:
        """Its file name."""
        return self.artifact.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One scene with the time around it."""

    scene: Scene
    span: TimeRange
    """On the reference clock: the scene, and what was asked for before and after."""
    recordings: tuple[ClipRecording, ...]
    """Those whose messages can be copied."""
    streams: tuple[ClipTable, ...]
    """Every raw stream, of all recordings, with its children."""
    derived: tuple[ClipTable, ...]
    """Tables on the reference clock, by kind: ``ego``, ``objects``."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of every recording of the measurement, by name."""
    topics: frozenset[str] | None = None
    """Only these topics; None for all."""
    originals_only: bool = False
    """Nothing but messages that recordings hold, for programs that know only ROS."""
    caveats: tuple[Problem, ...] = ()
    """What had to stay out, and why."""
    version: str = ""
    """Of the product."""

    def takes(self, topic: str) -> bool:
        """Say whether a topic was asked for."""
        return self.topics is None or topic in self.topics

    def of_kind(self, kind: str) -> tuple[ClipTable, ...]:
        """Return the derived tables of one kind."""
        return tuple(one for one in self.derived if one.artifact.kind == kind)

    def manifest(self, used: Iterable[Artifact]) -> dict[str, object]:
        """Return what the clip shows and what it is made from; names no place and no moment."""
        scene, made_from = self.scene, tuple(used)
        sources = {one.attributes.get("recording", one.part) for one in made_from}
        sources |= {one.name for one in made_from}
        return {
            "scene": scene.id,
            "type": scene.type,
            "measurement": scene.measurement,
            "vehicle": scene.vehicle,
            "scene_start_ns": scene.t_start_ns,
            "scene_end_ns": scene.t_end_ns,
            "clip_start_ns": self.span.start_ns,
            "clip_stop_ns": self.span.stop_ns,
            "detector": f"{scene.detector} {scene.detector_version}",
            "scenes_table": scene.artifact,
            "topics": sorted(self.topics) if self.topics is not None else None,
            "recordings": {
                name: sha for name, sha in sorted(self.sources.items()) if name in sources
            },
            "artifacts": {one.id: one.sha256 for one in sorted(made_from, key=lambda one: one.id)},
            "avdataops": self.version,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of a clip."""

    path: Path
    facts: Mapping[str, object] = field(default_factory=dict)
    """What it holds, such as messages or frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an exporter left in its folder."""

    files: tuple[Written, ...]
    used: tuple[Artifact, ...]
    """What the files are made from."""
    caveats: tuple[Problem, ...] = ()

    @property
    def lost_data(self) -> bool:
        """Say whether something of the range could not be read."""
        return any(problem.lost_rows or problem.code in _LOSS for problem in self.caveats)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFormat:
    """One way to write a clip."""

    name: str
    suffix: str
    """Of its one file; empty for a format of several."""
    doc: str
    write: Callable[[Clip, Path], Outcome]
    """Writes the clip into an empty folder."""
