"""Tables as Parquet files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.engine.table_files import ROW_GROUP_BYTES, ParquetTable, TableWriter, hash_file
from avdataops.model.errors import SchemaMismatch
from avdataops.ports.files import BytesFile
from avdataops.tables.kinds import kind
from avdataops.testing.engine_kit import loose_artifact
from avdataops.testing.toy_steps import SCHEMA, rows_of

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def write(path: Path, *batches: pa.RecordBatch, schema: pa.Schema = SCHEMA) -> TableWriter:
    writer = TableWriter(path, kind("stream"), schema, {"avdataops.name": "/imu"})
    for batch in batches:
        writer.write(batch)
    writer.close()
    return writer


def stored(path: Path) -> ParquetTable:
    return ParquetTable(loose_artifact("stream", "/imu"), BytesFile("t", path.read_bytes()))


def test_the_same_batches_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, rows_of([1, 2], [0.5, 1.5]), rows_of([3], [2.5]))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_was_written_is_read_without_the_second_time_column(tmp_path: Path) -> None:
    write(tmp_path / "t", rows_of([1, 2], [0.5, 1.5]), rows_of([3], [2.5]))
    table = stored(tmp_path / "t")
    assert table.schema.names == ["t_ns", "value"]
    assert table.schema.field("value").metadata == {b"unit": b"1"}
    assert table.read().to_pydict() == {"t_ns": [1, 2, 3], "value": [0.5, 1.5, 2.5]}
    assert [batch.to_pydict() for batch in table.batches(["value"])] == [{"value": [0.5, 1.5, 2.5]}]


@given(st.lists(st.integers(INT64_MIN, INT64_MAX), min_size=1, max_size=20))
def test_ts_is_the_time_in_whole_microseconds_rounded_down(
    tmp_path_factory: pytest.TempPathFactory, times_ns: list[int]
) -> None:
    path = tmp_path_factory.mktemp("ts") / "t"
    writer = write(path, rows_of(times_ns, [0.0] * len(times_ns)))
    assert writer.start_ns == min(times_ns)
    assert writer.stop_ns == min(max(times_ns) + 1, INT64_MAX)
    found = pq.read_table(path)
    assert found.column_names[:2] == ["t_ns", "ts"]
    assert found.schema.field("ts").type == pa.timestamp("us", tz="UTC")
    assert found.column("ts").cast(pa.int64()).to_pylist() == [t // 1000 for t in times_ns]


def test_the_file_carries_units_and_facts(tmp_path: Path) -> None:
    write(tmp_path / "t", rows_of([1], [1.0]))
    schema = pq.read_schema(tmp_path / "t")
    assert schema.metadata[b"avdataops.name"] == b"/imu"
    assert schema.field("t_ns").metadata[b"unit"] == b"ns"
    assert not schema.field("ts").nullable


def test_the_writer_knows_rows_and_half_open_time(tmp_path: Path) -> None:
    writer = write(tmp_path / "t", rows_of([5, -3], [0.0, 0.0]), rows_of([9], [0.0]))
    assert (writer.rows, writer.start_ns, writer.stop_ns) == (3, -3, 10)


@pytest.mark.parametrize("batches", [(), (rows_of([], []),)])
def test_a_table_without_rows_is_a_table(
    tmp_path: Path, batches: tuple[pa.RecordBatch, ...]
) -> None:
    writer = write(tmp_path / "t", *batches)
    assert (writer.rows, writer.start_ns, writer.stop_ns) == (0, None, None)
    assert stored(tmp_path / "t").read().num_rows == 0
    assert stored(tmp_path / "t").schema.names == ["t_ns", "value"]


def test_rows_that_break_the_promise_of_their_kind_are_refused(tmp_path: Path) -> None:
    wrong = pa.schema([pa.field("t_ns", pa.float64())])
    with pytest.raises(SchemaMismatch, match="'t_ns' is double, promised int64"):
        TableWriter(tmp_path / "t", kind("stream"), wrong, {})


def test_rows_that_change_their_columns_midway_are_refused(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "t", kind("stream"), SCHEMA, {"avdataops.name": "/imu"})
    writer.write(rows_of([1], [1.0]))
    other = pa.RecordBatch.from_pydict({"t_ns": [1], "value": ["x"]})
    with pytest.raises(SchemaMismatch, match="/imu: rows changed their columns"):
        writer.write(other)


def test_a_row_without_a_time_is_refused(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "t", kind("stream"), SCHEMA, {"avdataops.name": "/imu"})
    nameless = pa.RecordBatch.from_arrays(
        [pa.array([1, None], pa.int64()), pa.array([1.0, 2.0])], schema=SCHEMA
    )
    with pytest.raises(SchemaMismatch, match="/imu: a row has no time"):
        writer.write(nameless)


def test_blobs_are_stored_as_they_are_and_numbers_compressed(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            pa.field("t_ns", pa.int64(), nullable=False),
            pa.field("image", pa.binary()),
            pa.field("x.y", pa.float64()),
            pa.field("cells", pa.list_(pa.struct([("blob", pa.int32()), ("v", pa.float32())]))),
        ]
    )
    image = bytes(1000)
    rows = pa.RecordBatch.from_pylist(
        [{"t_ns": n, "image": image, "x.y": 1.0, "cells": [{"blob": 1, "v": 2.0}]} for n in (1, 2)],
        schema=schema,
    )
    write(tmp_path / "t", rows, schema=schema)
    group = pq.ParquetFile(tmp_path / "t").metadata.row_group(0)
    columns = [group.column(n) for n in range(group.num_columns)]
    codecs = {column.path_in_schema: column.compression for column in columns}
    assert codecs.pop("image") == "UNCOMPRESSED"
    assert set(codecs.values()) == {"ZSTD"}
    assert not next(c for c in columns if c.path_in_schema == "image").is_stats_set
    assert stored(tmp_path / "t").read().to_pylist() == rows.to_pylist()


def test_row_groups_have_a_bounded_size(tmp_path: Path) -> None:
    rows = ROW_GROUP_BYTES // 16 // 2
    big = rows_of(np.arange(rows).tolist(), [0.0] * rows)
    write(tmp_path / "t", big, big, big)
    found = pq.ParquetFile(tmp_path / "t").metadata
    assert [found.row_group(n).num_rows for n in range(found.num_row_groups)] == [2 * rows, rows]


def test_no_batch_holds_more_than_a_row_group(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "t", kind("stream"), SCHEMA, {"avdataops.name": "/imu"})
    for number in range(3):
        writer.write(rows_of([2 * number, 2 * number + 1], [0.0, 1.0]))
        writer.flush()
    writer.close()
    batches = list(stored(tmp_path / "t").batches(["t_ns"]))
    assert [batch.num_rows for batch in batches] == [2, 2, 2]
    assert [value for batch in batches for value in batch.column(0).to_pylist()] == [*range(6)]


def test_many_waiting_tables_hold_no_file_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    waiting = [TableWriter(tmp_path / str(n), kind("stream"), SCHEMA, {}) for n in range(50)]
    for writer in waiting:
        writer.write(rows_of([1], [1.0]))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 5
    for writer in waiting:
        writer.close()


def test_a_file_that_is_no_table_is_told_with_the_next_command() -> None:
    table = ParquetTable(loose_artifact("stream", "x"), BytesFile("t", b"PAR1 not at all PAR1"))
    with pytest.raises(SchemaMismatch, match="derived/stream/x is not the Parquet file") as caught:
        table.read()
    assert caught.value.hint is not None
    assert "verify" in caught.value.hint


def test_a_damaged_page_is_a_mismatch_and_not_a_fault_of_the_machine(tmp_path: Path) -> None:
    write(tmp_path / "t", rows_of(list(range(5000)), [float(n % 7) for n in range(5000)]))
    data = bytearray((tmp_path / "t").read_bytes())
    data[4:64] = bytes(60)
    table = ParquetTable(loose_artifact("stream", "x"), BytesFile("t", bytes(data)))
    with pytest.raises(SchemaMismatch, match="is not the Parquet file"):
        list(table.batches())


def test_a_hash_of_a_file_counts_its_bytes_too(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"abc")
    assert hash_file(tmp_path / "t") == (
        3,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )


def test_columns_are_encoded_by_their_type(tmp_path: Path) -> None:
    columns = {
        "t_ns": pa.array([1, 2], pa.int64()),
        "value": pa.array([0.5, 1.5]),
        "name": pa.array(["a", "a"]),
        "points": pa.array([[1.0, 2.0], []], pa.list_(pa.float32())),
        "counts": pa.array([[1], [2]], pa.list_(pa.int32())),
        "image": pa.array([b"x", b"y"]),
    }
    fields = [pa.field("t_ns", pa.int64(), nullable=False)]
    fields += [pa.field(name, column.type) for name, column in columns.items() if name != "t_ns"]
    batch = pa.RecordBatch.from_arrays(list(columns.values()), schema=pa.schema(fields))
    write(tmp_path / "t", batch, schema=batch.schema)
    group = pq.ParquetFile(tmp_path / "t").metadata.row_group(0)
    found = {}
    for place in range(group.num_columns):
        one = group.column(place)
        kinds = {"BYTE_STREAM_SPLIT", "RLE_DICTIONARY"} & set(one.encodings)
        found[one.path_in_schema.split(".")[0]] = (one.compression, kinds, one.is_stats_set)
    assert found == {
        "t_ns": ("ZSTD", set(), True),
        "ts": ("ZSTD", set(), True),
        "value": ("ZSTD", set(), True),
        "name": ("ZSTD", {"RLE_DICTIONARY"}, True),
        "points": ("ZSTD", {"BYTE_STREAM_SPLIT"}, False),
        "counts": ("ZSTD", set(), False),
        "image": ("UNCOMPRESSED", set(), False),
    }
    assert stored(tmp_path / "t").read().to_pylist() == batch.to_pylist()


def test_numbers_that_packing_does_not_shrink_are_written_as_they_are(tmp_path: Path) -> None:
    count = 4_000
    noise = np.random.default_rng(1).integers(0, 2**64, count, np.uint64).view(np.float64)
    columns = {"t_ns": np.arange(count), "noise": noise, "still": np.zeros(count)}
    arrays = [pa.array(column) for column in columns.values()]
    fields = [
        pa.field(n, a.type, nullable=n != "t_ns") for n, a in zip(columns, arrays, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
    write(tmp_path / "t", batch, schema=batch.schema)
    group = pq.ParquetFile(tmp_path / "t").metadata.row_group(0)
    found = [group.column(place) for place in range(group.num_columns)]
    assert {one.path_in_schema: one.compression for one in found} == {
        "t_ns": "ZSTD",
        "ts": "ZSTD",
        "noise": "UNCOMPRESSED",
        "still": "ZSTD",
    }
    read = stored(tmp_path / "t").read()["noise"].to_numpy()
    assert read.tobytes() == noise.tobytes()


def test_a_column_that_must_be_full_is_not_written_with_gaps(tmp_path: Path) -> None:
    full = pa.field("value", pa.float64(), nullable=False)
    schema = pa.schema([SCHEMA.field("t_ns"), full])
    gap = pa.RecordBatch.from_arrays([pa.array([1, 2]), pa.array([0.5, None])], schema=schema)
    with pytest.raises(pa.ArrowInvalid, match="'value' is declared non-nullable but"):
        write(tmp_path / "t", gap, schema=schema)
