"""Found scenes, and the way from each to its data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, overload

import pyarrow as pa

from avdataops.lake.clouds import PointClouds
from avdataops.lake.messages import Source
from avdataops.lake.pictures import Images, thumbnail
from avdataops.lake.rows import Rows, cell, html_table
from avdataops.lake.tables import Tables
from avdataops.model.errors import AvdataopsError, SchemaMismatch
from avdataops.model.rig import Calibration
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange, format_time
from avdataops.tables.scene_rows import evidence_json, scene_rows

_SHOWN_SCENES, _PICTURED_SCENES = 20, 4
_COLUMNS = ("id", "type", "start", "seconds", "vehicle", "confidence", "evidence")


@dataclass(frozen=True, slots=True)
class FoundScene:
    """One scene, with the way to its data.  Times are on the measurement's reference clock.

    >>> scene.type, scene.vehicle
    ('drive_off', 'aar-07')
    >>> scene.stream("/imu/data", before_s=2, after_s=5).num_rows > 700
    True
    """

    tables: Tables
    scene: Scene

    def __getattr__(self, name: str) -> Any:
        """Give the scene's own fields: ``id``, ``type``, ``evidence``."""
        return getattr(self.scene, name)

    def span(self, before_s: float = 0.0, after_s: float = 0.0) -> TimeRange:
        """Return the time of the scene and some around it.

        >>> scene.t_start_ns - scene.span(before_s=1).start_ns
        1000000000
        """
        return TimeRange(
            self.scene.t_start_ns - round(before_s * NS_PER_S),
            self.scene.t_end_ns + round(after_s * NS_PER_S),
        )

    def stream(self, name: str, before_s: float = 0.0, after_s: float = 0.0) -> pa.Table:
        """Return the rows of a raw stream around the scene, with ``t_ref_ns`` beside ``t_ns``.

        >>> scene.stream("CAN1.Steering").column("t_ref_ns").null_count
        0
        """
        return self.tables.stream(self.scene.measurement, name, self.span(before_s, after_s))

    def signals(
        self,
        names: Sequence[str] | None = None,
        before_s: float = 0.0,
        after_s: float = 0.0,
    ) -> Rows:
        """Return the ego's canonical signals around the scene, or those named, 50 a second.

        Raises ``MissingStream`` for a signal that is not there, with the near miss.

        >>> scene.signals(["ego_speed_mps"], before_s=1).unit("ego_speed_mps")
        'm/s'
        """
        return self._derived("ego", names, self.span(before_s, after_s))

    def objects(self, before_s: float = 0.0, after_s: float = 0.0) -> Rows:
        """Return the tracked objects around the scene, in the vehicle's frame (ISO 8855).

        >>> sorted(set(scene.objects()["object_class"]))
        ['car']
        """
        return self._derived("objects", None, self.span(before_s, after_s))

    def images(self, topic: str, before_s: float = 0.0, after_s: float = 0.0) -> Images:
        """Return the pictures of a camera around the scene, read when they are looked at.

        >>> len(scene.images("/camera/front/image/compressed")) > 10
        True
        """
        return Images(self._source(topic, self.span(before_s, after_s), "data"))

    def point_clouds(self, topic: str, before_s: float = 0.0, after_s: float = 0.0) -> PointClouds:
        """Return the sweeps of a lidar around the scene, read when they are looked at.

        >>> len(scene.point_clouds("/lidar/top/points")[0]) > 100
        True
        """
        return PointClouds(self._source(topic, self.span(before_s, after_s), "points"))

    def calibration(self) -> Calibration:
        """Return how the cameras draw and where the sensors sit; unknown is None.

        From the recordings: ``CameraInfo`` beside each camera, and ``/tf_static``.

        >>> [sensor.stream for sensor in scene.calibration().sensors]
        ['/camera/front/image/compressed', '/lidar/top/points']
        >>> scene.calibration().sensors[0].intrinsics.width_px
        320
        """
        return self.tables.calibration(self.scene.measurement)

    def _derived(self, kind: str, names: Sequence[str] | None, span: TimeRange) -> Rows:
        return Rows(self.tables.on_reference(self.scene.measurement, kind, span, names), kind)

    def _source(self, topic: str, span: TimeRange, needs: str) -> Source:
        parts = self.tables.parts(self.scene.measurement, topic)
        names = self.tables.columns(parts[0])
        if not any(name == needs or name.startswith(f"{needs}_") for name in names):
            raise SchemaMismatch(f"stream '{topic}' holds no {needs}: {', '.join(names)}"[:300])
        clock = self.tables.clock(self.scene.measurement, topic)
        return Source(self.tables, topic, parts, clock, clock.to_recorder(span))

    def picture(self) -> str:
        """Return a small picture from the middle of the scene as HTML, empty without a camera.

        >>> scene.picture()[:4]
        '<img'
        """
        middle_ns = (self.scene.t_start_ns + self.scene.t_end_ns) // 2
        try:
            for camera in self.tables.cameras(self.scene.measurement):
                around = TimeRange(middle_ns - NS_PER_S, middle_ns + NS_PER_S)
                near = Images(self._source(camera, around, "data"))
                if len(near):
                    return thumbnail(near.nearest(middle_ns))
        except AvdataopsError:
            # A notebook shows what can be shown; asking for the pictures themselves tells why.
            return ""
        return ""

    def __repr__(self) -> str:
        one = self.scene
        return f"<{one.type} {one.id} at {format_time(one.t_start_ns)}, {_seconds(one)} s>"

    def _repr_html_(self) -> str:
        facts = {"evidence": evidence_json(self.scene.evidence)}
        known = [(name, facts.get(name, getattr(self.scene, name))) for name in _FIELDS]
        rows = [[cell(name), cell(value)] for name, value in known]
        return f"<p>{escape(repr(self))}</p>{html_table(('', ''), rows)}{self.picture()}"


_FIELDS = ("measurement", "vehicle", "t_start_ns", "t_end_ns", "confidence", "actor", "evidence")


def _seconds(scene: Scene) -> str:
    return f"{(scene.t_end_ns - scene.t_start_ns) / NS_PER_S:.2f}"


class Scenes:
    """Found scenes: indexed and iterated, and a table for any Arrow library.

    >>> found = lake.scenes("drive_off")
    >>> found
    <1 scenes: 1 drive_off>
    >>> found.to_polars()["type"].to_list()
    ['drive_off']

    Not a ``Sequence`` by name, because data-frame libraries would then take the scenes one by one
    instead of asking for the Arrow stream.
    """

    def __init__(self, tables: Tables, found: tuple[Scene, ...]) -> None:
        self._tables = tables
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> FoundScene: ...
    @overload
    def __getitem__(self, index: slice) -> "Scenes": ...
    def __getitem__(self, index: int | slice) -> "FoundScene | Scenes":
        if isinstance(index, slice):
            return Scenes(self._tables, self._found[index])
        return FoundScene(self._tables, self._found[index])

    def __iter__(self) -> Iterator[FoundScene]:
        return (FoundScene(self._tables, scene) for scene in self._found)

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for scene in self._found:
            counts[scene.type] = counts.get(scene.type, 0) + 1
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        return f"<{len(self)} scenes: {told}>" if told else "<no scenes>"

    def _repr_html_(self) -> str:
        rows = []
        for number, one in enumerate(self._found[:_SHOWN_SCENES]):
            picture = self[number].picture() if number < _PICTURED_SCENES else ""
            shown = (one.id, one.type, format_time(one.t_start_ns), _seconds(one), one.vehicle)
            values = (*shown, one.confidence, evidence_json(one.evidence))
            rows.append([*map(cell, values), picture])
        more = len(self) - len(rows)
        told = f"<p>and {more} more</p>" if more else ""
        return f"<p>{escape(repr(self))}</p>{html_table((*_COLUMNS, ''), rows)}{told}"

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
