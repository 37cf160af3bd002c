"""Quantities that must follow each other over a whole stream, piece by piece."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pyarrow as pa

from avdataops.signals.arrays import Floats
from avdataops.signals.circles import NO_TURNS, one_hemisphere, unwrapped_from
from avdataops.signals.columns import floats, quaternions

_Q = 4


def as_floats(pieces: Iterator[pa.Table], quantities: Collection[str]) -> Iterator[pa.Table]:
    """Yield tables with quantities as float64, NaN for null, quaternion signs made to follow."""
    last: dict[tuple[str, ...], Floats] = {}
    for piece in pieces:
        values = {name: floats(piece[name]) for name in piece.schema.names if name in quantities}
        for group in quaternions(piece.schema):
            if values.keys() >= set(group):
                before = last.get(group, np.empty((0, _Q)))
                turned = np.column_stack([values[name] for name in group])
                turned = one_hemisphere(np.vstack((before, turned)))[len(before) :]
                known = turned[np.isfinite(turned).all(axis=1)]
                last[group] = np.vstack((before, known))[-1:]
                values.update(zip(group, turned.T, strict=True))
        yield with_floats(piece, values)


def with_floats(table: pa.Table, values: Mapping[str, Floats]) -> pa.Table:
    """Return a table with these columns as float64, NaN kept, and the metadata they had."""
    for name, x in values.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        stated = pa.field(name, pa.float64(), metadata=field.metadata)
        table = table.set_column(place, stated, pa.array(np.ascontiguousarray(x)))
    return table


def without_jumps(pieces: Iterator[pa.Table], periods: Mapping[str, float]) -> Iterator[pa.Table]:
    """Yield tables of :func:`as_floats` with the named angles unwrapped over all of them."""
    last: dict[str, tuple[Floats, float]] = {}
    for piece in pieces:
        values = {}
        for name, period in periods.items():
            if name in piece.schema.names:
                before, turns = last.get(name, (np.empty(0), NO_TURNS))
                x = floats(piece[name])
                both = np.concatenate((before, x))
                values[name], turns = unwrapped_from(both, period, turns)
                values[name] = values[name][before.size :]
                last[name] = (both[np.isfinite(both)][-1:], turns)
        yield with_floats(piece, values)
