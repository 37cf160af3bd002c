"""Frames of every sensor in one table."""

import numpy as np
import pyarrow as pa

from avdataops.signals.arrays import Times
from avdataops.signals.frame_facts import frame_facts, frames_seen
from avdataops.signals.frames import FrameStream
from avdataops.tables.kinds import kind

MS = 1_000_000


def _stream(name: str, t: Times, **facts: pa.Array) -> FrameStream:
    columns = {
        "t_ns": t - 5,
        "row": np.arange(t.size),
        "part": pa.array(["a.mcap"] * t.size, pa.string()),
        **facts,
    }
    return FrameStream(stream=name, topic_class="camera", t=t, rows=pa.table(columns))


def _times(*ms: int) -> Times:
    return np.array(ms, dtype=np.int64) * MS


def test_all_frames_come_out_sorted_with_their_place() -> None:
    one = _stream("/a", _times(0, 200), payload_hash=pa.array([2**62 + 1, None], pa.int64()))
    table = frame_facts([one, _stream("/b", _times(100, 0))])
    kind("frame_facts").check(table.schema)
    places = zip(table["t_ns"].to_pylist(), table["stream"].to_pylist(), strict=True)
    assert list(places) == [(0, "/a"), (0, "/b"), (100 * MS, "/b"), (200 * MS, "/a")]
    assert table["payload_hash"].to_pylist() == [2**62 + 1, None, None, None]
    assert table["frame_row"].to_pylist() == [0, 1, 0, 1]
    assert table["frame_t_ns"].to_pylist()[0] == -5


def test_without_frames_the_table_is_empty() -> None:
    table = frame_facts([])
    kind("frame_facts").check(table.schema)
    assert table.num_rows == 0
    assert frames_seen(table) == {}
    assert frames_seen(None) == {}


def test_payloads_are_numbered_exactly() -> None:
    near = pa.array([2**62, 2**62 + 1, 2**62, None, 2**62 + 1], pa.int64())
    table = frame_facts([_stream("/a", _times(0, 100, 200, 300, 400), payload_hash=near)])
    payload = frames_seen(table)["/a"].columns["payload"]
    assert payload[0] == payload[2] != payload[1]
    assert payload[1] == payload[4]
    assert np.isnan(payload[3])


def test_neighbours_are_three_periods_apart_at_most() -> None:
    table = frame_facts(
        [_stream("/slow", _times(0, 500, 1000)), _stream("/fast", _times(0, 20, 40))]
    )
    seen = frames_seen(table)
    assert seen["/slow"].max_gap_ns == 1500 * MS
    assert seen["/fast"].max_gap_ns == 200 * MS
    assert np.isnan(seen["/fast"].columns["luma"]).all()
