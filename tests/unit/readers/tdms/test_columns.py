"""Tests of the columns that channels become."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.readers.tdms.columns import (
    Channel,
    Column,
    Names,
    nulls,
    number_arrays,
    plan_columns,
    text_array,
)
from avdataops.readers.tdms.kinds import DAQMX, DAQMX_KINDS, EPOCH_S, KINDS, Value
from avdataops.readers.tdms.metadata import Scaler, Shape
from avdataops.readers.tdms.samples import STAMPS
from avdataops.readers.tdms.scaling import Scaling


def _channel(code: int, properties: Mapping[str, Value] | None = None) -> Channel:
    kind = KINDS[code]
    return Channel(0, "Speed", Shape(kind, 2, 2 * kind.size), (properties or {}, {}, {}), 2, 0)


def _column(code: int, properties: Mapping[str, Value] | None = None) -> Column:
    (found,) = plan_columns([_channel(code, properties)])
    return found


@pytest.mark.parametrize(
    ("code", "types"),
    [
        (1, {"speed": pa.int8()}),
        (8, {"speed": pa.uint64()}),
        (9, {"speed": pa.float32()}),
        (0x1A, {"speed": pa.float64()}),
        (0x20, {"speed": pa.string()}),
        (0x21, {"speed": pa.bool_()}),
        (0x44, {"speed": pa.int64()}),
        (0x08000C, {"speed_re": pa.float32(), "speed_im": pa.float32()}),
        (0x10000D, {"speed_re": pa.float64(), "speed_im": pa.float64()}),
    ],
)
def test_stored_types_become_their_arrow_types(code: int, types: dict[str, pa.DataType]) -> None:
    assert {field.name: field.type for field in _column(code).fields} == types


def test_channels_of_no_type_have_no_column() -> None:
    assert plan_columns([_channel(0)]) == ()


def test_scaled_channels_are_doubles() -> None:
    column = _column(
        2,
        {
            "NI_Scale[0]_Scale_Type": "Linear",
            "NI_Scale[0]_Linear_Slope": 2.0,
            "NI_Scale[0]_Linear_Y_Intercept": 0.5,
        },
    )
    assert isinstance(column.scaling, Scaling)
    assert column.fields[0].type == pa.float64()
    (array,) = number_arrays(column, {None: np.array([1, 2], np.int16)}, 3)
    assert array.to_pylist() == [2.5, 4.5, None]


def test_strings_and_moments_are_not_scaled() -> None:
    scale: dict[str, Value] = {"NI_Number_Of_Scales": 2**31}
    assert _column(0x20, scale).problem is None
    assert _column(0x44, scale).problem is None
    assert _column(2, scale).problem is not None


def test_complex_values_are_two_columns() -> None:
    column = _column(0x10000D)
    real, imaginary = number_arrays(column, {None: np.array([1 + 2j, -3j])}, 3)
    assert real.to_pylist() == [1.0, 0.0, None]
    assert imaginary.to_pylist() == [2.0, -3.0, None]


def test_scalers_of_a_card_are_a_column_each() -> None:
    scalers = tuple(Scaler(n, DAQMX_KINDS[n], 0, 8 * n, None) for n in (3, 8))
    channel = Channel(0, "x", Shape(DAQMX, 1, 0, scalers, (80,)), ({}, {}, {}), 1, 0)
    (column,) = plan_columns([channel])
    assert [(f.name, f.type) for f in column.fields] == [
        ("x_scaler_3", pa.int16()),
        ("x_scaler_8", pa.float32()),
    ]
    raw: dict[int | None, Any] = {3: np.array([7], np.int16), 8: np.array([0.5], np.float32)}
    assert [array.to_pylist() for array in number_arrays(column, raw, 1)] == [[7], [0.5]]


def test_moments_are_nanoseconds_and_null_where_they_do_not_fit() -> None:
    stamps = np.array([(EPOCH_S + 1, 0), (2**62, 0)], STAMPS)
    (array,) = number_arrays(_column(0x44), {None: stamps}, 2)
    assert array.to_pylist() == [10**9, None]


def test_truths_are_truths() -> None:
    (array,) = number_arrays(_column(0x21), {None: np.array([True, False])}, 2)
    assert array.to_pylist() == [True, False]


def test_missing_values_are_null() -> None:
    assert [array.to_pylist() for array in nulls(_column(0x08000C), 2)] == [[None] * 2] * 2
    assert text_array(pa.array(["a"]), 3).to_pylist() == ["a", None, None]
    assert [array.to_pylist() for array in number_arrays(_column(2), {}, 1)] == [[None]]


@given(st.lists(st.sampled_from(["x", "X", "x_2", "x_3", "X_2", "y", "x_2_2"]), max_size=30))
def test_names_are_unique_whatever_they_are(wanted: list[str]) -> None:
    names = Names(["t_ns"])
    given_names = [names.claim(name).casefold() for name in wanted]
    assert len(set(given_names)) == len(wanted)


def test_names_are_numbered_in_order() -> None:
    names = Names(["taken"], joint="#")
    assert [names.claim("a") for _ in range(3)] == ["a", "a#2", "a#3"]
    assert names.claim("taken") == "taken#2"
