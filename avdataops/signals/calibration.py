"""What is known of the cameras and lidars of a drive: from its streams, and from a user's file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from avdataops.model.errors import SchemaMismatch, did_you_mean
from avdataops.model.rig import Calibration, Intrinsics, Placement, Sensor
from avdataops.model.stream import Problem
from avdataops.ports.step import Table
from avdataops.signals.transform_tree import TransformTree

INFO_TYPE = "sensor_msgs/msg/CameraInfo"
_FRAME = "header_frame_id"
_INFO = ("width", "height", "k", "distortion_model", "d")
_HERE = Placement(translation_m=(0.0, 0.0, 0.0), rotation_xyzw=(0.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Source:
    """A stream of pictures or sweeps, all its parts."""

    stream: str
    kind: Literal["camera", "lidar"]
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class _Info:
    stream: str
    frame_id: str | None
    intrinsics: Intrinsics


def sources(tables: Iterable[Table], kind: Literal["camera", "lidar"]) -> list[Source]:
    """Return the streams that hold pictures or points, by name."""
    found: dict[str, list[Table]] = {}
    for table in tables:
        names = table.schema.names
        holds = "data" in names or "points_x_m" in names
        if holds and "parent" not in table.artifact.attributes:
            found.setdefault(table.artifact.name, []).append(table)
    return [Source(name, kind, tuple(parts)) for name, parts in sorted(found.items())]


def known_sensors(
    streams: Sequence[Source], infos: Sequence[Table], tree: TransformTree, vehicle_frame: str
) -> tuple[tuple[Sensor, ...], list[Problem]]:
    """Return what the recordings themselves say of each stream, and what is odd in it."""
    problems = list(tree.problems)
    told = _infos(infos, problems)
    sensors = []
    for one in streams:
        frame_id = _frame_of(one, problems)
        info = _info_of(one.stream, frame_id, told) if one.kind == "camera" else None
        placement, said_by = _placement(frame_id, vehicle_frame, tree)
        sensors.append(
            Sensor(
                stream=one.stream,
                kind=one.kind,
                frame_id=frame_id,
                intrinsics=info.intrinsics if info else None,
                intrinsics_from=info.stream if info else None,
                placement=placement,
                placement_from=said_by,
            )
        )
    return tuple(sensors), problems


def _placement(
    frame_id: str | None, vehicle_frame: str, tree: TransformTree
) -> tuple[Placement | None, str | None]:
    if frame_id is None:
        return None, None
    if frame_id == vehicle_frame:
        return _HERE, _FRAME
    found = tree.between(frame_id, vehicle_frame)
    return found, tree.source if found else None


def _frame_of(source: Source, problems: list[Problem]) -> str | None:
    """Return the one frame of all messages, None where they name none or several."""
    names: set[str] = set()
    for table in source.tables:
        if _FRAME in table.schema.names:
            names |= {str(name or "") for name in table.read([_FRAME])[_FRAME].unique().to_pylist()}
    bare = {name.removeprefix("/") for name in names} - {""}
    if len(bare) > 1:
        text = f"{source.stream} is in {len(bare)} frames, so nobody knows where it sits"
        problems.append(Problem(code="several_frames", message=text, stream=source.stream))
    return next(iter(bare)) if len(bare) == 1 else None


def _infos(tables: Iterable[Table], problems: list[Problem]) -> list[_Info]:
    found: dict[str, _Info] = {}
    for table in tables:
        if table.artifact.attributes.get("type") != INFO_TYPE:
            continue
        name = table.artifact.name
        for info in _distinct(table, problems):
            if name in found and found[name].intrinsics != info.intrinsics:
                text = f"{name} changes during the drive; its first message counts"
                problems.append(Problem(code="calibration_changes", message=text, stream=name))
                break
            found.setdefault(name, info)
    return list(found.values())


def _distinct(table: Table, problems: list[Problem]) -> list[_Info]:
    """Return what the messages say, each different one once, in order; bounded by two."""
    name, seen = table.artifact.name, dict[str, _Info]()
    if not {*_INFO} <= {*table.schema.names}:
        return []
    columns = [*_INFO, *([_FRAME] if _FRAME in table.schema.names else [])]
    for batch in table.batches(columns):
        for row in batch.to_pylist():
            key = repr([row[column] for column in _INFO])
            if key in seen or len(seen) > 1:
                continue
            try:
                seen[key] = _info(name, row)
            except SchemaMismatch as error:
                text = f"{name} is left out: {error.message}"
                problems.append(Problem(code="bad_calibration", message=text, stream=name))
                return list(seen.values())
    return list(seen.values())


def _info(stream: str, row: Mapping[str, Any]) -> _Info:
    if any(row[name] is None for name in ("width", "height", "k")):
        raise SchemaMismatch("it does not say size and matrix")
    intrinsics = Intrinsics(
        width_px=row["width"],
        height_px=row["height"],
        matrix=tuple(row["k"]),
        distortion_model=row["distortion_model"] or None,
        distortion=tuple(row["d"] or ()),
    )
    frame = str(row.get(_FRAME) or "").removeprefix("/")
    return _Info(stream, frame or None, intrinsics)


def _info_of(stream: str, frame_id: str | None, told: Sequence[_Info]) -> _Info | None:
    """Return the calibration of a stream: beside it (image_transport's rule), else of its frame.

    Where several would do, none is taken.
    """
    near = [one for one in told if _is_beside(one.stream, stream)]
    same = [one for one in near or told if frame_id is not None and one.frame_id == frame_id]
    chosen = same or near
    return chosen[0] if len(chosen) == 1 else None


def _is_beside(info: str, stream: str) -> bool:
    folder = info.rpartition("/")[0]
    return bool(folder) and stream.startswith(f"{folder}/")


def with_given(
    sensors: Sequence[Sensor], given: Calibration, file: str
) -> tuple[tuple[Sensor, ...], list[Problem]]:
    """Return the sensors with what a user's file says of them; the file counts, nulls do not.

    Raises ``SchemaMismatch`` for a stream that comes twice or is of another kind.
    """
    by_name = {one.stream: one for one in given.sensors}
    if len(by_name) < len(given.sensors):
        raise SchemaMismatch(f"{file}: a stream comes twice")
    there = {one.stream for one in sensors}
    problems = []
    for name in sorted(by_name.keys() - there):
        text = f"{file}: no stream '{name[:80]}' in this drive{did_you_mean(name, there)}"
        problems.append(Problem(code="unknown_sensor", message=text))
    return tuple(_overridden(one, by_name.get(one.stream), file) for one in sensors), problems


def _overridden(sensor: Sensor, given: Sensor | None, file: str) -> Sensor:
    if given is None:
        return sensor
    if given.kind != sensor.kind:
        raise SchemaMismatch(f"{file}: '{sensor.stream}' is a {sensor.kind}, not a {given.kind}")
    found = sensor
    if given.frame_id is not None:
        found = replace(found, frame_id=given.frame_id)
    if given.intrinsics is not None:
        found = replace(found, intrinsics=given.intrinsics, intrinsics_from=file)
    if given.placement is not None:
        found = replace(found, placement=given.placement, placement_from=file)
    return found


def unknowns(sensors: Iterable[Sensor]) -> list[str]:
    """Return what nobody says of the sensors, as words for people."""
    found = [f"where {one.stream} sits" for one in sensors if one.placement is None]
    found += [
        f"how {one.stream} draws"
        for one in sensors
        if one.kind == "camera" and one.intrinsics is None
    ]
    return found
