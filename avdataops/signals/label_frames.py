"""Which frames go to labelling, and the pictures of their cameras."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.labels import Frame
from avdataops.model.time import NS_PER_MS, TimeRange
from avdataops.ports.step import Table
from avdataops.signals.camera_pictures import colour_picture
from avdataops.signals.resample import pick_frames

_MESSAGE = ("data", "height", "width", "step", "encoding")
_MAGIC = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture as it was taken."""

    frame: int
    stream: str
    part: str
    """Recording that holds it."""
    row: int
    """Its row in the raw stream of that recording."""
    t_ns: int
    """Recorder's time of the message."""
    at_ns: int
    """The same on the reference clock."""
    width_px: int
    height_px: int
    suffix: str
    data: bytes
    """JPEG or PNG as it came; raw pixels become PNG."""
    source_sha256: str | None = None
    """Of the original's bytes, where ``data`` is a copy with faces and plates painted over."""

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """One message that a frame is made of."""

    frame: int
    t_ns: int
    """Recorder's time."""
    at_ns: int
    """On the reference clock."""


def wanted_rows(
    frames: pa.Table, chosen: Sequence[Frame], tables: Sequence[Table]
) -> Iterator[tuple[Table, dict[int, Wanted]]]:
    """Yield, per part of a stream, the rows that the chosen frames of a ``frames`` table need."""
    index_of = {one.t_ns: one.index for one in chosen}
    ticks = pa.array(list(index_of), pa.int64())
    rows = frames.filter(pc.is_in(frames["t_ns"], ticks)).to_pylist()
    by_part: dict[tuple[str, str], dict[int, Wanted]] = defaultdict(dict)
    for row in rows:
        if row["frame_row"] is not None:
            late_ns = round((row["dt_ms"] or 0.0) * NS_PER_MS)
            one = Wanted(index_of[row["t_ns"]], row["frame_t_ns"], row["t_ns"] + late_ns)
            by_part[row["stream"], row["part"]][row["frame_row"]] = one
    for table in tables:
        wanted = by_part.get((table.artifact.name, table.artifact.part))
        if wanted:
            yield table, wanted


def messages(
    table: Table, wanted: Mapping[int, Wanted], columns: list[str]
) -> Iterator[tuple[int, Wanted, dict[str, Any]]]:
    """Yield the wanted messages of a table with their row, in order and in bounded memory."""
    numbers = np.sort(np.fromiter(wanted, np.int64))
    first = 0
    # Rows are counted: a camera's messages have no children, so the tables state no numbers.
    for batch in table.batches(columns):
        inside = numbers[(numbers >= first) & (numbers < first + batch.num_rows)]
        for number in inside.tolist():
            yield number, wanted[number], batch.slice(number - first, 1).to_pylist()[0]
        first += batch.num_rows


def shots(
    frames: pa.Table,
    chosen: Sequence[Frame],
    cameras: Sequence[Table],
    anonymised: Sequence[Table] = (),
) -> Iterator[Shot | None]:
    """Yield the pictures that cameras took for the chosen frames; None for one not readable.

    Where ``anonymised`` has a copy of a picture, that is it.  One camera part after the other, in
    bounded memory.
    """
    painted = {(table.artifact.name, table.artifact.part): table for table in anonymised}
    for table, wanted in wanted_rows(frames, chosen, cameras):
        columns = [name for name in _MESSAGE if name in table.schema.names]
        if "data" not in columns:
            continue
        copy = painted.get((table.artifact.name, table.artifact.part))
        copies = messages(copy, wanted, ["t_ns", "row", "data"]) if copy else iter(())
        for row, one, message in messages(table, wanted, columns):
            found = _shot(message, one, table, row)
            yield _copied(found, next(copies, None))


def _copied(shot: Shot | None, copy: tuple[int, Wanted, dict[str, Any]] | None) -> Shot | None:
    """Return the shot with the painted picture, if that is one of the same message."""
    if shot is None or copy is None:
        return shot
    message = copy[2]
    if (message["row"], message["t_ns"]) != (shot.row, shot.t_ns) or message["data"] is None:
        return shot
    data: bytes = message["data"]
    suffix = next(name for magic, name in _MAGIC.items() if data.startswith(magic))
    return replace(shot, data=data, suffix=suffix, source_sha256=shot.sha256)


def _shot(message: dict[str, Any], wanted: Wanted, table: Table, row: int) -> Shot | None:
    picture = colour_picture(message)
    if picture is None:
        return None
    data: bytes = message["data"]
    suffix = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)
    if suffix is None:
        import cv2

        data, suffix = cv2.imencode(".png", picture)[1].tobytes(), "png"
    height, width = picture.shape[:2]
    return Shot(
        frame=wanted.frame,
        stream=table.artifact.name,
        part=table.artifact.part,
        row=row,
        t_ns=wanted.t_ns,
        at_ns=wanted.at_ns,
        width_px=width,
        height_px=height,
        suffix=suffix,
        data=data,
    )
