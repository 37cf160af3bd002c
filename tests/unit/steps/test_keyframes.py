"""The keyframes step over tables in memory."""

import numpy as np
import pyarrow as pa
import pytest

from avdataops.ports.step import Inputs
from avdataops.signals.arrays import Floats
from avdataops.signals.keyframes import Policy
from avdataops.steps.keyframes import KEYFRAMES
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import RecordingContext, made_tables, memory_table

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000


def _ego(speed_mps: float, seconds: float = 60.0) -> pa.Table:
    t = T0 + np.arange(round(seconds * 50) + 1) * (S // 50)
    flat: Floats = np.zeros(t.size)
    columns = {
        "t_ns": t,
        "lat_deg": 56.0 + np.arange(t.size) * 1e-6,
        "lon_deg": flat + 10.0,
        "heading_rad": flat + 0.5,
        "ego_speed_mps": flat + speed_mps,
        "yaw_rate_radps": flat,
    }
    return pa.table(columns)


def _frames(*streams: str, seconds: float = 60.0, phash: int | None = None) -> pa.Table:
    t = T0 + np.arange(round(seconds * 10)) * (S // 10) + 3_000_000
    rows = [
        {
            "t_ns": int(at),
            "stream": stream,
            "topic_class": "camera",
            "frame_t_ns": int(at) - 5,
            "frame_row": 3 * number,
            "part": "a.mcap",
            "phash": phash,
        }
        for number, at in enumerate(t)
        for stream in streams
    ]
    return pa.Table.from_pylist(rows, schema=kind("frame_facts").schema)


def _run(
    ego: pa.Table, frames: pa.Table, policy: Policy | None = None
) -> tuple[pa.Table, RecordingContext]:
    ctx = RecordingContext()
    quality = pa.table({"t_ns": [T0], "stream": ["/front"], "rows": [1800]})
    given = {
        name: (memory_table(table, kind=name, name=name),)
        for name, table in (("ego", ego), ("frame_facts", frames), ("sync_quality", quality))
    }
    made = made_tables(KEYFRAMES.run(ctx, Inputs(given), policy or Policy()))
    (table,) = made.values()
    kind("keyframes").check(table.schema)
    assert all(account.balanced for account in ctx.accounts)
    return table, ctx


def test_a_moving_car_gives_two_keyframes_a_second_with_its_pose() -> None:
    table, ctx = _run(_ego(10.0), _frames("/front"))
    assert table.num_rows == 120
    first, second = table.to_pylist()[:2]
    assert first["reason"] == "first"
    assert first["moved_m"] is None
    assert second["reason"] == "distance"
    assert second["moved_m"] == pytest.approx(5.0)
    assert second["frame_row"] == 15
    assert second["part"] == "a.mcap"
    assert second["frame_t_ns"] == second["t_ns"] - 5
    assert second["lat_deg"] == pytest.approx(56.0 + 25e-6)
    assert second["ego_dt_ms"] == pytest.approx(-3.0)
    assert ctx.accounts[0].dropped == {"rate": 480}


def test_a_standing_car_gives_a_heartbeat() -> None:
    table, _ = _run(_ego(0.0), _frames("/front"))
    assert table["reason"].to_pylist() == ["first", *["heartbeat"] * 5]


def test_pictures_that_are_alike_are_counted_as_saved() -> None:
    table, ctx = _run(_ego(10.0), _frames("/front", phash=7))
    assert table.num_rows == 6
    savings = ctx.facts["savings"]
    assert savings == {
        "/front": {
            "recorded": 1800,
            "kept_by_downsampling": 600,
            "keyframes": 6,
            "near_duplicates": ctx.accounts[0].dropped["near_duplicate"],
            "hours": pytest.approx(59.9 / 3600, abs=1e-4),
        }
    }


def test_each_stream_has_keyframes_of_its_own() -> None:
    table, ctx = _run(_ego(10.0), _frames("/front", "/rear"))
    assert table["stream"].to_pylist()[:2] == ["/front", "/rear"]
    assert [account.stream for account in ctx.accounts] == ["/front", "/rear"]
    savings = ctx.facts["savings"]
    assert isinstance(savings, dict)
    assert savings["/rear"]["recorded"] is None


def test_without_a_known_motion_frames_are_kept_by_rate() -> None:
    ego = _ego(10.0)
    unknown = ego.set_column(4, "ego_speed_mps", pa.nulls(ego.num_rows, pa.float64()))
    table, _ = _run(unknown, _frames("/front"))
    assert set(table["reason"].to_pylist()) == {"first", "motion_unknown"}
    assert table.num_rows == 120
    assert table["moved_m"].null_count == 120


def test_frames_outside_of_the_ego_have_no_pose() -> None:
    table, _ = _run(_ego(10.0, seconds=20.0), _frames("/front"))
    late = [row for row in table.to_pylist() if row["t_ns"] > T0 + 21 * S]
    assert late
    assert all(row["lat_deg"] is None and row["ego_dt_ms"] is None for row in late)


def test_no_frames_make_an_empty_table() -> None:
    table, ctx = _run(_ego(10.0), _frames())
    assert table.num_rows == 0
    assert ctx.facts["savings"] == {}
