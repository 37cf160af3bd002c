"""Rows of equal codes, found by hashing and one stable sort of small numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_SMALL = 1 << 16


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows by their code, in ascending order of the codes."""

    codes: list[int]
    order: npt.NDArray[np.intp]
    """Rows, those of one code together and in their order."""
    bounds: npt.NDArray[np.int64]

    def rows(self) -> Iterator[npt.NDArray[np.intp]]:
        """Yield the rows of each code."""
        for start, stop in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
            yield self.order[start:stop]


def group_codes(codes: npt.NDArray[np.int64]) -> Grouped:
    """Group rows by their code."""
    if not len(codes):
        return Grouped([], np.zeros(0, np.intp), np.zeros(1, np.int64))
    # By way of buffers: ``pa.array`` would import pandas, which takes longer than most logs.
    buffer = pa.py_buffer(np.ascontiguousarray(codes, np.int64))
    encoded = pa.Array.from_buffers(pa.int64(), len(codes), [None, buffer]).dictionary_encode()
    values = np.frombuffer(encoded.dictionary.buffers()[1], np.int64, len(encoded.dictionary))
    indices = np.frombuffer(encoded.indices.buffers()[1], np.int32, len(codes))
    ranks = np.argsort(values)
    place = np.empty(len(values), np.uint16 if len(values) <= _SMALL else np.int64)
    place[ranks] = np.arange(len(values))
    ranked = place[indices]
    counts = np.bincount(ranked, minlength=len(values))
    bounds = np.zeros(len(values) + 1, np.int64)
    np.cumsum(counts, out=bounds[1:])
    return Grouped(values[ranks].tolist(), np.argsort(ranked, kind="stable"), bounds)
