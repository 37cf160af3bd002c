"""Thinning in chunks gives what thinning the whole stream gives, to the last bit."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.model.artifact import Artifact
from avdataops.ports.step import Table
from avdataops.signals.chunked_thinning import thin_in_chunks
from avdataops.signals.ordered_rows import ordered_rows
from avdataops.signals.rows import joined, unified_schema
from avdataops.signals.thinning import Thinned, thin_signals
from avdataops.testing.step_tables import MemoryTable, memory_table

MS = 1_000_000
S = 1_000_000_000
T0 = 1_700_000_000_000_000_000
HEARTBEAT_NS = 66 * MS

UNITS = {
    "v": "m/s",
    "holey": "m/s",
    "rare": "m/s",
    "yaw": "deg",
    "heading": "deg",
    **{f"q_{axis}": "1e0" for axis in "xyzw"},
}


def table_of(t: np.ndarray, columns: dict[str, pa.Array]) -> pa.Table:
    fields = [pa.field("t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})]
    for name, values in columns.items():
        unit = UNITS.get(name)
        fields.append(pa.field(name, values.type, metadata={"unit": unit} if unit else None))
    return pa.Table.from_arrays(
        [pa.array(t, pa.int64()), *columns.values()], schema=pa.schema(fields)
    )


def times_of(rng: np.random.Generator, rows: int, period_ms: float) -> np.ndarray:
    """Jittered times with gaps, repeated times and rows that come late."""
    steps = rng.uniform(0.5, 1.5, rows) * period_ms * MS
    steps[rng.random(rows) < 0.01] = rng.uniform(0.1, 2.0) * S
    t = T0 + rng.integers(0, S) + np.cumsum(steps).astype(np.int64)
    again = np.flatnonzero(rng.random(rows) < 0.02)
    t[again] = t[again - 1]
    late = np.flatnonzero(rng.random(rows) < 0.02)
    t[late] -= rng.integers(0, 50 * MS, late.size)
    return t


def nulled(rng: np.random.Generator, x: np.ndarray, share: float) -> pa.Array:
    unknown = rng.random(x.size) < share
    if x.size > 10:
        start = int(rng.integers(0, x.size))
        unknown[start : start + x.size // 5] = True
    return pa.array(x, mask=unknown)


def mixed(rng: np.random.Generator, rows: int, period_ms: float) -> pa.Table:
    """Quantities, angles that wrap, an orientation whose sign flips, states, texts, few values."""
    turned = np.cumsum(rng.normal(0, 20, rows))
    q = rng.normal(size=(rows, 4))
    columns: dict[str, pa.Array] = {
        "v": pa.array(rng.normal(5, 3, rows)),
        "holey": nulled(rng, rng.normal(5, 3, rows), 0.2),
        "rare": nulled(rng, rng.normal(5, 3, rows), 0.9),
        "yaw": nulled(rng, (turned + 180) % 360 - 180, 0.1),
        "heading": nulled(rng, turned % 360, rng.choice([0.0, 0.8])),
        "gear": nulled(rng, rng.integers(0, 3, rows), 0.1),
        "mode": nulled(rng, rng.integers(0, 3, rows), 0.9),
        "text": pa.array([f"t{n}" for n in rng.integers(0, 3, rows)]),
    }
    columns |= {f"q_{name}": nulled(rng, q[:, at], 0.05) for at, name in enumerate("xyzw")}
    return table_of(times_of(rng, rows, period_ms), columns)


def states(rng: np.random.Generator, rows: int, period_ms: float) -> pa.Table:
    """States that change now and then, and a flag that is unknown at times."""
    gear = np.cumsum(rng.random(rows) < 0.05)
    flag = pa.array(rng.random(rows) < 0.5, mask=np.asarray(gear % 3 > 0))
    return table_of(times_of(rng, rows, period_ms), {"gear": pa.array(gear), "flag": flag})


def parts_of(rng: np.random.Generator, data: pa.Table, max_rows: int) -> list[MemoryTable]:
    """Cut a stream into parts that overlap in time, each with a batch size of its own."""
    edges = np.sort(rng.integers(0, data.num_rows + 1, 2)).tolist()
    parts = []
    for number, (start, stop) in enumerate(zip([0, *edges], [*edges, data.num_rows], strict=True)):
        rows = data.slice(start, stop - start)
        if rows.num_rows and number:
            earlier = pa.array(rows["t_ns"].to_numpy() - int(rng.integers(0, S)))
            rows = rows.set_column(0, rows.schema.field(0), earlier)
        if number == 2:
            rows = rows.drop_columns([rows.schema.names[-1]])
        made = memory_table(rows, kind="stream", name="/s", part=str(number))
        parts.append(
            MemoryTable(
                made.artifact, rows, max_rows=int(rng.integers(max_rows // 5, max_rows + 1))
            )
        )
    return parts


def both_ways(
    parts: list[MemoryTable], chunk_rows: int, *, rate_hz: float = 50.0, envelope: bool = True
) -> tuple[Thinned, Thinned, int]:
    """Return whole, chunked, and how many tables the chunked one came in."""
    whole = thin_signals(
        joined([part.data for part in parts]),
        rate_hz,
        envelope=envelope,
        heartbeat_ns=HEARTBEAT_NS,
    )
    tables: tuple[Table, ...] = tuple(parts)
    schema = unified_schema([part.schema for part in parts])
    made = thin_in_chunks(
        ordered_rows(tables, schema, lambda table: table),
        rate_hz,
        envelope=envelope,
        heartbeat_ns=HEARTBEAT_NS,
        chunk_rows=chunk_rows,
    )
    came = list(made.tables)
    table = pa.concat_tables(came)
    assert made.rows == table.num_rows
    chunked = Thinned(table, made.duplicates, made.beyond_rate, made.unchanged)
    return whole, chunked, len(came)


def assert_same(whole: Thinned, chunked: Thinned) -> None:
    counts = (whole.duplicates, whole.beyond_rate, whole.unchanged)
    assert (chunked.duplicates, chunked.beyond_rate, chunked.unchanged) == counts
    assert chunked.table.schema.equals(whole.table.schema, check_metadata=True)
    for name in whole.table.schema.names:
        given, made = (table[name].combine_chunks() for table in (whole.table, chunked.table))
        assert made.equals(given), name
        if pa.types.is_floating(given.type):
            bits = [np.asarray(x.fill_null(0.0)).view(np.int64) for x in (given, made)]
            assert np.array_equal(bits[0], bits[1]), name


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(0, 1000),
    period_ms=st.sampled_from([0.2, 1.0, 3.7, 10.0, 30.0]),
    chunk_rows=st.integers(20, 500),
    rate_hz=st.sampled_from([50.0, 29.97, 7.0]),
)
def test_chunks_give_what_the_whole_gives(
    seed: int, rows: int, period_ms: float, chunk_rows: int, rate_hz: float
) -> None:
    rng = np.random.default_rng(seed)
    parts = parts_of(rng, mixed(rng, rows, period_ms), 300)
    whole, chunked, _ = both_ways(parts, chunk_rows, rate_hz=rate_hz)
    assert_same(whole, chunked)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(0, 300),
    period_ms=st.sampled_from([1.0, 10.0, 50.0, 100.0]),
    batch_rows=st.integers(20, 100),
)
def test_states_in_chunks_keep_the_same_changes_and_heartbeats(
    seed: int, rows: int, period_ms: float, batch_rows: int
) -> None:
    rng = np.random.default_rng(seed)
    parts = parts_of(rng, states(rng, rows, period_ms), batch_rows)
    whole, chunked, _ = both_ways(parts, 100)
    assert_same(whole, chunked)


def test_a_run_longer_than_many_chunks_is_filtered_as_one() -> None:
    rng = np.random.default_rng(1)
    t = T0 + np.arange(20_000, dtype=np.int64) * MS
    data = table_of(t, {"v": pa.array(rng.normal(size=t.size) + np.arange(t.size))})
    part = memory_table(data, kind="stream", name="/s")
    whole, chunked, tables = both_ways([part], 500)
    assert tables == 2
    assert_same(whole, chunked)


def test_no_envelope_is_none_in_chunks_either() -> None:
    rng = np.random.default_rng(2)
    part = memory_table(mixed(rng, 500, 1.0), kind="stream", name="/s")
    whole, chunked, _ = both_ways([part], 50, envelope=False)
    assert "v_min" not in chunked.table.schema.names
    assert_same(whole, chunked)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_rows_are_the_same_in_chunks(rows: int) -> None:
    rng = np.random.default_rng(3)
    part = memory_table(mixed(rng, rows, 1.0), kind="stream", name="/s")
    assert_same(*both_ways([part], 1)[:2])


def test_a_stream_written_backwards_is_the_same_in_chunks() -> None:
    rng = np.random.default_rng(4)
    data = mixed(rng, 600, 2.0)
    part = memory_table(data.take(pa.array(np.arange(600)[::-1])), kind="stream", name="/s")
    assert_same(*both_ways([part], 50)[:2])


@dataclass(frozen=True, slots=True)
class LongTable:
    """A table that makes its batches as they are asked for, so that nobody need hold them."""

    artifact: Artifact
    schema: pa.Schema
    rows: int
    held: list[int] = field(default_factory=list)
    """Bytes of Arrow and of Python that were held when each batch was asked for."""

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield 1000 rows at a time."""
        wanted = self.schema.names if columns is None else columns
        schema = pa.schema([self.schema.field(name) for name in wanted])
        for start in range(0, self.rows, 1000):
            number = np.arange(start, start + 1000)
            self.held.append(pa.total_allocated_bytes() + tracemalloc.get_traced_memory()[0])
            arrays = [T0 + number * MS if name == "t_ns" else np.sin(number) for name in wanted]
            yield pa.RecordBatch.from_arrays([pa.array(x) for x in arrays], schema=schema)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Refuse."""
        raise NotImplementedError(f"the whole of {columns} was asked for")


def most_held(rows: int) -> int:
    """Return the most bytes that thinning a 1 kHz stream of four quantities holds at once."""
    t = np.array([T0], dtype=np.int64)
    one = table_of(t, {name: pa.array([0.0]) for name in ("v", "holey", "yaw", "rare")})
    made = memory_table(one, kind="stream", name="/s")
    long = LongTable(made.artifact, made.schema, rows)
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    try:
        source = ordered_rows((long,), long.schema, lambda table: table)
        thinned = thin_in_chunks(source, 50.0, envelope=True, chunk_rows=1000)
        out = sum(table.num_rows for table in thinned.tables)
    finally:
        tracemalloc.stop()
    assert out == pytest.approx(rows / 20, abs=1)
    return max(long.held) - int(before)


def test_what_is_held_does_not_grow_with_the_stream() -> None:
    short, long = most_held(40_000), most_held(120_000)
    assert long < 120_000 * 5 * 8 / 4
    assert long < 1.2 * short
