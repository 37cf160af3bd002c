"""What lies around one scene: frames, signals, the way driven, who else was there.

Everything is read by time, so only the row groups around the scene are touched, and nothing here
grows with the length of a drive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.artifact import Artifact
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.storage import Storage
from avdataops.signals.arrays import Floats
from avdataops.signals.birds_eye import Box
from avdataops.wiring.stored_tables import read_table

MARGIN_S = 3.0
MAX_WINDOW_S = 60.0
"""A longer scene is looked at piece by piece."""
MAX_FRAMES = 300
MAX_SAMPLES = 1500
_OBJECTS_WITHIN_NS = NS_PER_S // 5

SIGNALS = {
    "ego_speed_mps": ("speed", "m/s"),
    "accel_x_mps2": ("acceleration x", "m/s²"),
    "accel_y_mps2": ("acceleration y", "m/s²"),
    "yaw_rate_radps": ("yaw rate", "rad/s"),
    "steering_angle_rad": ("steering angle", "rad"),
}
"""Columns of ``ego`` that are drawn -> what people call them, and their unit."""
_BOX = ("x_m", "y_m", "yaw_rad", "length_m", "width_m")
_SEEN = ("t_ns", "track_id", "x_m", "y_m", "yaw_rad", "vx_mps", "length_m", "width_m")


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at: the scene with a margin, or a piece of it."""

    span: TimeRange
    zero_ns: int
    """Start of the scene: where the clocks of pages stand at 0."""
    before: float | None
    """Where the piece before begins, in s after the scene's start; None if this is the first."""
    after: float | None

    def seconds(self, t_ns: Any) -> Any:
        """Return times in s after the scene's start."""
        return (t_ns - self.zero_ns) / NS_PER_S


@dataclass(frozen=True, slots=True)
class Sensor:
    """The frames of one camera or lidar in a window."""

    stream: str
    topic_class: str
    frames: tuple[tuple[float, str, int], ...]
    """When (s after the scene's start), which artifact, which of its rows."""
    left_out: int
    """Frames of the window that are not listed, evenly spread."""


def window_of(scene: Scene, at_s: float | None = None) -> Window:
    """Return the window of a scene, or the piece of it that begins ``at_s`` after its start."""
    margin_ns, most_ns = round(MARGIN_S * NS_PER_S), round(MAX_WINDOW_S * NS_PER_S)
    first_ns, last_ns = scene.t_start_ns - margin_ns, scene.t_end_ns + margin_ns
    start_ns = first_ns
    if at_s is not None:
        start_ns = min(max(scene.t_start_ns + round(at_s * NS_PER_S), first_ns), last_ns - 1)
    stop_ns = min(start_ns + most_ns, last_ns)
    return Window(
        TimeRange(start_ns, stop_ns),
        scene.t_start_ns,
        _after(scene, max(start_ns - most_ns, first_ns)) if start_ns > first_ns else None,
        _after(scene, stop_ns) if stop_ns < last_ns else None,
    )


def _after(scene: Scene, t_ns: int) -> float:
    return (t_ns - scene.t_start_ns) / NS_PER_S


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Reads what lies around the scenes of one workspace."""

    catalog: CatalogReader
    storage: Storage

    def sensors(self, measurement: str, window: Window) -> tuple[Sensor, ...]:
        """Return cameras and lidars with their frames, ordered by name."""
        streams = {
            (one.name, one.part): one for one in self.catalog.artifacts(measurement, kind="stream")
        }
        columns = ("t_ns", "stream", "topic_class", "frame_row", "part")
        rows = self._rows(measurement, "frame_facts", window.span, columns)
        found: dict[tuple[str, str], list[tuple[float, str, int]]] = {}
        for row in rows:
            artifact = streams.get((row["stream"], row["part"]))
            if artifact is None or row["topic_class"] not in {"camera", "lidar"}:
                continue
            if row["frame_row"] is not None:
                at = (window.seconds(row["t_ns"]), artifact.id, row["frame_row"])
                found.setdefault((row["topic_class"], row["stream"]), []).append(at)
        return tuple(
            Sensor(
                stream, topic_class, tuple(_thinned(frames)), len(frames) - len(_thinned(frames))
            )
            for (topic_class, stream), frames in sorted(found.items())
        )

    def signals(self, measurement: str, window: Window) -> dict[str, Any]:
        """Return the ego's signals that are known: ``{"t": [s], "series": [{name, ...}]}``."""
        table = self.rows_of(measurement, "ego", window.span, ("t_ns", *SIGNALS))
        if table is None or not table.num_rows:
            return {"t": [], "series": []}
        table = table.take(pa.array(_evenly(table.num_rows, MAX_SAMPLES)))
        series = []
        for column, (label, unit) in SIGNALS.items():
            if column in table.column_names and table.column(column).null_count < table.num_rows:
                values = _floats(table.column(column))
                series.append(
                    {"name": column, "label": label, "unit": unit, "values": _plain(values)}
                )
        t = [round(window.seconds(one), 3) for one in table.column("t_ns").to_pylist()]
        return {"t": t, "series": series}

    def way(self, measurement: str, window: Window) -> list[list[float]]:
        """Return the way driven as ``[t, lon, lat]``, t in s after the scene's start."""
        table = self.rows_of(measurement, "ego", window.span, ("t_ns", "lon_deg", "lat_deg"))
        if table is None or "lat_deg" not in table.column_names:
            return []
        table = table.filter(table.column("lat_deg").is_valid()).drop_null()
        table = table.take(pa.array(_evenly(table.num_rows, MAX_FRAMES)))
        rows = zip(
            *(table.column(name).to_pylist() for name in ("t_ns", "lon_deg", "lat_deg")),
            strict=True,
        )
        return [[round(window.seconds(t), 3), lon, lat] for t, lon, lat in rows]

    def actor(self, scene: Scene, window: Window) -> pa.Table | None:
        """Return the rows of the scene's actor in the window; None without one."""
        if scene.actor is None:
            return None
        table = self.rows_of(scene.measurement, "objects", window.span, _SEEN)
        if table is None:
            return None
        wanted = pa.compute.equal(table.column("track_id"), scene.actor)
        found = table.filter(wanted)
        return found if found.num_rows else None

    def boxes(self, scene: Scene, t_ns: int) -> tuple[Box, ...]:
        """Return the objects around at a time: of each track the row nearest to it."""
        span = TimeRange(t_ns - _OBJECTS_WITHIN_NS, t_ns + _OBJECTS_WITHIN_NS)
        nearest: dict[str, Mapping[str, Any]] = {}
        for row in self._rows(scene.measurement, "objects", span, _SEEN):
            old = nearest.get(row["track_id"])
            if old is None or abs(row["t_ns"] - t_ns) < abs(old["t_ns"] - t_ns):
                nearest[row["track_id"]] = row
        order = sorted(nearest.items(), key=lambda one: one[0] == scene.actor)
        return tuple(_box(row, is_actor=track == scene.actor) for track, row in order)

    def at_time(self, measurement: str, kind: str, t_ns: int) -> dict[str, Any]:
        """Return the row of a table that holds at a time, without what it does not know."""
        span = TimeRange(t_ns - 2 * NS_PER_S, t_ns + 2 * NS_PER_S)
        rows = self._rows(measurement, kind, span, None)
        if not rows:
            return {}
        nearest = min(rows, key=lambda row: abs(row["t_ns"] - t_ns))
        return {name: value for name, value in nearest.items() if value is not None}

    def _rows(
        self, measurement: str, kind: str, span: TimeRange, columns: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        table = self.rows_of(measurement, kind, span, columns)
        return [] if table is None else list(table.to_pylist())

    def rows_of(
        self, measurement: str, kind: str, span: TimeRange | None, columns: Sequence[str] | None
    ) -> pa.Table | None:
        """Return the rows of the one current table of a kind in a span; None without one."""
        found = self.artifact(measurement, kind)
        return None if found is None else read_table(self.storage, found, span, columns)

    def artifact(self, measurement: str, kind: str) -> Artifact | None:
        """Return the one current table of a kind, None where there is none."""
        found = self.catalog.artifacts(measurement, kind=kind)
        return found[0] if found else None


def _box(row: Mapping[str, Any], *, is_actor: bool) -> Box:
    known = {name: np.nan if row.get(name) is None else float(row[name]) for name in _BOX}
    return Box(**known, is_actor=is_actor)


def _thinned(frames: list[tuple[float, str, int]]) -> list[tuple[float, str, int]]:
    return [frames[place] for place in _evenly(len(frames), MAX_FRAMES)]


def _evenly(count: int, most: int) -> list[int]:
    """Return at most ``most`` places among ``count``, evenly spread, first and last with them."""
    if count <= most:
        return list(range(count))
    return sorted({round(one) for one in np.linspace(0, count - 1, most)})


def _floats(column: pa.ChunkedArray) -> Floats:
    values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float64)


def _plain(values: Floats) -> list[float | None]:
    """Return numbers for JSON; what is unknown is null."""
    return [None if not np.isfinite(one) else round(float(one), 5) for one in values]
