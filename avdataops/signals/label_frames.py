"""Which frames go to labelling, and the pictures of their cameras."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.labels import Frame
from avdataops.model.time import TimeRange
from avdataops.ports.step import Table
from avdataops.signals.camera_pictures import colour_picture
from avdataops.signals.resample import pick_frames

_MESSAGE = ("data", "height", "width", "step", "encoding")
_MAGIC = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture as it was taken."""

    frame: int
    stream: str
    t_ns: int
    """Recorder's time of the message."""
    width_px: int
    height_px: int
    suffix: str
    data: bytes
    """JPEG or PNG as it came; raw pixels become PNG."""

    @property
    def sha256(self) -> str:
        """Of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


def label_frames(
    frames: pa.Table, spans: Sequence[TimeRange] | None, rate_hz: float
) -> tuple[Frame, ...]:
    """Return the ticks of a ``frames`` table at no more than ``rate_hz``, numbered by its order.

    Only those inside one of ``spans``, or all for None.  The number of a tick does not depend on
    what else is chosen.
    """
    ticks = np.unique(np.asarray(frames["t_ns"].to_numpy(), dtype=np.int64))
    chosen = np.sort(pick_frames(ticks, rate_hz)) if ticks.size else ticks
    return tuple(
        Frame(index=int(row), t_ns=int(ticks[row]))
        for row in chosen
        if spans is None or any(one.start_ns <= ticks[row] < one.stop_ns for one in spans)
    )


def shots(
    frames: pa.Table, chosen: Sequence[Frame], cameras: Sequence[Table]
) -> Iterator[Shot | None]:
    """Yield the pictures that cameras took for the chosen frames; None for one not readable.

    One camera part after the other, in bounded memory.
    """
    index_of = {one.t_ns: one.index for one in chosen}
    ticks = pa.array(list(index_of), pa.int64())
    rows = frames.filter(pc.is_in(frames["t_ns"], ticks)).to_pylist()
    for table in cameras:
        wanted = {
            row["frame_row"]: (index_of[row["t_ns"]], row["frame_t_ns"])
            for row in rows
            if row["stream"] == table.artifact.name
            and row["part"] == table.artifact.part
            and row["frame_row"] is not None
        }
        if wanted:
            yield from _shots(table, wanted)


def _shots(table: Table, wanted: Mapping[int, tuple[int, int]]) -> Iterator[Shot | None]:
    columns = [name for name in _MESSAGE if name in table.schema.names]
    numbers = np.sort(np.fromiter(wanted, np.int64))
    first = 0
    # Rows are counted: a camera's messages have no children, so the tables state no numbers.
    for batch in table.batches(columns):
        inside = numbers[(numbers >= first) & (numbers < first + batch.num_rows)]
        for number in inside.tolist():
            message = batch.slice(number - first, 1).to_pylist()[0]
            yield _shot(message, *wanted[number], table.artifact.name)
        first += batch.num_rows


def _shot(message: dict[str, Any], frame: int, t_ns: int, stream: str) -> Shot | None:
    picture = colour_picture(message)
    if picture is None:
        return None
    data: bytes = message["data"]
    suffix = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)
    if suffix is None:
        import cv2

        data, suffix = cv2.imencode(".png", picture)[1].tobytes(), "png"
    height, width = picture.shape[:2]
    return Shot(frame, stream, t_ns, width, height, suffix, data)
