"""Flags and end-of-scale values that say a value is no measurement."""

import re

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.usable import blank_unusable, passes
from avdataops.tables.signals import Condition

ANY = re.compile(".*")


def _column(values: list[object], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def test_numbers_pass_by_membership_and_null_never_passes() -> None:
    condition = Condition(column=ANY, among=(1,))
    assert passes(condition, _column([1, 0, None, 2])).tolist() == [True, False, False, False]
    assert passes(condition, _column([1.0, float("nan")])).tolist() == [True, False]
    assert passes(condition, _column([True, False, None])).tolist() == [True, False, False]


def test_numbers_pass_by_a_least_value() -> None:
    condition = Condition(column=ANY, at_least=0)
    assert passes(condition, _column([-1, 0, 2, None])).tolist() == [False, True, True, False]


def test_texts_pass_by_membership() -> None:
    condition = Condition(column=ANY, among=("map", "enu"))
    assert passes(condition, _column(["map", "odom", None])).tolist() == [True, False, False]


def test_of_a_list_the_first_element_counts() -> None:
    condition = Condition(column=ANY, at_least=0)
    column = _column([[-1.0, 0.0], [0.5, -1.0], None], pa.list_(pa.float64(), 2))
    assert passes(condition, column).tolist() == [False, True, False]


def _imu(valid: list[int], x: list[float]) -> pa.Table:
    metadata = {"source": "AccelerationX"}
    schema = pa.schema(
        [
            pa.field("t_ns", pa.int64()),
            pa.field("acceleration_x", pa.float64(), metadata=metadata),
            pa.field("imu_valid", pa.int64(), metadata={"source": "ImuValid"}),
        ]
    )
    columns = [pa.array(range(len(x))), pa.array(x), pa.array(valid)]
    return pa.Table.from_arrays(columns, schema=schema)


def test_flagged_and_end_of_scale_samples_become_null_and_are_counted() -> None:
    table, counts = blank_unusable(_imu([1, 0, 1, 1], [1.0, 2.0, -64.0, 4.0]), "can/gnss_imu")
    assert table["acceleration_x"].to_pylist() == [1.0, None, None, 4.0]
    assert table["imu_valid"].to_pylist() == [1, 0, 1, 1]
    assert counts == {"acceleration_x": 2}
    assert table.schema.field("acceleration_x").metadata == {b"source": b"AccelerationX"}


def test_the_same_columns_of_another_type_are_left_alone() -> None:
    table = _imu([0, 0], [1.0, -64.0])
    same, counts = blank_unusable(table, "can/other")
    assert same.equals(table)
    assert counts == {}


def test_without_the_flag_only_the_end_of_the_scale_is_unusable() -> None:
    table = _imu([0, 0], [1.0, -64.0]).drop_columns(["imu_valid"])
    result, _ = blank_unusable(table, "can/gnss_imu")
    assert result["acceleration_x"].to_pylist() == [1.0, None]


def test_values_that_were_null_already_are_not_counted() -> None:
    _, counts = blank_unusable(_imu([0, 0], [float("nan"), 1.0]), "can/gnss_imu")
    assert counts == {"acceleration_x": 1}


def test_a_list_can_be_unusable_as_a_whole() -> None:
    kind = pa.list_(pa.float64(), 2)
    table = pa.table(
        {
            "t_ns": pa.array([1, 2]),
            "status_status": pa.array([-1, 0]),
            "position_covariance": pa.array([[1.0, 2.0], [3.0, 4.0]], kind),
        }
    )
    fields = [
        field.with_metadata({"source": field.name.replace("status_status", "status.status")})
        for field in table.schema
    ]
    table = table.cast(pa.schema(fields))
    result, counts = blank_unusable(table, "sensor_msgs/msg/NavSatFix")
    assert result["position_covariance"].to_pylist() == [None, [3.0, 4.0]]
    assert counts == {"position_covariance": 1}


@pytest.mark.parametrize("kind", ["sensor_msgs/msg/Imu", "sensor_msgs/Imu"])
def test_an_imu_without_orientation_has_none(kind: str) -> None:
    table = pa.table(
        {
            "t_ns": pa.array([1, 2]),
            "orientation_w": pa.array([1.0, 1.0]),
            "orientation_covariance": pa.array(
                [[-1.0] + [0.0] * 8, [0.0] * 9], pa.list_(pa.float64(), 9)
            ),
        }
    )
    result, _ = blank_unusable(table, kind)
    assert result["orientation_w"].to_pylist() == [None, 1.0]


def test_an_empty_stream_stays_empty() -> None:
    table, counts = blank_unusable(_imu([], []), "can/gnss_imu")
    assert table.num_rows == 0
    assert counts == {}
    assert np.array_equal(table["t_ns"].to_numpy(), [])
