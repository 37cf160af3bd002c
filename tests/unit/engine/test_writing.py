"""Many tables at once."""

from pathlib import Path
from threading import Event

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avdataops.engine.encoding import Encoders
from avdataops.engine.table_files import TableWriter
from avdataops.engine.writing import TableWriters
from avdataops.model.errors import SchemaMismatch
from avdataops.tables.kinds import kind
from avdataops.testing.toy_steps import SCHEMA, rows_of

BUDGET = 200_000


def given(tables: int, batches: int) -> list[tuple[int, pa.RecordBatch]]:
    """Return batches of a few hundred rows of several tables, each in the order of its time."""
    noise = np.random.default_rng(5)
    found = []
    for number in range(batches):
        rows = int(noise.integers(900))
        times = list(range(number * 1000, number * 1000 + rows))
        values = noise.normal(size=rows).round(number % 3)
        found.append((int(noise.integers(tables)), rows_of(times, values.tolist())))
    return found


def write(folder: Path, batches: list[tuple[int, pa.RecordBatch]], threads: int) -> dict[int, Path]:
    folder.mkdir()
    paths = {key: folder / f"{key}.parquet" for key, _ in batches}
    with TableWriters[int](encoders=Encoders(threads), budget_bytes=BUDGET) as tables:
        for key, batch in batches:
            if key not in tables.all:
                tables.open(key, paths[key], kind("stream"), SCHEMA, {"avdataops.name": str(key)})
            tables.write(key, batch)
        tables.end_all()
    return paths


def write_at_once(folder: Path, batches: list[tuple[int, pa.RecordBatch]]) -> dict[int, Path]:
    """Write them with no threads: the largest as a row group whenever too much waits."""
    folder.mkdir()
    writers: dict[int, TableWriter] = {}
    paths = {key: folder / f"{key}.parquet" for key, _ in batches}
    for key, batch in batches:
        if key not in writers:
            facts = {"avdataops.name": str(key)}
            writers[key] = TableWriter(paths[key], kind("stream"), SCHEMA, facts)
        writers[key].write(batch)
        if sum(one.waiting_bytes for one in writers.values()) > BUDGET:
            max(writers.values(), key=lambda one: one.waiting_bytes).flush()
    for writer in writers.values():
        writer.close()
    return paths


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_files_have_the_same_bytes_with_any_number_of_threads(tmp_path: Path, threads: int) -> None:
    batches = given(tables=7, batches=300)
    beside = write(tmp_path / "beside", batches, threads)
    at_once = write_at_once(tmp_path / "at_once", batches)
    assert {key: path.read_bytes() for key, path in beside.items()} == {
        key: path.read_bytes() for key, path in at_once.items()
    }
    groups = [pq.ParquetFile(path).num_row_groups for path in beside.values()]
    assert sum(groups) > len(groups) == 7


def test_every_table_is_told_once_when_its_file_is_whole(tmp_path: Path) -> None:
    rows: dict[int, int] = {}

    def ended(key: int) -> None:
        assert key not in rows
        rows[key] = pq.read_metadata(tmp_path / str(key)).num_rows

    with TableWriters(ended) as tables:
        for key in range(20):
            tables.open(key, tmp_path / str(key), kind("stream"), SCHEMA, {})
            tables.write(key, rows_of(list(range(key)), [0.5] * key))
        tables.end_all()
    assert rows == {key: key for key in range(20)}
    assert {key: one.rows for key, one in tables.all.items()} == rows


def test_what_encoding_raises_is_raised_to_who_writes(tmp_path: Path) -> None:
    tables = TableWriters[str](budget_bytes=0)
    tables.open("a", tmp_path / "no folder" / "a", kind("stream"), SCHEMA, {})
    tables.write("a", rows_of([1], [0.5]))
    with pytest.raises(FileNotFoundError, match="no folder"):
        tables.end_all()


def test_rows_of_other_columns_are_refused_where_they_are_given(tmp_path: Path) -> None:
    with TableWriters[str]() as tables:
        tables.open("a", tmp_path / "a", kind("stream"), SCHEMA, {"avdataops.name": "/imu"})
        tables.write("a", rows_of([1], [0.5]))
        with pytest.raises(SchemaMismatch, match="/imu: rows changed their columns midway"):
            tables.write("a", rows_of([1], [0.5]).select(["t_ns"]))


def test_a_table_that_has_ended_is_whole_while_others_go_on(tmp_path: Path) -> None:
    whole = Event()
    with TableWriters[str](lambda _: whole.set()) as tables:
        for key in ("a", "b"):
            tables.open(key, tmp_path / key, kind("stream"), SCHEMA, {})
            tables.write(key, rows_of([1, 2], [0.5, 1.5]))
        tables.end("a")
        assert whole.wait(10.0)
        assert pq.read_metadata(tmp_path / "a").num_rows == 2
        assert not (tmp_path / "b").exists()
        tables.end("a")
        tables.write("b", rows_of([3], [0.5]))
        tables.end_all()
    assert pq.read_metadata(tmp_path / "b").num_rows == 3


def test_an_ended_table_takes_no_rows_but_empty_ones(tmp_path: Path) -> None:
    with TableWriters[str]() as tables:
        tables.open("a", tmp_path / "a", kind("stream"), SCHEMA, {"avdataops.name": "/imu"})
        tables.write("a", rows_of([1], [0.5]))
        tables.end("a")
        tables.write("a", rows_of([], []))
        with pytest.raises(SchemaMismatch, match="/imu: rows came behind those that were its last"):
            tables.write("a", rows_of([2], [0.5]))
        tables.end_all()
    assert pq.read_metadata(tmp_path / "a").num_rows == 1


@pytest.mark.parametrize("is_ended", [False, True])
def test_what_waits_is_bounded_and_ended_tables_hold_nothing(
    tmp_path: Path, *, is_ended: bool
) -> None:
    """Hundreds of tables one after another: either the budget or their ends let rows go."""
    encoders = Encoders(most_bytes=50_000)
    most = 0
    with TableWriters[int](encoders=encoders, budget_bytes=BUDGET) as tables:
        for key in range(300):
            tables.open(key, tmp_path / str(key), kind("stream"), SCHEMA, {})
            tables.write(key, rows_of(list(range(300)), [0.5] * 300))
            most = max(most, sum(one.waiting_bytes for one in tables.all.values()))
            if is_ended:
                tables.end(key)
        tables.end_all()
    assert most == 300 * 16 if is_ended else BUDGET / 2 < most <= BUDGET
    assert encoders.peak_bytes <= 50_000
