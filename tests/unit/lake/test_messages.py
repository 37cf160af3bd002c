"""Messages that are fetched when they are looked at: order, ties, parts, clocks, hostile shapes."""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avdataops.adapters.memory_storage import MemoryStorage
from avdataops.lake.clocks import RecorderClock
from avdataops.lake.clouds import PointClouds
from avdataops.lake.messages import Messages, Source
from avdataops.lake.pictures import Images
from avdataops.lake.tables import Tables
from avdataops.model.artifact import Artifact
from avdataops.model.errors import NotFound, SchemaMismatch
from avdataops.model.location import Location, Zone
from avdataops.model.time import TimeRange
from avdataops.wiring.stored_tables import read_table, table_batches, table_schema

EVERYTHING = TimeRange(-(2**62), 2**62)


@dataclass
class Kept:
    """A storage with tables in it."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)
    parts: list[Artifact] = field(default_factory=list)

    def add(self, rows: pa.Table, group: int = 1_000) -> Artifact:
        """Store a table as the next part."""
        sink = io.BytesIO()
        pq.write_table(rows, sink, row_group_size=group)
        number = len(self.parts)
        made = Artifact(
            id=f"art_{number}",
            kind="stream",
            measurement="m_1",
            name="/s",
            location=Location(Zone.RAW, f"stream/{number}.parquet"),
            bytes=len(sink.getvalue()),
            sha256="0" * 64,
            part=f"{number}.mcap",
        )
        self.storage.put(made.location, [sink.getvalue()])
        self.parts.append(made)
        return made

    def source(self, span: TimeRange = EVERYTHING, clock: RecorderClock | None = None) -> Source:
        """Return the stream of all parts."""
        tables = Tables(None, self.storage)  # type: ignore[arg-type]  # nothing is asked of it
        return Source(tables, "/s", tuple(self.parts), clock or RecorderClock(), span)


def numbered(*times: int, start: int = 0) -> pa.Table:
    return pa.table({"t_ns": times, "number": range(start, start + len(times))})


def messages(kept: Kept, **given: Any) -> Messages[int]:
    return Messages(kept.source(**given), lambda row, _: int(row["number"].as_py()))


def test_messages_of_one_time_stay_apart_and_in_order() -> None:
    kept = Kept()
    kept.add(numbered(1, 5, 5, 5, 9), group=2)
    found = messages(kept)
    assert list(found) == [0, 1, 2, 3, 4]
    assert [found[n] for n in (3, 1, 2, 4, 0)] == [3, 1, 2, 4, 0]
    assert found.times.tolist() == [1, 5, 5, 5, 9]


def test_parts_of_a_stream_join_by_time() -> None:
    kept = Kept()
    kept.add(numbered(1, 3, 5))
    kept.add(numbered(2, 4, 6, start=10))
    assert list(messages(kept)) == [0, 10, 1, 11, 2, 12]


def test_rows_that_a_recorder_wrote_out_of_order_come_by_time() -> None:
    kept = Kept()
    kept.add(numbered(5, 1, 9, 3))
    found = messages(kept)
    assert list(found) == [1, 3, 0, 2]
    assert found.nearest(4) in {3, 0}


def test_more_messages_than_are_fetched_at_once_are_all_there() -> None:
    kept = Kept()
    kept.add(numbered(*range(0, 1000, 7)), group=10)
    found = messages(kept)
    assert list(found) == list(range(143))
    assert found[-1] == 142
    assert found[10:13] == [10, 11, 12]
    with pytest.raises(IndexError):
        _ = found[143]


def test_only_the_wanted_time_is_there() -> None:
    kept = Kept()
    kept.add(numbered(1, 2, 3, 4))
    assert list(messages(kept, span=TimeRange(2, 4))) == [1, 2]
    nothing = messages(kept, span=TimeRange(10, 20))
    assert len(nothing) == 0
    with pytest.raises(NotFound, match="no message of '/s'"):
        nothing.nearest(5)


def test_times_are_those_of_the_reference_clock() -> None:
    kept = Kept()
    kept.add(numbered(1_000, 2_000))
    clock = RecorderClock(at_ns=0, offset_ms=1e-3)
    found = messages(kept, clock=clock)
    assert found.times.tolist() == [2_000, 3_000]
    assert found.nearest(2_100) == 0
    table = pa.table(found)
    assert table.column("t_ns").to_pylist() == [1_000, 2_000]
    assert table.column("t_ref_ns").to_pylist() == [2_000, 3_000]


def test_where_the_clock_is_not_known_the_recorders_time_stands_in() -> None:
    kept = Kept()
    kept.add(numbered(7, 8))
    found = messages(kept)
    assert found.times.tolist() == [7, 8]
    assert pa.table(found).column("t_ref_ns").null_count == 2


def test_a_picture_of_raw_pixels_is_red_green_blue() -> None:
    kept = Kept()
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[:, :, 2] = 9
    facts = {"height": [2], "width": [3], "step": [9], "encoding": ["bgr8"]}
    kept.add(pa.table({"t_ns": [1], "data": [pixels.tobytes()], **facts}))
    (picture,) = Images(kept.source())
    assert picture.decode()[0, 0].tolist() == [9, 0, 0]
    assert (picture.format, picture.frame_id, picture.raw) == (None, None, (2, 3, 9, "bgr8"))


def test_a_picture_without_bytes_is_there_and_cannot_be_decoded() -> None:
    kept = Kept()
    kept.add(pa.table({"t_ns": [1], "data": pa.array([None], pa.binary())}))
    pictures = Images(kept.source())
    assert pictures[0].data == b""
    assert "no picture" in pictures._repr_html_()


def points(**columns: Any) -> Kept:
    kept = Kept()
    kept.add(pa.table({"t_ns": [1], **columns}))
    return kept


def test_a_sweep_without_points_is_empty() -> None:
    lists = {f"points_{axis}_m": pa.array([None], pa.list_(pa.float32())) for axis in "xyz"}
    (sweep,) = PointClouds(points(**lists).source())
    assert (len(sweep), sweep.xyz.shape) == (0, (0, 3))
    assert repr(sweep) == "<0 points of /s in None>"


def test_a_sweep_without_coordinates_says_so() -> None:
    (sweep,) = PointClouds(points(points_range=[[1.0, 2.0]]).source())
    assert sweep.to_numpy()["range"].tolist() == [1.0, 2.0]
    with pytest.raises(SchemaMismatch, match="no x, y, z"):
        _ = sweep.xyz


def test_a_sweep_whose_columns_differ_in_length_is_refused() -> None:
    kept = points(points_x_m=[[1.0, 2.0]], points_y_m=[[1.0]], points_z_m=[[1.0, 2.0]])
    with pytest.raises(SchemaMismatch, match="columns of a sweep"):
        list(PointClouds(kept.source()))


def test_messages_that_hold_no_points_are_refused() -> None:
    with pytest.raises(SchemaMismatch, match="hold no points"):
        list(PointClouds(points(data=[b"x"]).source()))


# Stored tables.


def test_batches_hold_the_rows_of_the_time_and_the_named_columns() -> None:
    kept = Kept()
    made = kept.add(numbered(*range(100)), group=7)
    span = TimeRange(10, 30)
    found = pa.Table.from_batches(table_batches(kept.storage, made, span))
    assert found.column("t_ns").to_pylist() == list(range(10, 30))
    assert found.equals(read_table(kept.storage, made, span))
    (named, *_) = table_batches(kept.storage, made, TimeRange(0, 5), ["number"])
    assert named.schema.names == ["t_ns", "number"]
    assert table_schema(kept.storage, made).names == ["t_ns", "number"]


def test_a_table_outside_the_time_is_not_even_opened() -> None:
    kept = Kept()
    made = kept.add(numbered(1, 2))
    gone = Artifact(
        id="art_gone",
        kind="stream",
        measurement="m_1",
        name="/s",
        location=Location(Zone.RAW, "stream/gone.parquet"),
        bytes=1,
        sha256=made.sha256,
        start_ns=1,
        stop_ns=3,
    )
    assert list(table_batches(kept.storage, gone, TimeRange(3, 9))) == []
    with pytest.raises(NotFound):
        list(table_batches(kept.storage, gone, TimeRange(2, 9)))


def test_row_groups_without_statistics_are_read() -> None:
    kept = Kept()
    made = kept.add(numbered(1, 2, 3))
    sink = io.BytesIO()
    pq.write_table(numbered(1, 2, 3), sink, write_statistics=False)
    kept.storage.delete(made.location)
    kept.storage.put(made.location, [sink.getvalue()])
    (batch,) = table_batches(kept.storage, made, TimeRange(2, 3))
    assert batch.column("t_ns").to_pylist() == [2]
