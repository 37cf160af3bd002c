"""Where the vehicle was, from odometry tied to satellites, or from satellites alone."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.arrays import Floats, Times
from avdataops.signals.ego_path import Trajectory, trajectory
from avdataops.signals.geo import to_wgs84
from avdataops.testing.step_tables import MemoryTable, memory_table

LAT, LON, ALT = 56.16, 10.2, 30.0
T: Times = np.arange(0, 20_000_000_000, 100_000_000, dtype=np.int64)
STEP_NS = 100_000_000


def way(length_m: float = 100.0) -> Floats:
    """Return a bend (n, 3) east, north, up, that starts at the origin."""
    part = np.linspace(0.0, 1.0, T.size)
    angle = part * math.pi / 2
    return np.column_stack((np.sin(angle), 1 - np.cos(angle), 0.02 * part)) * length_m


def heading() -> Floats:
    return np.linspace(0.0, math.pi / 2, T.size)


def ego(enu: Floats, **more: Any) -> MemoryTable:
    lat, lon = to_wgs84(enu[:, 0], enu[:, 1], LAT, LON)
    columns = {"t_ns": T, "lat_deg": lat, "lon_deg": lon, "alt_m": ALT + enu[:, 2]}
    data = pa.table({**columns, "heading_rad": heading(), **more})
    return memory_table(data, kind="ego", name="ego")


def odometry(
    enu: Floats, turned_rad: float = 0.0, child: str = "base_link", header: Any = "odom"
) -> MemoryTable:
    """Return odometry in axes of its own: turned, and shifted by (7, -3, 5)."""
    cos, sin = math.cos(turned_rad), math.sin(turned_rad)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    own = enu @ turn.T + (7.0, -3.0, 5.0)
    half = (heading() + turned_rad) / 2
    place = {f"pose_pose_position_{axis}_m": own[:, k] for k, axis in enumerate("xyz")}
    turns = {
        "pose_pose_orientation_x": np.zeros(T.size),
        "pose_pose_orientation_y": np.zeros(T.size),
        "pose_pose_orientation_z": np.sin(half),
        "pose_pose_orientation_w": np.cos(half),
    }
    names = {
        "child_frame_id": [child] * T.size,
        "header_frame_id": [header] * T.size if isinstance(header, str) else header,
    }
    data = pa.table({"t_ns": T, **place, **turns, **names})
    return memory_table(data, kind="synced", name="/odom")


def at(found: Trajectory | None, *ticks: int) -> list[tuple[tuple[float, ...], float]]:
    """Return place and yaw at times."""
    assert found is not None
    path = found.at(np.array(ticks, dtype=np.int64))
    return [
        (
            one.placement.translation_m,
            math.remainder(2 * math.atan2(*one.placement.rotation_xyzw[2:]), math.tau),
        )
        for one in path.poses
    ]


@pytest.mark.parametrize("turned_rad", [0.0, 1.0, -2.5, math.pi])
def test_odometry_is_turned_and_shifted_onto_the_earth(turned_rad: float) -> None:
    enu = way()
    found = trajectory([odometry(enu, turned_rad)], ego(enu), "base_link")
    assert found is not None
    assert (found.path.axes, found.path.source, found.path.flat) == ("enu", "/odom", False)
    assert found.path.tie_rms_m == pytest.approx(0.0, abs=0.01)
    origin = found.path.origin
    assert origin is not None
    assert (origin.lat_deg, origin.lon_deg, origin.alt_m) == pytest.approx((LAT, LON, ALT))
    middle = T.size // 2
    ((place, yaw),) = at(found, int(T[middle]))
    assert place == pytest.approx(tuple(enu[middle]), abs=0.01)
    assert yaw == pytest.approx(heading()[middle], abs=1e-3)


def test_scatter_of_the_fixes_does_not_shake_the_path() -> None:
    enu, rng = way(), np.random.default_rng(1)
    noisy = enu + rng.normal(0, 0.6, enu.shape)
    found = trajectory([odometry(enu, 0.7)], ego(noisy), "base_link")
    assert found is not None
    assert found.path.tie_rms_m == pytest.approx(0.6 * math.sqrt(2), rel=0.2)
    places = np.array([place for place, _ in at(found, *T.tolist())])
    origin_off = noisy[0]
    assert np.abs(places - (enu - origin_off)).max() < 0.3


def test_a_way_too_short_to_tell_directions_keeps_its_own_axes() -> None:
    enu = way(10.0)
    found = trajectory([odometry(enu, 0.5)], ego(enu), "base_link")
    assert found is not None
    assert (found.path.axes, found.path.origin) == ("local", None)
    ((place, _),) = at(found, 0)
    assert place == pytest.approx((7.0, -3.0, 5.0))


def test_odometry_that_satellites_contradict_is_not_tied_to_them() -> None:
    enu = way()
    mirrored = enu * (1, -1, 1)
    found = trajectory([odometry(mirrored)], ego(enu), "base_link")
    assert found is not None
    assert found.path.axes == "local"


def test_without_odometry_satellites_and_heading_are_the_path_and_it_is_flat() -> None:
    enu = way()
    found = trajectory([], ego(enu), "base_link")
    assert found is not None
    assert (found.path.axes, found.path.source, found.path.flat) == ("enu", "ego", True)
    ((place, yaw),) = at(found, 5 * STEP_NS + STEP_NS // 2)
    assert place == pytest.approx(tuple((enu[5] + enu[6]) / 2), abs=0.01)
    assert yaw == pytest.approx((heading()[5] + heading()[6]) / 2, abs=1e-6)


def test_odometry_of_another_frame_or_in_two_frames_is_not_the_vehicles() -> None:
    enu = way()
    for other in (odometry(enu, child="trailer"), odometry(enu, header=["a", "b"] * (T.size // 2))):
        found = trajectory([other], ego(enu), "base_link")
        assert found is not None
        assert found.path.source == "ego"


def test_where_nothing_is_known_there_is_no_path() -> None:
    assert trajectory([], None, "base_link") is None
    nowhere = ego(np.full((T.size, 3), np.nan))
    assert trajectory([], nowhere, "base_link") is None
    headless = ego(way(), heading_rad=pa.nulls(T.size, pa.float64()))
    assert trajectory([], headless, "base_link") is None
    bare = memory_table(pa.table({"t_ns": T}), kind="ego", name="ego")
    assert trajectory([bare], bare, "base_link") is None


def test_times_outside_and_in_gaps_have_no_pose() -> None:
    enu = way()
    found = trajectory([odometry(enu)], None, "base_link")
    assert found is not None
    assert found.path.axes == "local"
    assert len(at(found, -1, 0, int(T[-1]), int(T[-1]) + 1)) == 2
    gappy = pa.concat_tables([odometry(enu).data.slice(0, 50), odometry(enu).data.slice(60)])
    cut = trajectory([memory_table(gappy, kind="synced", name="/odom")], None, "base_link")
    assert at(cut, int(T[55])) == []
    assert len(at(cut, int(T[49]), int(T[60]))) == 2
