"""The deskew_lidar step: a wall that was seen while driving and turning is flat again."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.model.errors import ConfigError, NothingToDo
from avdataops.ports.step import Inputs, Output
from avdataops.steps import STEPS
from avdataops.steps.deskew_lidar import DESKEW_LIDAR, DeskewParams
from avdataops.tables.kinds import kind
from avdataops.testing.step_tables import MemoryTable, RecordingContext, made_tables, memory_table
from avdataops.wiring.workspace import load_pipeline

S = 1_000_000_000
MS = 1_000_000
T0 = 1_700_000_000 * S
SPEED_MPS, RATE_RADPS = 30.0, float(np.radians(40.0))
SWEEP_MS = 100
PLACE = ("points_x_m", "points_y_m", "points_z_m")


def _ego(seconds: float = 3.0, *, known: bool = True) -> MemoryTable:
    t = T0 + np.arange(round(seconds * 50) + 1) * (S // 50)
    flat = np.ones(t.size) if known else np.full(t.size, np.nan)
    table = pa.table(
        {
            "t_ns": t,
            "ego_speed_mps": pa.array(SPEED_MPS * flat, from_pandas=True, type=pa.float64()),
            "yaw_rate_radps": pa.array(RATE_RADPS * flat, from_pandas=True, type=pa.float64()),
        }
    )
    return memory_table(table, kind="ego", name="ego")


def _pose(t_ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    yaw = RATE_RADPS * (t_ns - T0) / S
    radius_m = SPEED_MPS / RATE_RADPS
    return np.column_stack((radius_m * np.sin(yaw), radius_m * (1 - np.cos(yaw)))), yaw


def _seen(world: np.ndarray, t_ns: np.ndarray, arm_m: float = 0.0) -> np.ndarray:
    """Return points of the fixed frame as a sensor ``arm_m`` ahead of the axle sees them."""
    place, yaw = _pose(t_ns)
    dx, dy = (world[:, :2] - place).T
    forward = np.cos(yaw) * dx + np.sin(yaw) * dy - arm_m
    return np.column_stack((forward, -np.sin(yaw) * dx + np.cos(yaw) * dy, world[:, 2]))


def _world(row: int, count: int = 400) -> np.ndarray:
    """Return a wall 25 m ahead of where the ego is at a sweep."""
    place, yaw = _pose(np.array([T0 + row * SWEEP_MS * MS]))
    across = np.linspace(-10.0, 10.0, count)
    c, s = float(np.cos(yaw[0])), float(np.sin(yaw[0]))
    return np.column_stack(
        (
            place[0, 0] + c * 25.0 - s * across,
            place[0, 1] + s * 25.0 + c * across,
            np.tile([0.0, 1.0], count // 2),
        )
    )


def _lidar(
    rows: int = 10,
    *,
    first: int = 5,
    arm_m: float = 0.0,
    without: tuple[str, ...] = (),
    **attributes: str,
) -> MemoryTable:
    columns: dict[str, list[Any]] = {name: [] for name in ("t_ns", *PLACE, "points_intensity")}
    columns["points_t"] = []
    for row in range(first, first + rows):
        since = np.linspace(0, SWEEP_MS * MS, 400).astype(np.uint32)
        t_ns = T0 + row * SWEEP_MS * MS
        points = _seen(_world(row), t_ns + since.astype(np.int64), arm_m)
        columns["t_ns"].append(t_ns)
        for axis, name in enumerate(PLACE):
            columns[name].append(points[:, axis].astype(np.float32))
        columns["points_intensity"].append(np.arange(400, dtype=np.float32))
        columns["points_t"].append(since)
    table = pa.table({k: v for k, v in columns.items() if k not in without})
    facts = {"topic_class": "lidar", "clock": "ros", "type": "sensor_msgs/msg/PointCloud2"}
    return memory_table(
        table, kind="stream", name="/top", part="a.mcap", attributes=facts | attributes
    )


def _quality(offset_ms: float | None = 0.0) -> MemoryTable:
    row = {"t_ns": T0, "stream": "/top", "offset_ms": offset_ms}
    table = pa.Table.from_pylist([row], schema=kind("sync_quality").schema)
    return memory_table(table, kind="sync_quality", name="sync_quality")


def _run(
    *parts: MemoryTable,
    params: DeskewParams | None = None,
    ego: MemoryTable | None = None,
    quality: MemoryTable | None = None,
) -> tuple[pa.Table | None, RecordingContext]:
    ctx = RecordingContext()
    inputs = Inputs(
        {"stream": parts, "ego": (ego or _ego(),), "sync_quality": (quality or _quality(),)}
    )
    made: dict[Output, pa.Table] = {}
    try:
        made = made_tables(DESKEW_LIDAR.run(ctx, inputs, params or DeskewParams()))
    except NothingToDo as nothing:
        ctx.fact("nothing", nothing.message)
    assert all(account.balanced for account in ctx.accounts)
    if not made:
        return None, ctx
    ((output, table),) = made.items()
    assert (output.kind, output.name) == ("deskewed", "/top")
    kind("deskewed").check(table.schema)
    assert np.all(np.diff(table["t_ns"].to_numpy()) >= 0)
    return table, ctx


def _points(table: pa.Table, row: int) -> np.ndarray:
    found = [table[name][row].values.to_numpy(zero_copy_only=False) for name in PLACE]
    return np.column_stack(found).astype(np.float64)


def _off(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum((found - truth) ** 2, axis=1))))


@pytest.mark.parametrize("at_ms", [0.0, 50.0, 100.0])
def test_a_wall_is_where_it_was_at_one_moment(at_ms: float) -> None:
    lidar = _lidar()
    table, ctx = _run(lidar, params=DeskewParams(at_ms=at_ms))
    assert table is not None
    assert table.num_rows == ctx.accounts[0].rows_out == 10
    for row in range(10):
        moment = table["t_ns"][row].as_py()
        assert moment == lidar.data["t_ns"][row].as_py() + round(at_ms * MS)
        truth = _seen(_world(5 + row), np.full(400, moment))
        assert _off(_points(table, row), truth) < 0.02
        assert _off(_points(lidar.data, row), truth) > 0.5
    assert table["unknown_points"].to_pylist() == [0] * 10
    assert all(1.0 < far < 6.0 for far in table["most_moved_m"].to_pylist())


def test_points_keep_their_order_and_their_intensity() -> None:
    table, _ = _run(_lidar(2))
    assert table is not None
    assert table["points_intensity"][1].as_py() == list(range(400))
    assert table["row"].to_pylist() == [0, 1]
    assert table["part"].to_pylist() == ["a.mcap"] * 2
    plain, _ = _run(_lidar(1, without=("points_intensity",)))
    assert plain is not None
    assert plain["points_intensity"].to_pylist() == [None]


def test_a_sensor_ahead_of_the_axle_swings_when_the_car_turns() -> None:
    lidar = _lidar(1, arm_m=3.0)
    mounted, _ = _run(lidar, params=DeskewParams(mounting=(3.0, 0.0, 0.0, 0.0, 0.0, 0.0)))
    central, _ = _run(lidar)
    assert mounted is not None
    assert central is not None
    truth = _seen(_world(5), np.full(400, T0 + 500 * MS), 3.0)
    assert _off(_points(mounted, 0), truth) < 0.02
    assert _off(_points(central, 0), truth) > 0.05


def test_a_lidar_that_looks_back_is_turned_before_and_after() -> None:
    lidar = _lidar(1)
    flipped = lidar.data
    for name in PLACE[:2]:
        values = pa.array([-lidar.data[name][0].values.to_numpy()], pa.list_(pa.float32()))
        flipped = flipped.set_column(flipped.column_names.index(name), name, values)
    back = MemoryTable(lidar.artifact, flipped)
    table, _ = _run(back, params=DeskewParams(mounting=(0.0, 0.0, 0.0, 0.0, 0.0, float(np.pi))))
    assert table is not None
    truth = _seen(_world(5), np.full(400, T0 + 500 * MS)) * [-1.0, -1.0, 1.0]
    assert _off(_points(table, 0), truth) < 0.02


def test_points_without_a_time_are_null_and_counted() -> None:
    lidar = _lidar(1)
    since = np.linspace(0, 0.1, 400)
    since[:7] = np.nan
    times = pa.array([since], pa.list_(pa.float64()))
    at = lidar.data.column_names.index("points_t")
    table, _ = _run(MemoryTable(lidar.artifact, lidar.data.set_column(at, "points_time", times)))
    assert table is not None
    assert table["unknown_points"].to_pylist() == [7]
    assert table["points_x_m"][0].as_py()[:8].count(None) == 7


def test_a_cloud_whose_times_do_not_fit_its_points_has_none() -> None:
    lidar = _lidar(1)
    short = pa.array([np.zeros(3, dtype=np.uint32)], pa.list_(pa.uint32()))
    at = lidar.data.column_names.index("points_t")
    table, _ = _run(MemoryTable(lidar.artifact, lidar.data.set_column(at, "points_t", short)))
    assert table is not None
    assert table["unknown_points"].to_pylist() == [400]
    assert table["most_moved_m"].to_pylist() == [None]


def test_sweeps_before_the_ego_is_known_are_left_out_and_told() -> None:
    table, ctx = _run(_lidar(20, first=20))
    assert table is not None
    assert ctx.accounts[0].dropped == {"no_pose": 20 - table.num_rows}
    # The ego ends 3 s after it began, the sweeps begin 2 s after that.
    assert table.num_rows == 10
    nothing, ctx = _run(_lidar(3), ego=_ego(known=False))
    assert nothing is not None
    assert (nothing.num_rows, ctx.accounts[0].dropped) == (0, {"no_pose": 3})


def test_the_clock_of_the_lidar_is_taken_to_that_of_the_ego() -> None:
    lidar = _lidar(1)
    late = lidar.data.set_column(0, "t_ns", pa.array([T0 + 500 * MS - 250 * MS]))
    table, _ = _run(MemoryTable(lidar.artifact, late), quality=_quality(250.0))
    assert table is not None
    assert table["t_ns"].to_pylist() == [T0 + 500 * MS]
    assert _off(_points(table, 0), _seen(_world(5), np.full(400, T0 + 500 * MS))) < 0.02


@pytest.mark.parametrize(
    ("without", "said"),
    [(("points_t",), "no time of their own"), (("points_z_m",), "no clouds of points")],
)
def test_what_cannot_be_put_to_one_moment_says_why(without: tuple[str, ...], said: str) -> None:
    table, ctx = _run(_lidar(without=without))
    assert table is None
    (problem,) = ctx.caveats
    assert problem.code == "no_point_time"
    assert said in problem.message
    assert ctx.accounts[0].dropped == {"no_point_time": 10}


def test_a_clock_that_is_not_tied_moves_nothing() -> None:
    table, ctx = _run(_lidar(), quality=_quality(None))
    assert table is None
    assert ctx.accounts[0].dropped == {"clock_unknown": 10}


@pytest.mark.parametrize("mounting", [(1.0,), (0.0,) * 7, (0.0, 0.0, 0.0, 0.0, 0.0, float("nan"))])
def test_a_mounting_of_other_numbers_is_refused(mounting: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="x, y, z, roll, pitch, yaw"):
        _run(_lidar(1), params=DeskewParams(mounting=mounting))


def test_it_runs_on_request_only() -> None:
    assert STEPS["deskew_lidar"] is DESKEW_LIDAR
    assert "deskew_lidar" not in {stage.step for stage in load_pipeline("drive_to_scenes").steps}
