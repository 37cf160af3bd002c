"""A drive of the grid as the tables that the sync and enrich steps leave, and as detectors see it.

The timing of streams goes through the product's own measuring, so that periods, gaps and streams
without a period are what they would be of a real recording.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive
from avdataops.ports.step import Table
from avdataops.signals.clock_table import clock_table, stamp_table
from avdataops.signals.columns import FRAME_CLASSES
from avdataops.signals.drives import drive_of
from avdataops.signals.frame_facts import frame_facts
from avdataops.signals.frames import FrameStream
from avdataops.signals.resample import pick_frames
from avdataops.signals.stamps import judge_stamps
from avdataops.signals.stream_timing import StreamTiming, measure
from avdataops.signals.sync_quality import gap_table, quality_table
from avdataops.signals.ties import Tie
from avdataops.testing.step_tables import memory_table
from sample_data.grid import START_NS, GridDrive
from sample_data.grid.streams import STREAMS

MAX_GAP_NS = NS_PER_S // 2
"""As the detection step takes it by default."""
FRAME_RATE_HZ = 10.0
"""As the downsampling step takes it by default."""
_CLOCK = Tie(clock="ros", method="reference")


def detectors_view(drive: GridDrive) -> Drive:
    """Return the drive as detectors see it."""
    timings = [
        timing
        for name, stamps_s in sorted(drive.stamps_s.items())
        if (timing := _timing(name, stamps_s)) is not None
    ]
    placed = [(timing, _CLOCK) for timing in timings]
    tables = {
        "ego": _table("ego", drive.ego_t_s, drive.ego),
        "context": _table("context", drive.context_t_s, drive.context),
        "objects": _table("objects", drive.objects.t_s, drive.objects.columns),
        "frame_facts": _memory("frame_facts", _frames(drive)),
        "gaps": _memory("gaps", gap_table(placed)),
        "sync_quality": _memory("sync_quality", quality_table(placed)),
        "clock_models": _memory("clock_models", _clock_models(drive)),
    }
    if not drive.objects.columns:
        tables["objects"] = _memory("objects", _no_objects())
    return drive_of("m_grid", tables, MAX_GAP_NS)


def _frames(drive: GridDrive) -> pa.Table:
    """Return the frames that downsampling keeps of every sensor that takes them, with payloads."""
    found = []
    for name, stamps_s in sorted(drive.stamps_s.items()):
        if STREAMS[name].topic_class not in FRAME_CLASSES:
            continue
        payload = np.arange(stamps_s.size)
        for frozen, start_s, stop_s in drive.frozen_s:
            held = (stamps_s >= start_s) & (stamps_s < stop_s) & (frozen == name)
            payload[held] = payload[held].min(initial=stamps_s.size)
        keep = pick_frames(to_ns(stamps_s), FRAME_RATE_HZ)
        place = pa.table(
            {
                "t_ns": to_ns(stamps_s)[keep],
                "row": keep,
                "part": pa.array(["grid"] * keep.size, pa.string()),
                "payload_hash": payload[keep],
            }
        )
        topic_class = STREAMS[name].topic_class
        t = to_ns(stamps_s)[keep]
        found.append(FrameStream(stream=name, topic_class=topic_class, t=t, rows=place))
    return frame_facts(found)


def to_ns(t_s: np.ndarray) -> np.ndarray:
    """Return times of a grid drive on the reference clock."""
    return START_NS + np.round(t_s * NS_PER_S).astype(np.int64)


def to_s(t_ns: int) -> float:
    """Return a time of the reference clock in seconds of the drive."""
    return (t_ns - START_NS) / NS_PER_S


def _timing(name: str, stamps_s: np.ndarray) -> StreamTiming | None:
    return measure(name, STREAMS[name].topic_class, "ros", [to_ns(stamps_s)])


def _clock_models(drive: GridDrive) -> pa.Table:
    """Return what the stamps of each stream are, by the product's own judgement."""
    judged = []
    for name, stamps_s in sorted(drive.stamps_s.items()):
        received = to_ns(drive.received_s[name])
        stamps = judge_stamps(to_ns(stamps_s), received)
        span = (int(received.min(initial=START_NS)), int(received.max(initial=START_NS)) + 1)
        judged.append(stamp_table(name, "ros", span, stamps))
    return clock_table([_CLOCK], "ros", {"ros": START_NS}, {}, judged)


def _table(name: str, t_s: np.ndarray, columns: Mapping[str, Any]) -> tuple[Table, ...]:
    arrays = {key: pa.array(values, from_pandas=True) for key, values in columns.items()}
    return _memory(name, pa.table({"t_ns": pa.array(to_ns(t_s)), **arrays}))


def _memory(name: str, table: pa.Table) -> tuple[Table, ...]:
    return (memory_table(table, kind=name, name=name),)


def _no_objects() -> pa.Table:
    from avdataops.tables.kinds import kind

    return kind("objects").schema.empty_table()
