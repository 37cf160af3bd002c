"""Sweeps of lidars for labelling: points with the time of each, as PCD, deskewed on request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.labels import Frame
from avdataops.model.rig import Placement
from avdataops.ports.labelling import Cloud
from avdataops.ports.step import Table
from avdataops.signals.arrays import Bools, Times
from avdataops.signals.deskew import Poses, deskew
from avdataops.signals.label_frames import Wanted, messages, wanted_rows
from avdataops.signals.stamps import STAMP_COLUMN
from avdataops.signals.transform_tree import matrix_of

_XYZ = ("points_x_m", "points_y_m", "points_z_m")
_INTENSITY = ("points_intensity", "points_reflectivity")
_RING = ("points_ring", "points_channel", "points_line")
_TIME = ("points_t", "points_time", "points_offset_time", "points_time_stamp", "points_timestamp")
"""As Ouster, Velodyne, Livox, Nebula and Hesai call it."""
MAX_POINTS = 1 << 22
_SECONDS, _ABSOLUTE_S, _ABSOLUTE_NS = 10.0, 1e11, 1e17


def clouds(
    frames: pa.Table, chosen: Sequence[Frame], lidars: Sequence[Table]
) -> Iterator[Cloud | None]:
    """Yield the sweeps of the chosen frames, one at a time; None for one without readable points.

    Points that are not finite (no return) are left out.
    """
    for table, wanted in wanted_rows(frames, chosen, lidars):
        names = [name for name in table.schema.names if name in _COLUMNS]
        if not {*_XYZ} <= {*names}:
            yield from (None for _ in wanted)
            continue
        for _, one, message in messages(table, wanted, names):
            yield _cloud(message, one, table.artifact.name)


_COLUMNS = frozenset({*_XYZ, *_INTENSITY, *_RING, *_TIME, STAMP_COLUMN})


def _cloud(message: Mapping[str, Any], wanted: Wanted, stream: str) -> Cloud | None:
    columns = [message[name] for name in _XYZ]
    if any(one is None for one in columns) or len({len(one) for one in columns}) > 1:
        return None
    xyz = np.array(columns, dtype=np.float64).T.reshape(-1, 3)
    keep: Bools = np.asarray(np.isfinite(xyz).all(axis=1), dtype=np.bool_)
    if len(xyz) > MAX_POINTS or not keep.any():
        return None
    intensity = _first(message, _INTENSITY, keep)
    ring = _first(message, _RING, keep)
    name = next((one for one in _TIME if message.get(one) is not None), None)
    since = None if name is None else _since_ns(message, name, keep)
    return Cloud(
        frame=wanted.frame,
        stream=stream,
        t_ns=wanted.t_ns,
        at_ns=wanted.at_ns,
        xyz_m=xyz[keep],
        intensity=None if intensity is None else np.asarray(intensity, dtype=np.float64),
        ring=None if ring is None else np.asarray(ring, dtype=np.int64),
        since_ns=since,
        point_time=None if since is None else name,
    )


def _first(message: Mapping[str, Any], names: Sequence[str], keep: Bools) -> Any:
    """Return the first of the columns that the message has, for the kept points."""
    for name in names:
        values = message.get(name)
        if values is not None and len(values) == keep.size:
            return np.asarray(values)[keep]
    return None


def _since_ns(message: Mapping[str, Any], name: str, keep: Bools) -> Times | None:
    """Return when each point was measured after the sweep's stamp; None if nobody can tell.

    Whole numbers are ns after the stamp (Ouster, Livox, Nebula).  Others are seconds after it
    (Velodyne), or seconds or ns since 1970 (Hesai), which their size tells.
    """
    values = _first(message, (name,), keep)
    stamp = message.get(STAMP_COLUMN)
    if values is None or not np.isfinite(values.astype(np.float64)).all():
        return None
    largest = float(np.abs(values.astype(np.float64)).max())
    if values.dtype.kind in "iu" and largest < _ABSOLUTE_NS:
        since = values.astype(np.int64)
    elif values.dtype.kind == "f" and largest < _SECONDS:
        since = np.round(values * 1e9).astype(np.int64)
    elif stamp is None:
        return None
    elif largest < _ABSOLUTE_S:
        # Whole seconds apart, or the double would lose 200 ns.
        since = np.round((values - stamp // 10**9) * 1e9).astype(np.int64) - stamp % 10**9
    else:
        since = values.astype(np.int64) - stamp
    return since if np.abs(since).max() < _SECONDS * 1e9 else None


def deskewed(cloud: Cloud, poses: Poses, mounting: Placement) -> Cloud | None:
    """Return the points where all would be at the stamp; None where time or poses are missing."""
    if cloud.times_ns is None:
        return None
    moved = deskew(cloud.xyz_m, cloud.times_ns, cloud.at_ns, poses, matrix_of(mounting))
    return replace(cloud, xyz_m=moved) if np.isfinite(moved).all() else None


def pcd(cloud: Cloud) -> bytes:
    """Return the sweep as PCD 0.7, binary: x, y, z, intensity, ring, t, as far as known.

    ``t`` is ns after the stamp of the sweep, int32.
    """
    columns: dict[str, tuple[str, Any]] = {
        axis: ("<f4", cloud.xyz_m[:, k]) for k, axis in enumerate("xyz")
    }
    if cloud.intensity is not None:
        columns["intensity"] = ("<f4", cloud.intensity)
    if cloud.ring is not None:
        columns["ring"] = ("<u2", np.clip(cloud.ring, 0, 65535))
    if cloud.since_ns is not None:
        limit = np.iinfo(np.int32)
        columns["t"] = ("<i4", np.clip(cloud.since_ns, limit.min, limit.max))
    packed = np.empty(len(cloud.xyz_m), dtype=[(name, form) for name, (form, _) in columns.items()])
    for name, (_, values) in columns.items():
        packed[name] = values
    kinds = {"f": "F", "u": "U", "i": "I"}
    forms = [form for form, _ in columns.values()]
    lines = (
        "VERSION 0.7",
        f"FIELDS {' '.join(columns)}",
        f"SIZE {' '.join(form[2] for form in forms)}",
        f"TYPE {' '.join(kinds[form[1]] for form in forms)}",
        f"COUNT {' '.join('1' for _ in forms)}",
        f"WIDTH {packed.size}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {packed.size}",
        "DATA binary",
    )
    return "\n".join((*lines, "")).encode() + packed.tobytes()
