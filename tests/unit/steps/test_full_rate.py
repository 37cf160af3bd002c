"""The full_rate step over tables in memory: what stays near scenes, what is told of the rest."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.model.errors import NothingToDo
from avdataops.ports.step import Inputs, Output
from avdataops.signals.clock_table import stamp_table
from avdataops.signals.intervals import inside
from avdataops.signals.stamps import judge_stamps
from avdataops.steps.full_rate import FULL_RATE, FullRateParams
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import MemoryTable, RecordingContext, made_tables, memory_table

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
S = 1_000_000_000


def _stream(
    t: np.ndarray,
    columns: dict[str, pa.Array] | None = None,
    *,
    part: str = "a.mcap",
    name: str = "/imu",
    **attributes: str,
) -> MemoryTable:
    facts = {"topic": name, "type": "x/Y", "topic_class": "imu", "clock": "ros"} | attributes
    own = {"ax": pa.array(np.arange(t.size, dtype=np.float64))} if columns is None else columns
    data = pa.table({"t_ns": pa.array(t, pa.int64()), **own})
    data = data.replace_schema_metadata(None)
    return memory_table(data, kind="stream", name=name, part=part, attributes=facts)


def _ranges(*pairs: tuple[float, float]) -> MemoryTable:
    rows = [
        {"t_ns": T0 + round(a * S), "t_end_ns": T0 + round(b * S), "types": "cut_in", "scenes": 1}
        for a, b in pairs
    ]
    table = pa.Table.from_pylist(rows, schema=kind("keep_ranges").schema)
    return memory_table(table, kind="keep_ranges", name="keep_ranges")


def _quality(
    name: str = "/imu",
    *,
    first_ns: int = T0,
    offset_ms: float | None = 0.0,
    drift_ppm: float | None = None,
) -> MemoryTable:
    row = {
        "t_ns": first_ns + round((offset_ms or 0.0) * MS),
        "stream": name,
        "offset_ms": offset_ms,
        "drift_ppm": drift_ppm,
    }
    table = pa.Table.from_pylist([row], schema=kind("sync_quality").schema)
    return memory_table(table, kind="sync_quality", name="sync_quality")


def _run(
    parts: Sequence[MemoryTable],
    ranges: MemoryTable,
    quality: MemoryTable | None = None,
    params: FullRateParams | None = None,
    stamps: Sequence[MemoryTable] = (),
) -> tuple[dict[Output, pa.Table], RecordingContext]:
    ctx = RecordingContext()
    inputs = Inputs(
        {
            "stream": tuple(parts),
            "keep_ranges": (ranges,),
            "sync_quality": (quality or _quality(parts[0].artifact.name),),
            "stamps": tuple(stamps),
        }
    )
    made: dict[Output, pa.Table] = {}
    try:
        made = made_tables(FULL_RATE.run(ctx, inputs, params or FullRateParams()))
    except NothingToDo as nothing:
        ctx.fact("nothing", nothing.message)
    for output, table in made.items():
        assert output.kind == "full_rate"
        kind("full_rate").check(table.schema)
        assert np.all(np.diff(table["t_ns"].to_numpy()) >= 0)
    assert all(account.balanced for account in ctx.accounts)
    return made, ctx


def _every(period_ms: float, seconds: float) -> np.ndarray:
    count = round(seconds * 1000 / period_ms)
    return T0 + np.round(np.arange(count) * period_ms * MS).astype(np.int64)


def test_every_message_of_a_stretch_stays_as_recorded_and_no_other() -> None:
    t = _every(1, 20)
    made, ctx = _run([_stream(t)], _ranges((3.0, 5.0), (11.0, 11.5)))
    (table,) = made.values()
    assert table.num_rows == 2500
    kept = table["t_ns"].to_numpy()
    assert np.array_equal(np.unique((kept - T0) // S), [3, 4, 11])
    assert np.array_equal(table["ax"].to_numpy(), (kept - T0) // MS)
    assert np.array_equal(table["row"].to_numpy(), (kept - T0) // MS)
    assert table["part"].unique().to_pylist() == ["a.mcap"]
    assert np.array_equal(table["recorded_t_ns"].to_numpy(), kept)
    (account,) = ctx.accounts
    assert (account.rows_in, account.rows_out) == (20_000, 2500)
    assert account.dropped == {"no_scene_near": 17_500}
    assert ctx.facts == {"stretches": 2}


def test_a_stretch_begins_with_its_first_nanosecond_and_ends_before_its_last() -> None:
    t = T0 + np.array([S - 1, S, 2 * S - 1, 2 * S], dtype=np.int64)
    (table,) = _run([_stream(t)], _ranges((1.0, 2.0)))[0].values()
    assert table["row"].to_pylist() == [1, 2]


def test_without_a_scene_nothing_is_made_and_all_is_accounted_for() -> None:
    made, ctx = _run([_stream(_every(10, 2))], _ranges())
    assert made == {}
    (account,) = ctx.accounts
    assert account.dropped == {"no_scene_near": 200}
    assert ctx.facts["nothing"] == "no message of '/imu' is near a scene"
    assert _run([_stream(_every(10, 2))], _ranges((50.0, 60.0)))[0] == {}


def test_another_clock_is_taken_to_the_reference_before_it_is_looked_at() -> None:
    t = _every(10, 10) - 5 * S
    quality = _quality(first_ns=int(t[0]), offset_ms=5000.0, drift_ppm=100.0)
    (table,) = _run([_stream(t)], _ranges((4.0, 6.0)), quality)[0].values()
    kept, recorded = (table[name].to_numpy() for name in ("t_ns", "recorded_t_ns"))
    assert kept.min() >= T0 + 4 * S
    assert kept.max() < T0 + 6 * S
    assert kept[0] - recorded[0] - 5 * S == pytest.approx(4.0 * 100e-6 * S, abs=1100)


def test_a_clock_that_is_not_tied_lies_in_no_stretch() -> None:
    made, ctx = _run([_stream(_every(10, 2))], _ranges((0.0, 9.0)), _quality(offset_ms=None))
    assert made == {}
    assert ctx.accounts[0].dropped == {"clock_unknown": 200}
    made, ctx = _run([_stream(_every(10, 2))], _ranges((0.0, 9.0)), _quality("/other"))
    assert (made, ctx.accounts[0].dropped) == ({}, {"clock_unknown": 200})


def test_the_messages_own_stamps_count_where_they_tell() -> None:
    stamp = _every(10, 20)
    delay = np.random.default_rng(1).exponential(8 * MS, stamp.size).astype(np.int64) + 20 * MS
    arrived = np.maximum.accumulate(stamp + delay)
    columns = {"header_stamp_ns": pa.array(stamp), "ax": pa.array(np.arange(2000.0))}
    judged = judge_stamps(stamp, arrived)
    model = stamp_table("/imu", "ros", (T0, T0 + 30 * S), judged)
    stamps = memory_table(model, kind="stamp_models", name="/imu")
    other = memory_table(model, kind="stamp_models", name="/other")
    stream = _stream(arrived, columns)
    (table,) = _run([stream], _ranges((3.0, 4.0)), stamps=[other, stamps])[0].values()
    assert table["ax"].to_pylist() == list(range(300, 400))
    assert np.array_equal(table["t_ns"].to_numpy(), stamp[300:400])
    assert np.array_equal(table["recorded_t_ns"].to_numpy(), arrived[300:400])
    (late,) = _run([stream], _ranges((3.0, 4.0)), stamps=[other])[0].values()
    assert late["ax"].to_pylist() != table["ax"].to_pylist()


def _pictures(t: np.ndarray) -> MemoryTable:
    columns = {
        "format": pa.array(["jpeg"] * t.size),
        "data": pa.array([f"{n}".encode() for n in range(t.size)], pa.binary()),
    }
    return _stream(t, columns, name="/cam", topic_class="camera")


def test_frames_stay_without_their_payload_which_is_not_even_read() -> None:
    stream = _pictures(_every(33, 10))
    (table,) = _run([stream], _ranges((2.0, 3.0)))[0].values()
    assert table.column_names == ["t_ns", "row", "format", "part", "recorded_t_ns"]
    assert table.num_rows == 30
    assert all("data" not in asked for asked in stream.asked)


def test_on_request_the_payload_stays_too() -> None:
    (table,) = _run(
        [_pictures(_every(33, 10))], _ranges((2.0, 3.0)), params=FullRateParams(payloads=True)
    )[0].values()
    assert table["data"].to_pylist() == [f"{n}".encode() for n in table["row"].to_pylist()]


@pytest.mark.parametrize(
    "attributes",
    [{"parent": "/objects"}, {"topic_class": "objects"}, {"type": "can/frames"}],
    ids=["child rows", "object lists", "bus frames"],
)
def test_what_downsampling_leaves_whole_is_not_kept_twice(attributes: dict[str, str]) -> None:
    stream = _stream(_every(10, 2))
    facts = {**stream.artifact.attributes, **attributes}
    whole = replace(stream, artifact=replace(stream.artifact, attributes=facts))
    made, ctx = _run([whole], _ranges((0.0, 9.0)))
    assert (made, ctx.accounts) == ({}, [])
    assert "kept whole" in str(ctx.facts["nothing"])


def test_parts_that_overlap_come_out_in_order_with_their_own_rows() -> None:
    early, late = _every(10, 4), _every(10, 4) + 2 * S + 5 * MS
    parts = [_stream(late, part="b.mcap"), _stream(early, part="a.mcap")]
    (table,) = _run(parts, _ranges((1.5, 3.0)))[0].values()
    assert table.num_rows == 150 + 100
    rows = list(zip(table["part"].to_pylist(), table["row"].to_pylist(), strict=True))
    assert rows[0] == ("a.mcap", 150)
    assert ("b.mcap", 0) in rows
    assert len(set(rows)) == len(rows)


def test_a_column_that_one_part_lacks_is_null_there() -> None:
    with_more = _stream(_every(10, 1), {"ax": pa.array(np.ones(100)), "ay": pa.array(np.ones(100))})
    without = _stream(_every(10, 1) + S, {"ax": pa.array(np.ones(100))}, part="b.mcap")
    (table,) = _run([with_more, without], _ranges((0.5, 1.5)))[0].values()
    assert table["ay"].null_count == 50


@given(
    edges=st.lists(st.integers(0, 100), max_size=8, unique=True),
    t=st.lists(st.integers(-5, 105), max_size=30),
)
def test_inside_is_what_a_look_at_every_stretch_says(edges: list[int], t: list[int]) -> None:
    even = sorted(edges)[: len(edges) // 2 * 2]
    pairs = np.array(even, dtype=np.int64).reshape(-1, 2)
    told = inside(pairs, np.array(t, dtype=np.int64)).tolist()
    assert told == [any(a <= one < b for a, b in pairs.tolist()) for one in t]
