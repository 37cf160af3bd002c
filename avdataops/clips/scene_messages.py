"""Channels that tell of the scene: typed messages of our own and Foxglove's well-known ones."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from avdataops.clips.clip import Clip, ClipTable
from avdataops.clips.row_messages import made_type, row_type
from avdataops.model.scene import Scene
from avdataops.model.time import NS_PER_S, TimeRange, format_time
from avdataops.tables.scene_rows import evidence_json

BODY_FRAME = "base_link"
"""Objects are in the vehicle frame of ISO 8855, which ROS calls so (REP 105)."""
_SCENE = (
    ("phase", "string"),
    ("id", "string"),
    ("type", "string"),
    ("measurement", "string"),
    ("vehicle", "string"),
    ("start_ns", "int64"),
    ("end_ns", "int64"),
    ("start", "string"),
    ("end", "string"),
    ("confidence", "double"),
    ("evidence_json", "string"),
    ("actor", "string"),
    ("truncated", "bool"),
    ("lat_deg", "double"),
    ("lon_deg", "double"),
    ("detector", "string"),
    ("detector_version", "int64"),
    ("params", "string"),
    ("scenes_table", "string"),
)
_BLUE = (0.2, 0.5, 1.0, 0.5)
_LIFETIME_S = 1
"""How long a box stays when no newer one comes."""


@dataclass(frozen=True, slots=True)
class MadeChannel:
    """A channel of messages that no recording holds; times are the reference clock's."""

    topic: str
    type: str
    definition: bytes
    """Serialised FileDescriptorSet."""
    messages: Callable[[], Iterator[tuple[int, int, bytes]]]
    """Yields (reference time, time as stored, message) by time."""
    facts: tuple[tuple[str, str], ...] = ()


def scene_channels(clip: Clip) -> Iterator[MadeChannel]:
    """Yield what tells of the scene: itself, a log line, the ego, its place, the objects."""
    definition, make = made_type("Scene", _SCENE)
    yield MadeChannel(
        "/avdataops/scene",
        "avdataops.Scene",
        definition,
        lambda: _ends(clip, lambda phase: _scene(make, clip.scene, phase)),
    )
    yield _log_channel(clip)
    for table in clip.of_kind("ego"):
        yield row_channel("/avdataops/ego", table, clip.span)
        yield _place_channel(table, clip.span)
    for table in clip.of_kind("objects"):
        yield _objects_channel(table, clip.span)


def row_channel(topic: str, table: ClipTable, span: TimeRange) -> MadeChannel:
    """Return the rows of a table as messages of a type made for it."""
    made = row_type(table.name, table.schema())
    facts = {"avdataops.artifact": table.artifact.id, "avdataops.clock": table.clock.name}

    def messages() -> Iterator[tuple[int, int, bytes]]:
        for batch in table.rows(table.clock.span(span), None):
            stored = batch.column("t_ns").to_numpy()
            times = table.clock.to_reference(stored)
            yield from zip(times.tolist(), stored.tolist(), made.encode(batch), strict=True)

    pairs = tuple(sorted((facts | made.facts).items()))
    return MadeChannel(topic, made.name, made.descriptor, messages, pairs)


def _ends(clip: Clip, told: Callable[[str], bytes]) -> Iterator[tuple[int, int, bytes]]:
    for phase, t_ns in (("start", clip.scene.t_start_ns), ("end", clip.scene.t_end_ns)):
        yield t_ns, t_ns, told(phase)


def _scene(make: Callable[[], Any], scene: Scene, phase: str) -> bytes:
    known = {
        "phase": phase,
        "start_ns": scene.t_start_ns,
        "end_ns": scene.t_end_ns,
        "start": format_time(scene.t_start_ns),
        "end": format_time(scene.t_end_ns),
        "evidence_json": evidence_json(scene.evidence),
        "scenes_table": scene.artifact,
    }
    message = make()
    for name, _ in _SCENE:
        value = known[name] if name in known else getattr(scene, name)
        if value is not None:
            setattr(message, name, value)
    return bytes(message.SerializeToString(deterministic=True))


def _log_channel(clip: Clip) -> MadeChannel:
    from foxglove.messages import Log, LogLevel

    scene = clip.scene

    def told(phase: str) -> bytes:
        t_ns = scene.t_start_ns if phase == "start" else scene.t_end_ns
        peaks = json.loads(evidence_json(scene.evidence))
        facts = ", ".join(f"{name}={value}" for name, value in sorted(peaks.items()))
        return bytes(
            Log(
                timestamp=_stamp(t_ns),
                level=LogLevel.Info,
                name=f"{scene.detector} {scene.detector_version}",
                message=f"{scene.type} {phase} ({scene.id}): {facts}",
            ).encode()
        )

    return _known("/avdataops/log", Log, lambda: _ends(clip, told))


def _place_channel(table: ClipTable, span: TimeRange) -> MadeChannel:
    from foxglove.messages import Color, LocationFix

    def messages() -> Iterator[tuple[int, int, bytes]]:
        names = table.schema().names
        wanted = [n for n in ("t_ns", "lat_deg", "lon_deg", "alt_m") if n in names]
        if "lat_deg" not in wanted or "lon_deg" not in wanted:
            return
        for batch in table.rows(span, wanted):
            for row in batch.to_pylist():
                t_ns, lat, lon = row["t_ns"], row["lat_deg"], row["lon_deg"]
                if lat is None or lon is None:
                    continue
                fix = LocationFix(
                    timestamp=_stamp(t_ns),
                    frame_id=BODY_FRAME,
                    color=Color(r=_BLUE[0], g=_BLUE[1], b=_BLUE[2], a=1.0),
                    latitude=lat,
                    longitude=lon,
                    altitude=math.nan if row.get("alt_m") is None else row["alt_m"],
                )
                yield t_ns, t_ns, bytes(fix.encode())

    return _known("/avdataops/location", LocationFix, messages)


def _objects_channel(table: ClipTable, span: TimeRange) -> MadeChannel:
    from foxglove.messages import SceneUpdate

    def messages() -> Iterator[tuple[int, int, bytes]]:
        waiting: list[dict[str, Any]] = []
        for batch in table.rows(span, None):
            for row in batch.to_pylist():
                if waiting and row["t_ns"] != waiting[0]["t_ns"]:
                    yield _boxes(waiting)
                    waiting = []
                waiting.append(row)
        if waiting:
            yield _boxes(waiting)

    return _known("/avdataops/objects", SceneUpdate, messages)


def _boxes(rows: list[dict[str, Any]]) -> tuple[int, int, bytes]:
    from foxglove.messages import SceneUpdate

    t_ns: int = rows[0]["t_ns"]
    update = SceneUpdate(entities=[_box(row, _stamp(t_ns)) for row in rows])
    return t_ns, t_ns, bytes(update.encode())


def _box(row: dict[str, Any], stamp: Any) -> Any:
    """Return one object as a cube; a size that is unknown is drawn as one of 0.5 m."""
    from foxglove import messages as fox

    half_turn = (row["yaw_rad"] or 0.0) / 2
    turned = fox.Quaternion(x=0.0, y=0.0, z=math.sin(half_turn), w=math.cos(half_turn))
    place = fox.Vector3(x=row["x_m"], y=row["y_m"], z=row["z_m"] or 0.0)
    size = (row[name] or 0.5 for name in ("length_m", "width_m", "height_m"))
    cube = fox.CubePrimitive(
        pose=fox.Pose(position=place, orientation=turned),
        size=fox.Vector3(**dict(zip("xyz", size, strict=True))),
        color=fox.Color(**dict(zip("rgba", _BLUE, strict=True))),
    )
    known = (("class", row["object_class"]), ("stream", row["stream"]))
    return fox.SceneEntity(
        timestamp=stamp,
        frame_id=BODY_FRAME,
        id=row["track_id"],
        lifetime=fox.Duration(sec=_LIFETIME_S, nsec=0),
        cubes=[cube],
        metadata=[fox.KeyValuePair(key=key, value=value) for key, value in known if value],
    )


def _stamp(t_ns: int) -> Any:
    from foxglove.messages import Timestamp

    return Timestamp(sec=t_ns // NS_PER_S, nsec=t_ns % NS_PER_S)


def _known(
    topic: str, kind: Any, messages: Callable[[], Iterator[tuple[int, int, bytes]]]
) -> MadeChannel:
    schema = kind.get_schema()
    return MadeChannel(topic, schema.name, bytes(schema.data), messages)
