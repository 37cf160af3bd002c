"""Tables as the drive that detectors see."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.ports.detecting import Drive
from avdataops.ports.step import Table
from avdataops.signals.drives import drive_of
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import memory_table

MS = 1_000_000
S = 1000 * MS
T0 = 1_760_000_000 * S


def table(of: str, rows: list[dict[str, Any]], **extra: pa.DataType) -> tuple[Table, ...]:
    promised = {field.name: field for field in kind(of).schema}
    schema = pa.schema([*promised.values(), *(pa.field(name, one) for name, one in extra.items())])
    return (memory_table(pa.Table.from_pylist(rows, schema=schema), kind=of, name=of),)


def ego(*rows: tuple[int, float | None], **extra: Any) -> tuple[Table, ...]:
    made = [{"t_ns": T0 + ms * MS, "ego_speed_mps": value, **extra} for ms, value in rows]
    types = {name: pa.string() for name in extra}
    return table("ego", made, ego_speed_mps=pa.float64(), **types)


def stream(name: str, first_ms: int, last_ms: int, *gaps: tuple[int, int]) -> list[dict[str, Any]]:
    same = {"stream": name, "period_ns": 100 * MS, "topic_class": "camera"}
    first, last = T0 + first_ms * MS, T0 + last_ms * MS
    return [
        same | {"t_ns": first, "first_ns": first, "last_ns": last},
        *(same | {"t_ns": T0 + a * MS, "gap_stop_ns": T0 + b * MS} for a, b in gaps),
    ]


def made(**tables: tuple[Table, ...]) -> Drive:
    return drive_of("m_1", tables, 500 * MS)


def test_numbers_text_and_unknown_become_columns() -> None:
    drive = made(ego=ego((0, 1.0), (20, None), gear="D"))
    assert drive.measurement == "m_1"
    np.testing.assert_array_equal(drive.ego.columns["ego_speed_mps"], [1.0, np.nan])
    assert drive.ego.columns["gear"].tolist() == ["D", "D"]
    assert set(drive.ego.columns) == {"ego_speed_mps", "gear"}
    assert drive.ego.t_ns.tolist() == [T0, T0 + 20 * MS]
    assert drive.ego.max_gap_ns == 500 * MS


def test_rows_are_put_in_order_and_the_last_of_equal_times_stays() -> None:
    drive = made(ego=ego((40, 3.0), (0, 1.0), (40, 4.0)))
    assert drive.ego.columns["ego_speed_mps"].tolist() == [1.0, 4.0]


def test_parts_are_one_table() -> None:
    drive = made(ego=(*ego((20, 2.0)), *ego((0, 1.0), gear="D")))
    assert drive.ego.columns["ego_speed_mps"].tolist() == [1.0, 2.0]
    assert drive.ego.columns["gear"].tolist() == ["D", None]


def test_columns_of_lists_and_the_second_time_column_are_left_out() -> None:
    rows = [{"t_ns": T0, "ts": 0, "cov": [1.0]}]
    drive = made(ego=table("ego", rows, ts=pa.timestamp("us"), cov=pa.list_(pa.float64())))
    assert drive.ego.columns == {}


def test_the_drive_lasts_from_the_first_to_the_last_of_anything() -> None:
    assert (made(ego=ego((0, 1.0), (900, 1.0))).start_ns, made().start_ns) == (T0, 0)
    drive = made(
        ego=ego((100, 1.0), (900, 1.0)), gaps=table("gaps", stream("/cam", -50, 1200, (100, 500)))
    )
    assert (drive.start_ns, drive.stop_ns) == (T0 - 50 * MS, T0 + 1200 * MS + 1)


def test_objects_keep_all_rows_of_a_moment() -> None:
    rows = [
        {"t_ns": T0 + ms * MS, "track_id": name, "x_m": 1.0, "y_m": 2.0, "stream": "/o"}
        for ms, name in ((100, "a"), (0, "b"), (100, "c"))
    ]
    drive = made(ego=ego(), objects=table("objects", rows))
    assert drive.objects is not None
    assert drive.objects.columns["track_id"].tolist() == ["b", "a", "c"]
    assert np.isnan(drive.objects.columns["vx_mps"]).all()


def test_absent_tables_are_none() -> None:
    drive = made(ego=ego((0, 1.0)))
    assert drive.objects is None
    assert drive.context is None
    assert drive.gaps == {}


def test_context_rows_are_neighbours_within_three_periods() -> None:
    rows = [{"t_ns": T0 + n * S, "rain": n == 1} for n in range(4)]
    drive = made(ego=ego(), context=table("context", rows))
    assert drive.context is not None
    assert drive.context.max_gap_ns == pytest.approx(3 * S, rel=0.001)
    assert drive.context.columns["rain"].tolist() == [0.0, 1.0, 0.0, 0.0]


def test_a_streams_silence_at_the_edges_is_a_gap_too() -> None:
    rows = [*stream("/cam", 0, 9000, (2000, 3000)), *stream("/late", 4000, 6000)]
    drive = made(ego=ego(), gaps=table("gaps", rows))
    assert drive.classes == {"/cam": "camera", "/late": "camera"}
    assert drive.periods_ns == {"/cam": 100 * MS, "/late": 100 * MS}
    assert drive.gaps["/cam"] == (
        (T0 + 2000 * MS, T0 + 3000 * MS),
        (T0 + 9000 * MS, T0 + 9000 * MS + 1),
    )
    assert drive.gaps["/late"] == (
        (T0, T0 + 4000 * MS),
        (T0 + 6000 * MS, T0 + 9000 * MS + 1),
    )


@pytest.mark.parametrize(("jitter_ms", "kept"), [(290.0, True), (310.0, False), (None, True)])
def test_a_stream_that_keeps_no_period_has_none(jitter_ms: float | None, kept: bool) -> None:
    quality = [{"t_ns": T0, "stream": "/cam", "rate_hz": 10.0, "jitter_ms": jitter_ms}]
    drive = made(
        ego=ego(),
        gaps=table("gaps", stream("/cam", 0, 9000)),
        sync_quality=table("sync_quality", quality),
    )
    assert ("/cam" in drive.periods_ns) is kept
    assert drive.classes == {"/cam": "camera"}


def test_frames_come_by_stream_and_belong_to_the_drive() -> None:
    rows = [
        {
            "t_ns": T0 + ms * MS,
            "stream": stream,
            "topic_class": "camera",
            "frame_t_ns": T0,
            "payload_hash": 7,
            "luma": 100.0,
        }
        for ms, stream in ((100, "/b"), (0, "/a"), (50, "/a"))
    ]
    drive = made(ego=ego((20, 1.0)), frame_facts=table("frame_facts", rows))
    assert list(drive.frames) == ["/a", "/b"]
    assert drive.frames["/a"].t_ns.tolist() == [T0, T0 + 50 * MS]
    assert drive.frames["/a"].columns["luma"].tolist() == [100.0, 100.0]
    assert (drive.start_ns, drive.stop_ns) == (T0, T0 + 100 * MS + 1)
    assert made(ego=ego((20, 1.0))).frames == {}


def test_what_is_around_comes_tick_by_tick_and_adds_no_time() -> None:
    counts = {one.name: 2 for one in kind("object_context").columns if one.type == "int64"}
    rest = {"nearest_vru_m": None, "min_ttc_s": float("inf"), "min_thw_s": 1.5}
    rows = [{**counts, **rest, "t_ns": T0 + ms * MS} for ms in (-500, 100, 200)]
    drive = made(ego=ego((0, 1.0), (20, 2.0)), object_context=table("object_context", rows))
    assert drive.around is not None
    assert drive.around.columns["vehicles_30m"].tolist() == [2.0, 2.0, 2.0]
    assert np.isnan(drive.around.columns["nearest_vru_m"]).all()
    assert drive.start_ns == T0
    assert made(ego=ego((0, 1.0))).around is None
