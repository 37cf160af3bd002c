"""What sensors saw, as pictures that a browser shows: frames of cameras, clouds from above."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.artifact import Artifact
from avdataops.model.errors import InputError, MissingStream
from avdataops.ports.storage import Storage
from avdataops.signals.arrays import Floats
from avdataops.signals.birds_eye import Box, birds_eye
from avdataops.signals.camera_pictures import colour_picture
from avdataops.wiring.stored_rows import read_rows

MAX_CACHED_BYTES = 48 << 20
MAX_POINTS = 2_000_000
"""Of one sweep; what has more is no sweep."""
VEHICLE_FRAMES = frozenset({"base_link"})
"""Names of the frame in which objects are given."""

_MESSAGE = ("data", "format", "height", "width", "step", "encoding")
_AXES = ("x_m", "y_m", "z_m")
_AHEAD_ROWS = 16
"""Frames that are read with the one that was asked for: the playhead asks for them next."""
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as bytes."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Points of one sweep in m, and the frame that they are in."""

    x_m: Floats
    y_m: Floats
    z_m: Floats
    frame: str


@dataclass(slots=True)
class Kept:
    """Pictures by name, the least lately used dropped first.  Threads may share it."""

    most_bytes: int = MAX_CACHED_BYTES
    _kept: OrderedDict[tuple[object, ...], Shown] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: tuple[object, ...]) -> Shown | None:
        """Return a kept picture, or None."""
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[object, ...], shown: Shown) -> None:
        """Keep a picture."""
        with self._turn:
            old = self._kept.pop(key, None)
            self._bytes -= len(old.data) if old else 0
            self._kept[key] = shown
            self._bytes += len(shown.data)
            while self._bytes > self.most_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped.data)


@dataclass(frozen=True, slots=True)
class SensorPictures:
    """Pictures from the stored tables of a workspace."""

    storage: Storage
    kept: Kept = field(default_factory=Kept)

    def frame(self, artifact: Artifact, row: int) -> Shown:
        """Return one frame of a camera: its JPEG or PNG as recorded, else as a JPEG.

        Raises ``NotFound`` for no such row and ``InputError`` for what is no picture.
        """
        found = self.kept.get((artifact.id, row))
        if found is not None:
            return found
        rows = read_rows(self.storage, artifact, row, _AHEAD_ROWS, _MESSAGE)
        messages = rows.to_pylist()
        shown = _shown(messages[0])
        if shown is None:
            raise InputError(f"row {row} of '{artifact.name}' is no picture that can be shown")
        # Put in last, so that a small cache keeps the one that was asked for.
        for place in range(len(messages) - 1, -1, -1):
            one = shown if place == 0 else _shown(messages[place])
            if one is not None:
                self.kept.put((artifact.id, row + place), one)
        return shown

    def from_above(
        self, artifact: Artifact, row: int, boxes_of: Callable[[], tuple[Box, ...]], name: str
    ) -> Shown:
        """Return one sweep of a lidar from above, as a PNG, with boxes if frames agree.

        ``name`` tells pictures of one sweep with different boxes apart.
        """
        key = (artifact.id, row, name)
        found = self.kept.get(key)
        if found is None:
            sweep = self.sweep(artifact, row)
            boxes = boxes_of() if sweep.frame in VEHICLE_FRAMES else ()
            picture = birds_eye(sweep.x_m, sweep.y_m, sweep.z_m, boxes)
            found = _encoded(picture[:, :, ::-1], ".png", "image/png")
            self.kept.put(key, found)
        return found

    def sweep(self, artifact: Artifact, row: int) -> Sweep:
        """Return the points of one sweep; raises ``MissingStream`` if they were not decoded."""
        columns = [f"points_{axis}" for axis in _AXES]
        rows = read_rows(self.storage, artifact, row, 1, [*columns, "header_frame_id"])
        if any(name not in rows.column_names for name in columns):
            raise MissingStream(f"'{artifact.name}' has no columns of points: {', '.join(columns)}")
        x, y, z = (_points(rows.column(name)) for name in columns)
        if not x.size == y.size == z.size <= MAX_POINTS:
            raise InputError(f"row {row} of '{artifact.name}' is no sweep of at most {MAX_POINTS}")
        frame = (
            rows.column("header_frame_id")[0].as_py()
            if "header_frame_id" in rows.schema.names
            else ""
        )
        return Sweep(x, y, z, str(frame or ""))


def _points(column: pa.ChunkedArray) -> Floats:
    values = column.combine_chunks().flatten()
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _shown(message: dict[str, Any]) -> Shown | None:
    data = message.get("data")
    if isinstance(data, bytes) and data.startswith(_JPEG):
        return Shown(data, "image/jpeg")
    if isinstance(data, bytes) and data.startswith(_PNG):
        return Shown(data, "image/png")
    if not message.get("encoding"):
        return None
    picture = colour_picture(message)
    return None if picture is None else _encoded(picture, ".jpg", "image/jpeg")


def _encoded(blue_green_red: Any, ending: str, media_type: str) -> Shown:
    import cv2

    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY] if ending == ".jpg" else []
    done, data = cv2.imencode(ending, np.ascontiguousarray(blue_green_red), quality)
    if not done:
        raise InputError("a picture cannot be encoded")
    return Shown(data.tobytes(), media_type)
