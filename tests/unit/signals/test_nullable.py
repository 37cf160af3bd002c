"""Columns whose unknown survives."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.signals.nullable import floats, is_text, to_numpy, words


def column(values: list[Any], kind: pa.DataType, chunks: int = 1) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)] * chunks, kind)


@pytest.mark.parametrize(
    ("values", "kind", "wanted"),
    [
        ([1, None, 3], pa.int64(), [1.0, np.nan, 3.0]),
        ([True, False, None], pa.bool_(), [1.0, 0.0, np.nan]),
        ([0.5, None], pa.float32(), [0.5, np.nan]),
        ([], pa.float64(), []),
    ],
)
def test_numbers_and_flags_become_floats(
    values: list[Any], kind: pa.DataType, wanted: list[float]
) -> None:
    for chunks in (1, 2):
        made = to_numpy(column(values, kind, chunks))
        assert made.dtype == np.float64
        np.testing.assert_array_equal(made, wanted * chunks)


def test_text_keeps_none_and_shares_its_words() -> None:
    made = to_numpy(column(["a", None, "b", "a"], pa.string(), 2))
    assert made.tolist() == ["a", None, "b", "a"] * 2
    assert made[0] is made[3]
    assert to_numpy(column([], pa.string())).tolist() == []
    assert to_numpy(column([None], pa.string())).tolist() == [None]


def test_absent_columns_are_unknown_throughout() -> None:
    assert np.isnan(floats({}, "x", 3)).all()
    assert words({}, "x", 2).tolist() == [None, None]


def test_columns_of_the_other_kind_are_unknown() -> None:
    columns = {"word": np.array(["a", None], dtype=object), "value": np.array([1.0, np.nan])}
    assert np.isnan(floats(columns, "word", 2)).all()
    assert words(columns, "value", 2).tolist() == [None, None]
    assert words(columns, "word", 2).tolist() == ["a", None]
    assert floats(columns, "value", 2)[0] == 1.0


def test_known_text_is_told() -> None:
    assert is_text(np.array(["a", None, ""], dtype=object)).tolist() == [True, False, True]
