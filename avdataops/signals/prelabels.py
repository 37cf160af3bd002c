"""What detectors and trackers said already, as labels for people to correct."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.errors import SchemaMismatch
from avdataops.model.labels import Cuboid, Frame, ObjectLabel, Picture, Track, box_of_corner
from avdataops.model.rig import Placement
from avdataops.ports.labelling import Cloud
from avdataops.ports.step import Table
from avdataops.signals.align import nearest_at
from avdataops.signals.arrays import Bools, Floats
from avdataops.signals.columns import times
from avdataops.signals.transform_tree import matrix_of
from avdataops.tables.scene_elements import ROAD_USER, VEHICLE, actor_key, element_key

Prelabels = tuple[tuple[Track, ...], tuple[ObjectLabel, ...]]
NAME = "prelabel"
_PLACE = ("x_m", "y_m", "z_m")
_SIZE = ("length_m", "width_m", "height_m")


def boxes(tables: Sequence[Table], pictures: Sequence[Picture]) -> Prelabels:
    """Return what a detector saw in the pictures: each box a track of its own, cut at the edge."""
    of = {(one.stream, one.t_ns): one for one in pictures}
    tracks: list[Track] = []
    labels: list[ObjectLabel] = []
    for table in tables:
        for number, row in enumerate(table.read().to_pylist()):
            picture = of.get((row["stream"], row["t_ns"]))
            label = picture and _box(row, picture, number)
            if label:
                tracks.append(Track(key=label.track, object_class=row["object_class"]))
                labels.append(label)
    return tuple(tracks), tuple(labels)


def _box(row: Mapping[str, Any], picture: Picture, number: int) -> ObjectLabel | None:
    left, top = max(row["x_px"], 0.0), max(row["y_px"], 0.0)
    right = min(row["x_px"] + row["width_px"], float(picture.width_px or 0))
    bottom = min(row["y_px"] + row["height_px"], float(picture.height_px or 0))
    try:
        box = box_of_corner(left, top, right - left, bottom - top)
    except SchemaMismatch:
        return None
    texts = ("detector", "confidence_class")
    about = {
        "num": [{"name": "score", "val": row["score"]}],
        "text": [{"name": name, "val": row[name]} for name in texts],
    }
    return ObjectLabel(
        track=element_key(row["stream"], str(row["t_ns"]), str(number)),
        shape="bbox",
        name=NAME,
        frame=picture.frame,
        stream=picture.stream,
        box=box,
        attributes={"attributes": about},
    )


def cuboids(
    measurement: str, objects: Table, frames: Sequence[Frame], slack_ns: int
) -> tuple[Prelabels, int]:
    """Return the tracked objects of each frame as cuboids, and how many lack a size or heading.

    A frame gets the object list whose stamp is nearest, not further than ``slack_ns``; how much
    later it is stands beside each cuboid, and nothing is moved to make up for it.
    """
    rows = objects.read()
    stamps = np.unique(times(rows["t_ns"]))
    ticks = np.array([one.t_ns for one in frames if one.t_ns is not None], dtype=np.int64)
    index = [one.index for one in frames if one.t_ns is not None]
    near = nearest_at(stamps, ticks, slack_ns)
    frame_of = {
        int(stamps[row]): (index[tick], int(stamps[row] - ticks[tick]))
        for tick, row in enumerate(near.row.tolist())
        if row >= 0
    }
    tracks: dict[str, Track] = {}
    labels: list[ObjectLabel] = []
    lacking = 0
    for row in _rows_at(rows, list(frame_of)):
        frame, late_ns = frame_of[row["t_ns"]]
        label = _cuboid(row, actor_key(measurement, row["track_id"]), frame, late_ns)
        if label is None:
            lacking += 1
            continue
        before = tracks.get(label.track)
        # The class of the latest row that knows one.
        known = row["object_class"] or (before.object_class if before else ROAD_USER)
        tracks[label.track] = Track(key=label.track, object_class=known, name=row["track_id"])
        labels.append(label)
    return (tuple(tracks.values()), tuple(labels)), lacking


def _rows_at(rows: pa.Table, stamps: list[int]) -> Iterator[dict[str, Any]]:
    import pyarrow.compute as pc

    yield from rows.filter(pc.is_in(rows["t_ns"], pa.array(stamps, pa.int64()))).to_pylist()


def _cuboid(row: Mapping[str, Any], track: str, frame: int, late_ns: int) -> ObjectLabel | None:
    numbers = [row[name] for name in (*_PLACE, "yaw_rad", *_SIZE)]
    if any(one is None or not np.isfinite(one) for one in numbers) or min(numbers[4:]) <= 0:
        return None
    half = row["yaw_rad"] / 2
    shape = Cuboid(
        centre_m=tuple(numbers[:3]),
        rotation=(0.0, 0.0, float(np.sin(half)), float(np.cos(half))),
        size_m=tuple(numbers[4:]),
    )
    facts = {
        "late_ms": late_ns / 1e6,
        "vx_mps": row["vx_mps"],
        "vy_mps": row["vy_mps"],
        "existence_probability": row["existence_probability"],
    }
    known = [{"name": name, "val": val} for name, val in facts.items() if val is not None]
    about = {"num": known, "text": [{"name": "detector", "val": row["stream"]}]}
    return ObjectLabel(
        track=track,
        shape="cuboid",
        name=NAME,
        frame=frame,
        cuboid=shape,
        attributes={"coordinate_system": VEHICLE, "attributes": about},
    )


def lidar_hits(
    cloud: Cloud, place: Placement, labels: Iterable[ObjectLabel]
) -> list[tuple[int, str, int]]:
    """Return frame, track and count of points for the cuboids of the sweep's frame."""
    motion = matrix_of(place)
    points = cloud.xyz_m @ motion[:3, :3].T + motion[:3, 3]
    return [
        (cloud.frame, one.track, int(inside(one.cuboid, points).sum()))
        for one in labels
        if one.frame == cloud.frame and one.cuboid is not None
    ]


def inside(cuboid: Cuboid, points_m: Floats) -> Bools:
    """Return which points (n, 3) of the same frame lie in a cuboid, its faces included."""
    from scipy.spatial.transform import Rotation

    is_angles = len(cuboid.rotation) == len(_PLACE)
    turn = Rotation.from_euler("ZYX", cuboid.rotation[::-1]) if is_angles else None
    turn = turn or Rotation.from_quat(cuboid.rotation)
    own = turn.inv().apply(points_m - np.asarray(cuboid.centre_m))
    return np.asarray((np.abs(own) <= np.asarray(cuboid.size_m) / 2).all(axis=1))
