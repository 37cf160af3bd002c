"""What the frames of every sensor tell: a table on the reference clock, and as detectors see it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.ports.detecting import Signals
from avdataops.signals.columns import times
from avdataops.signals.frames import FrameStream
from avdataops.signals.nullable import to_numpy
from avdataops.signals.payloads import FACT_NAMES
from avdataops.signals.timing import median_period_ns
from avdataops.tables.kinds import kind

_GAP_PERIODS = 3
_MIN_GAP_NS = 200_000_000


def frame_facts(streams: list[FrameStream]) -> pa.Table:
    """Return every frame of every stream, rows of the kind ``frame_facts``; absent facts are null.

    Sorted by time and stream.
    """
    schema = kind("frame_facts").schema
    tables = [schema.empty_table(), *(_rows(stream, schema) for stream in streams)]
    return pa.concat_tables(tables).sort_by([("t_ns", "ascending"), ("stream", "ascending")])


def _rows(stream: FrameStream, schema: pa.Schema) -> pa.Table:
    rows, size = stream.rows, stream.t.size
    known = {
        "t_ns": pa.array(stream.t, pa.int64()),
        "stream": pa.array([stream.stream] * size, pa.string()),
        "topic_class": pa.array([stream.topic_class] * size, pa.string()),
        "frame_t_ns": rows["t_ns"],
        "frame_row": rows["row"],
        "part": rows["part"],
    }
    known |= {name: rows[name] for name in FACT_NAMES if name in rows.schema.names}
    columns = [
        known[field.name].cast(field.type) if field.name in known else pa.nulls(size, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def frames_seen(table: pa.Table | None) -> dict[str, Signals]:
    """Return the frames by stream: columns ``luma``, ``sharpness`` and ``payload``.

    ``payload`` numbers the distinct payloads of a stream; NaN is unknown.  Frames further apart
    than three periods and 0.2 s are no neighbours, as for every sensor.
    """
    if table is None:
        return {}
    found = {}
    for stream in sorted(pc.unique(table["stream"]).to_pylist()):
        rows = table.filter(pc.equal(table["stream"], stream)).sort_by("t_ns")
        t = times(rows["t_ns"])
        codes = rows["payload_hash"].combine_chunks().dictionary_encode().indices
        columns = {
            "payload": to_numpy(pa.chunked_array([codes])),
            "luma": to_numpy(rows["luma"]),
            "sharpness": to_numpy(rows["sharpness"]),
        }
        period_ns = median_period_ns(np.unique(t)) or 0
        found[stream] = Signals(t, columns, max(_GAP_PERIODS * period_ns, _MIN_GAP_NS))
    return found
