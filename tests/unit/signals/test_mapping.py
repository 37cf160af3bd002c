"""Columns read as canonical signals: units, vectors, headings, covariances, words."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.signals.mapping import Reading, read, yaw_of
from avdataops.tables.signals import Source, matches

NAV = "sensor_msgs/msg/NavSatFix"
COVARIANCE = pa.list_(pa.float64(), 9)


def _read(
    signal: str,
    kind: str,
    columns: Mapping[str, tuple[object, str]],
    *,
    stream: str = "s",
    types: Mapping[str, pa.DataType] | None = None,
) -> Reading:
    fields, arrays = [], []
    for name, (values, unit) in columns.items():
        array = pa.array(values, (types or {}).get(name), from_pandas=True)
        fields.append(pa.field(name, array.type, metadata={"source": name, "unit": unit}))
        arrays.append(array)
    rows = len(arrays[0])
    schema = pa.schema([pa.field("t_ns", pa.int64()), *fields])
    table = pa.Table.from_arrays([pa.array(range(rows), pa.int64()), *arrays], schema=schema)
    source = Source(stream=stream, type=kind, schema=schema)
    (match,) = (match for match in matches(source) if match.signal.name == signal)
    return read(match, table.select(["t_ns", *match.needs]))


def test_a_value_comes_in_the_unit_of_the_signal() -> None:
    reading = _read("ego_speed_mps", "can/V", {"VehicleSpeed": ([36.0, None, 72.0], "km/h")})
    assert reading.x == pytest.approx([10.0, np.nan, 20.0], nan_ok=True)
    assert reading.t.tolist() == [0, 1, 2]


def test_a_value_that_is_mostly_null_is_read_at_its_own_samples() -> None:
    speeds = [None, 36.0, None, None, None, 72.0, None, None]
    reading = _read("ego_speed_mps", "can/V", {"VehicleSpeed": (speeds, "km/h")})
    assert reading.t.tolist() == [1, 5]
    assert reading.x == pytest.approx([10.0, 20.0])


def test_a_speed_is_the_length_of_the_horizontal_velocity() -> None:
    columns = {
        "twist_linear_x_mps": ([3.0, -3.0], "m/s"),
        "twist_linear_y_mps": ([4.0, 0.0], "m/s"),
    }
    kind = "geometry_msgs/msg/TwistStamped"
    assert _read("gnss_speed_mps", kind, columns, stream="/gnss/vel").x.tolist() == [5.0, 3.0]


def test_a_course_is_unknown_when_slow() -> None:
    columns = {
        "twist_linear_x_mps": ([0.0, -5.0, 0.1, 1.9], "m/s"),
        "twist_linear_y_mps": ([5.0, 0.0, 0.1, 0.1], "m/s"),
    }
    kind = "geometry_msgs/msg/TwistStamped"
    reading = _read("heading_rad", kind, columns, stream="/gnss/vel")
    assert reading.x == pytest.approx([np.pi / 2, np.pi, np.nan, np.nan], nan_ok=True)


def test_a_compass_heading_turns_into_yaw_from_east() -> None:
    columns = {"Heading": ([0.0, 90.0, 180.0, 270.0, 359.0], "deg")}
    reading = _read("heading_rad", "can/gnss_attitude", columns)
    expected = np.radians([90.0, 0.0, -90.0, 180.0, 91.0])
    assert reading.x == pytest.approx(expected)


@given(st.floats(-3.1, 3.1), st.floats(0.1, 3.0))
def test_a_quaternion_of_any_length_has_its_yaw(yaw: float, length: float) -> None:
    zero = np.zeros(1)
    z, w = np.array([np.sin(yaw / 2) * length]), np.array([np.cos(yaw / 2) * length])
    assert yaw_of(zero, zero, z, w)[0] == pytest.approx(yaw, abs=1e-9)


def test_yaw_does_not_change_with_roll_and_pitch() -> None:
    yaw, pitch, roll = 0.7, 0.2, -0.3
    cy, sy = np.cos(yaw / 2), np.sin(yaw / 2)
    cp, sp = np.cos(pitch / 2), np.sin(pitch / 2)
    cr, sr = np.cos(roll / 2), np.sin(roll / 2)
    x = sr * cp * cy - cr * sp * sy
    y = cr * sp * cy + sr * cp * sy
    z = cr * cp * sy - sr * sp * cy
    w = cr * cp * cy + sr * sp * sy
    assert yaw_of(*(np.array([part]) for part in (x, y, z, w)))[0] == pytest.approx(yaw)


def test_a_quaternion_of_no_length_has_no_yaw() -> None:
    zero = np.zeros(1)
    assert np.isnan(yaw_of(zero, zero, zero, zero)[0])


def test_a_pose_in_another_frame_is_no_heading() -> None:
    columns: dict[str, tuple[object, str]] = {
        f"pose_pose_orientation_{axis}": ([0.0, 0.0, 0.0], "1") for axis in "xyz"
    }
    columns["pose_pose_orientation_w"] = ([1.0, 1.0, 1.0], "1")
    columns["header_frame_id"] = (["map", "odom", "map"], "1")
    reading = _read("heading_rad", "nav_msgs/msg/Odometry", columns)
    assert reading.x == pytest.approx([0.0, np.nan, 0.0], nan_ok=True)


def _imu(up: np.ndarray, about_up: np.ndarray, gravity: float = 9.8) -> Reading:
    rates, force = np.outer(about_up, up), np.outer(np.full(about_up.size, gravity), up)
    columns: dict[str, tuple[object, str]] = {}
    for place, axis in enumerate("XYZ"):
        columns[f"AngularRate{axis}"] = (np.degrees(rates[:, place]), "deg/s")
        columns[f"Acceleration{axis}"] = (force[:, place], "m/s^2")
    return _read("yaw_rate_radps", "can/gnss_imu", columns)


@pytest.mark.parametrize("up", [[1, 0, 0], [0, 0, 1], [0, 0, -1], [0.6, 0.0, -0.8]])
def test_the_rate_about_the_vertical_does_not_depend_on_the_mounting(up: list[float]) -> None:
    turning = np.array([0.0, 0.1, 0.5, -0.3, 0.0])
    assert _imu(np.array(up, dtype=float), turning).x == pytest.approx(turning)


def test_a_unit_without_gravity_does_not_know_where_up_is() -> None:
    assert np.isnan(_imu(np.array([0.0, 0.0, 1.0]), np.ones(5), gravity=0.2).x).all()


def test_a_unit_without_any_sample_has_no_rate() -> None:
    columns: dict[str, tuple[object, str]] = {}
    for axis in "XYZ":
        columns[f"AngularRate{axis}"] = ([1.0, 1.0], "deg/s")
        columns[f"Acceleration{axis}"] = ([None, None], "m/s^2")
    kinds = {f"Acceleration{axis}": pa.float64() for axis in "XYZ"}
    assert _read("yaw_rate_radps", "can/gnss_imu", columns, types=kinds).x.size == 0


def test_a_covariance_gives_the_horizontal_deviation_of_one_axis() -> None:
    good = [4.0, 0, 0, 0, 2.0, 0, 0, 0, 9.0]
    columns = {
        "position_covariance": ([good, good, [0.0] * 9], "m2"),
        "position_covariance_type": ([2, 0, 2], "1"),
    }
    reading = _read("gnss_sigma_m", NAV, columns, types={"position_covariance": COVARIANCE})
    assert reading.t.tolist() == [0]
    assert reading.x == pytest.approx([np.sqrt(3.0)])


def test_fix_types_of_a_receiver_become_those_of_ros_and_others_are_unknown() -> None:
    reading = _read("gnss_fix", "can/gnss_status", {"FixType": ([0, 1, 2, 3, 4, 5, 7], "")})
    assert reading.x == pytest.approx([-1, -1, 0, 0, 0, -1, np.nan], nan_ok=True)


def test_words_become_their_place_and_strange_ones_are_told() -> None:
    words = ["Off", "Left", None, "Kaputt", "RIGHT", "Off"]
    reading = _read("turn_indicator", "can/Body", {"turn_indicator_label": (words, "1")})
    assert reading.x == pytest.approx([0, 1, np.nan, np.nan, 2, 0], nan_ok=True)
    assert reading.strange == ("Kaputt",)


def test_no_words_at_all_are_read_as_nothing() -> None:
    columns: Mapping[str, tuple[object, str]] = {"gear_label": ([], "1")}
    reading = _read("gear", "can/Body", columns, types={"gear_label": pa.string()})
    assert reading.x.size == 0
    assert reading.strange == ()
