"""Columns by name as NumPy arrays with unknown kept: NaN in numbers, None in text."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from avdataops.signals.arrays import Bools, Floats


def to_numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return float64 with NaN for null from numbers and booleans, else objects with None.

    Equal text shares one Python object, so a column of a million track ids stays small.
    """
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        filled = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan"))
        return np.asarray(filled.to_numpy(), dtype=np.float64)
    coded = column.combine_chunks().dictionary_encode()
    text = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    codes = pc.fill_null(coded.indices, len(text) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(text[codes], dtype=object)


def floats(columns: Mapping[str, NDArray[Any]], name: str, size: int) -> Floats:
    """Return a column of numbers, all NaN when there is none or it holds text."""
    column = columns.get(name)
    if column is None or column.dtype == object:
        return np.full(size, np.nan)
    return np.asarray(column, dtype=np.float64)


def words(columns: Mapping[str, NDArray[Any]], name: str, size: int) -> NDArray[Any]:
    """Return a column of text, all None when there is none or it holds numbers."""
    column = columns.get(name)
    if column is None or column.dtype != object:
        return np.full(size, None, dtype=object)
    return column


def is_text(text: NDArray[Any]) -> Bools:
    """Say for each item whether it is known text."""
    return np.fromiter((item is not None for item in text), dtype=np.bool_, count=len(text))
