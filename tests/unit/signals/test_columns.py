"""What kind of quantity a column holds, and Arrow to NumPy and back."""

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.columns import (
    Nature,
    angle_period,
    batch_of,
    float_array,
    floats,
    holds_frames,
    known,
    nature_of,
    natures,
    own_rows,
    quaternions,
    rows_at,
    smooth_values,
    times,
)


def _field(name: str, kind: pa.DataType, unit: str | None = None) -> pa.Field:
    return pa.field(name, kind, metadata={"unit": unit} if unit else None)


@pytest.mark.parametrize(
    ("kind", "unit", "nature"),
    [
        (pa.float64(), "m/s", Nature.CONTINUOUS),
        (pa.float32(), None, Nature.CONTINUOUS),
        (pa.int16(), "km/h", Nature.CONTINUOUS),
        (pa.int16(), "1", Nature.DISCRETE),
        (pa.int64(), "ns", Nature.DISCRETE),
        (pa.uint8(), None, Nature.DISCRETE),
        (pa.bool_(), None, Nature.DISCRETE),
        (pa.string(), None, Nature.DISCRETE),
        (pa.list_(pa.float64(), 9), None, Nature.DISCRETE),
        (pa.list_(pa.float64(), 640), None, Nature.PAYLOAD),
        (pa.list_(pa.float64()), None, Nature.PAYLOAD),
        (pa.binary(), None, Nature.PAYLOAD),
        (pa.large_binary(), None, Nature.PAYLOAD),
    ],
)
def test_the_nature_of_a_column_follows_from_type_and_unit(
    kind: pa.DataType, unit: str | None, nature: Nature
) -> None:
    assert nature_of(_field("x", kind, unit), frozenset({"x"})) is nature


def test_a_number_with_a_label_beside_it_is_an_enumeration() -> None:
    names = frozenset({"gear", "gear_label"})
    assert nature_of(_field("gear", pa.float64(), "m"), names) is Nature.DISCRETE


def test_bookkeeping_columns_are_no_fields() -> None:
    names = ("t_ns", "ts", "row", "element", "parent_element", "part", "x")
    schema = pa.schema([_field(name, pa.float64()) for name in names])
    assert natures(schema) == {"x": Nature.CONTINUOUS}


def test_bytes_and_long_lists_make_frames() -> None:
    image = pa.schema([_field("data", pa.binary())])
    assert holds_frames(image, "camera")
    assert holds_frames(image, "other")


def test_headers_alone_are_frames_in_classes_of_sensors_only() -> None:
    header = pa.schema([_field("header_frame_id", pa.string())])
    assert holds_frames(header, "radar")
    assert not holds_frames(header, "vehicle")
    signals = pa.schema([_field("angular_velocity_z_radps", pa.float64(), "rad/s")])
    assert not holds_frames(signals, "lidar")


def test_angles_know_their_turn() -> None:
    assert angle_period(_field("x", pa.float64(), "deg")) == 360.0
    assert angle_period(_field("x", pa.float64(), "rad")) == 2 * np.pi
    assert angle_period(_field("x", pa.float64(), "rad/s")) is None
    assert angle_period(_field("x", pa.float64())) is None


def test_quaternions_are_found_by_their_four_parts() -> None:
    names = ["a_x", "a_y", "a_z", "a_w", "b_x", "b_y", "b_w", "w"]
    schema = pa.schema([_field(name, pa.float64()) for name in names])
    assert quaternions(schema) == (("a_x", "a_y", "a_z", "a_w"),)


def test_numbers_and_truths_become_floats_with_nan_for_null() -> None:
    for column in (
        pa.array([1, None, 3]),
        pa.array([1.0, None, 3.0]),
        pa.array([1, None, 3], "u1"),
    ):
        values = floats(pa.chunked_array([column]))
        assert np.array_equal(values, [1, np.nan, 3], equal_nan=True)
    truths = floats(pa.chunked_array([pa.array([True, False, None])]))
    assert np.array_equal(truths, [1, 0, np.nan], equal_nan=True)


def test_nan_and_infinity_become_null() -> None:
    values = float_array(np.array([1.0, np.nan, np.inf, -np.inf]))
    assert values.to_pylist() == [1.0, None, None, None]


def test_a_value_is_known_if_it_is_neither_null_nor_nan() -> None:
    numbers = pa.chunked_array([pa.array([1.0, None, float("nan")])])
    assert known(numbers).tolist() == [True, False, False]
    texts = pa.chunked_array([pa.array(["a", None])])
    assert known(texts).tolist() == [True, False]


def test_where_few_rows_have_a_value_only_those_are_samples() -> None:
    few = np.array([True, False, False, False])
    assert own_rows(few).tolist() == few.tolist()
    many = np.array([True, True, False, True])
    assert own_rows(many).tolist() == [True] * 4
    assert own_rows(np.empty(0, dtype=bool)).size == 0


def test_rows_are_picked_with_null_for_none() -> None:
    column = pa.chunked_array([pa.array(["a"]), pa.array(["b", "c"])])
    assert rows_at(column, np.array([2, -1, 0])).to_pylist() == ["c", None, "a"]
    nested = pa.chunked_array([pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2))])
    assert rows_at(nested, np.array([-1, 0])).to_pylist() == [None, [1.0, 2.0]]
    empty = pa.chunked_array([], pa.string())
    assert rows_at(empty, np.array([-1])).to_pylist() == [None]


def test_a_table_of_many_chunks_becomes_one_batch() -> None:
    table = pa.concat_tables([pa.table({"t_ns": [1]}), pa.table({"t_ns": [2, 3]})])
    batch = batch_of(table)
    assert batch.column("t_ns").to_pylist() == [1, 2, 3]
    assert batch_of(table.slice(0, 0)).num_rows == 0


def test_times_are_int64() -> None:
    assert times(pa.chunked_array([pa.array([2**62, 1])])).tolist() == [2**62, 1]


def test_quaternions_are_smoothed_together_and_other_columns_left() -> None:
    table = pa.table(
        {
            "q_x": [0.0, 0.0],
            "q_y": [0.0, 0.0],
            "q_z": [0.6, -0.6],
            "q_w": [0.8, -0.8],
            "v": [1.0, -1.0],
        }
    )
    values = smooth_values(table, table.column_names)
    assert values["q_z"].tolist() == [0.6, 0.6]
    assert values["q_w"].tolist() == [0.8, 0.8]
    assert values["v"].tolist() == [1.0, -1.0]
    assert smooth_values(table, ["q_z"])["q_z"].tolist() == [0.6, -0.6]
