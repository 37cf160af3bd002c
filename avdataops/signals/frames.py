"""Which frames of camera, lidar and radar belong together: nearest to the ticks of one of them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.time import NS_PER_MS
from avdataops.signals.align import nearest_at
from avdataops.signals.arrays import Times
from avdataops.signals.timing import median_period_ns
from avdataops.tables.kinds import kind

_PIVOT_CLASSES = ("lidar", "camera", "radar")
"""The sweep of a lidar is the habitual frame clock: it takes longest, so all else fits to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStream:
    """The frames of one stream after thinning."""

    stream: str
    topic_class: str
    t: Times
    """On the reference clock."""
    rows: pa.Table
    """Columns t_ns (recorder's time), row and part, one row per time in ``t``."""


def pivot(streams: list[FrameStream], wanted: str = "") -> FrameStream | None:
    """Return the stream whose frames are the ticks: the wanted one, else lidar, camera, radar.

    Of several the one with most frames, then the first by name; None without frames.
    """
    known = [stream for stream in streams if stream.t.size]
    by_name = {stream.stream: stream for stream in known}
    if wanted in by_name:
        return by_name[wanted]
    order = {name: place for place, name in enumerate(_PIVOT_CLASSES)}
    return min(
        known, key=lambda s: (order.get(s.topic_class, 3), -s.t.size, s.stream), default=None
    )


def frame_table(streams: list[FrameStream], wanted: str = "") -> pa.Table:
    """Return for every tick and stream the nearest frame within half the slower period.

    Rows of the kind ``frames``, sorted by tick and stream; null where no frame was near enough.
    No frame is used twice.
    """
    schema = kind("frames").schema
    clock = pivot(streams, wanted)
    if clock is None:
        return schema.empty_table()
    ticks = np.sort(clock.t)
    tables = [_nearest(stream, ticks, median_period_ns(ticks) or 0) for stream in streams]
    joined = pa.concat_tables(tables)
    return joined.sort_by([("t_ns", "ascending"), ("stream", "ascending")])


def _nearest(stream: FrameStream, ticks: Times, period_ns: int) -> pa.Table:
    slower_ns = max(period_ns, median_period_ns(np.sort(stream.t)) or 0)
    near = nearest_at(stream.t, ticks, slower_ns // 2)
    found = stream.rows.take(pa.array(near.row, mask=near.row < 0))
    unknown = np.isnan(near.dt_ns)
    columns = [
        pa.array(ticks),
        pa.array([stream.stream] * ticks.size, pa.string()),
        found["t_ns"],
        found["row"].cast(pa.int64()),
        found["part"].cast(pa.string()),
        pa.array(near.dt_ns / NS_PER_MS, mask=unknown),
    ]
    return pa.Table.from_arrays(columns, schema=kind("frames").schema)
