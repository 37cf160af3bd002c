"""Messages of one type become Arrow columns: slices first, then whole columns at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag import arrow
from avdataops.readers.rosbag.layout import Filler, Leaf, Run, Table, Variable
from avdataops.readers.rosbag.wire import (
    Array,
    RunLayout,
    Wire,
    check_end,
    element_type,
    native,
    run_layout,
    wire_of,
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Decoded columns of one table.

    ``message`` gives for each row the number of its message in the batch; ``element`` its number
    among the rows of that message, ``parent_element`` the same of the row it hangs on (both None
    for the root, whose rows are the messages).
    """

    table: Table
    columns: tuple[pa.Array, ...]
    message: npt.NDArray[np.int64]
    element: npt.NDArray[np.int64] | None = None
    parent_element: npt.NDArray[np.int64] | None = None


class _Runs:
    """Slices of one run, message by message."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._layouts: dict[tuple[Wire, int], RunLayout] = {}
        self._parts: list[bytes] = []
        self._used: list[tuple[RunLayout, Wire, int]] = []

    def take(self, data: bytes, at: int, wire: Wire) -> int:
        return self.take_many(data, at, wire, 1)

    def take_many(self, data: bytes, at: int, wire: Wire, count: int) -> int:
        """Take ``count`` runs in a row; they must repeat at the same phase."""
        layout = self.layout(at, wire)
        stop = at + layout.size * count
        if stop > len(data):
            raise SchemaMismatch(f"the message ends at {len(data)}, fields go to {stop}")
        self._parts.append(data[at:stop])
        self._used.append((layout, wire, count))
        return stop

    def layout(self, at: int, wire: Wire) -> RunLayout:
        phase = (at - wire.origin) % wire.align
        found = self._layouts.get((wire, phase))
        if found is None:
            found = self._layouts[wire, phase] = run_layout(self._run, wire, phase)
        return found

    def columns(self) -> list[pa.Array]:
        """Return one array per leaf."""
        pieces: list[tuple[Array, Wire]] = []
        start = 0
        for stop in range(1, len(self._used) + 1):
            same = stop < len(self._used) and self._used[stop][0] is self._used[start][0]
            if same:
                continue
            layout, wire, _ = self._used[start]
            count = sum(used[2] for used in self._used[start:stop])
            joined = b"".join(self._parts[start:stop])
            pieces.append((_structs(joined, layout, count), wire))
            start = stop
        return [self._column(leaf, pieces) for leaf in self._run.leaves]

    def _column(self, leaf: Leaf, pieces: list[tuple[Array, Wire]]) -> pa.Array:
        if not pieces:
            return pa.array([], arrow.leaf_type(leaf))
        parts = [native(structs[leaf.column], leaf.base) for structs, _ in pieces]
        values = np.concatenate(parts) if len(parts) > 1 else parts[0]
        return arrow.fixed_column(leaf, values)


def _structs(joined: bytes, layout: RunLayout, count: int) -> Array:
    if layout.size == 0:
        return np.zeros(count, layout.dtype)
    return np.frombuffer(joined, layout.dtype)


class _Texts:
    """Strings, or lists of strings."""

    def __init__(self, leaf: Leaf) -> None:
        self._leaf = leaf
        self._texts: list[bytes] = []
        self._counts: list[int] = []

    def take(self, data: bytes, at: int, wire: Wire) -> int:
        if not self._leaf.is_list:
            return self._take_one(data, at, wire)
        count = self._leaf.length
        if count is None:
            count, at = take_count(data, at, wire, 4)
        for _ in range(count):
            at = self._take_one(data, at, wire)
        self._counts.append(count)
        return at

    def _take_one(self, data: bytes, at: int, wire: Wire) -> int:
        size, at = take_count(data, at, wire, 1)
        stop = at + size
        # CDR counts the final NUL; some writers leave it out of an empty string.
        has_nul = wire.trailing_nul and size > 0 and data[stop - 1] == 0
        self._texts.append(data[at : stop - 1] if has_nul else data[at:stop])
        return stop

    def columns(self) -> list[pa.Array]:
        texts = arrow.text_column(self._texts)
        return [arrow.lists(self._leaf, self._counts, texts) if self._leaf.is_list else texts]


class _Lists:
    """Variable lists of numbers or times, and opaque bytes."""

    def __init__(self, leaf: Leaf) -> None:
        self._leaf = leaf
        self._parts: list[bytes] = []
        self._counts: list[int] = []

    def take(self, data: bytes, at: int, wire: Wire) -> int:
        kind = element_type(self._leaf.base, wire)
        count, at = take_count(data, at, wire, kind.itemsize)
        if count:
            at = wire.pad(at, 4 if kind.names else kind.itemsize)
        stop = at + count * kind.itemsize
        if stop > len(data):
            raise SchemaMismatch(f"the message ends at {len(data)}, a list goes to {stop}")
        part = data[at:stop]
        if wire.order == ">" and not self._leaf.is_octets:
            part = np.frombuffer(part, kind).astype(kind.newbyteorder("<")).tobytes()
        self._parts.append(part)
        self._counts.append(count)
        self._kind = kind.newbyteorder("<")
        return stop

    def columns(self) -> list[pa.Array]:
        if self._leaf.is_octets:
            return [pa.array(self._parts, pa.binary())]
        if not self._parts:
            return [pa.array([], arrow.leaf_type(self._leaf))]
        values = native(np.frombuffer(b"".join(self._parts), self._kind), self._leaf.base)
        return [arrow.lists(self._leaf, self._counts, arrow.flat(self._leaf, values))]


class _Fillers:
    """Nothing, in one byte."""

    def take(self, data: bytes, at: int, wire: Wire) -> int:
        stop = at + (wire.align > 1)
        if stop > len(data):
            raise SchemaMismatch(f"the message ends at {len(data)}, before an empty field")
        return stop

    def columns(self) -> list[pa.Array]:
        return []


class _Children:
    """A list of messages."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.steps = collectors(table)
        self.counts: list[int] = []

    def take(self, data: bytes, at: int, wire: Wire) -> int:
        count = self.table.length
        if count is None:
            count, at = take_count(data, at, wire, 1)
        self.counts.append(count)
        only = self.steps[0]
        if isinstance(only, _Runs) and count and len(self.steps) == 1:
            return self._take_runs(only, count, data, at, wire)
        for _ in range(count):
            for step in self.steps:
                at = step.take(data, at, wire)
        return at

    @staticmethod
    def _take_runs(runs: _Runs, count: int, data: bytes, at: int, wire: Wire) -> int:
        if runs.layout(at, wire).repeats:
            return runs.take_many(data, at, wire, count)
        for _ in range(count):
            at = runs.take(data, at, wire)
        return at


Collector = _Runs | _Texts | _Lists | _Fillers | _Children


def collectors(table: Table) -> list[Collector]:
    """Return fresh collectors for the steps of ``table``."""
    return [_collector(step) for step in table.steps]


def _collector(step: Run | Variable | Filler | Table) -> Collector:
    if isinstance(step, Run):
        return _Runs(step)
    if isinstance(step, Variable):
        return _Texts(step.leaf) if step.leaf.base == "string" else _Lists(step.leaf)
    return _Children(step) if isinstance(step, Table) else _Fillers()


def take_count(data: bytes, at: int, wire: Wire, element_bytes: int) -> tuple[int, int]:
    """Read a count that the rest of the message can hold; returns it and the next position."""
    at = wire.pad(at, 4)
    stop = at + 4
    if stop > len(data):
        raise SchemaMismatch(f"the message ends at {len(data)}, before a count at {at}")
    count: int = wire.count.unpack_from(data, at)[0]
    if count * element_bytes > len(data) - stop:
        raise SchemaMismatch(f"{count} elements at {at} cannot be in {len(data)} bytes")
    return count, stop


def check_message(table: Table, encoding: str, message: bytes) -> None:
    """Raise ``SchemaMismatch`` with the reason if ``message`` cannot be decoded."""
    _walk(collectors(table), encoding, message)


def _walk(steps: Sequence[Collector], encoding: str, message: bytes) -> None:
    wire = wire_of(encoding, message)
    if wire is None:
        raise SchemaMismatch(f"encapsulation {message[:2].hex() or 'missing'} is not read")
    at = wire.origin
    for step in steps:
        at = step.take(message, at, wire)
    check_end(wire, at, message)


def decode(table: Table, encoding: str, messages: Sequence[bytes]) -> list[Rows]:
    """Decode messages into the rows of ``table`` and of all tables below, parents first.

    Raises ``SchemaMismatch`` if any message does not fit; ``check_message`` tells which.
    """
    steps = collectors(table)
    for message in messages:
        _walk(steps, encoding, message)
    numbers = np.arange(len(messages), dtype=np.int64)
    return list(_rows(table, steps, Rows(table, (), numbers)))


def _rows(table: Table, steps: Sequence[Collector], place: Rows) -> list[Rows]:
    plain = [step for step in steps if not isinstance(step, _Children)]
    columns = tuple(column for step in plain for column in step.columns())
    found = [Rows(table, columns, place.message, place.element, place.parent_element)]
    for step in steps:
        if isinstance(step, _Children):
            found.extend(_rows(step.table, step.steps, _child_place(step, place)))
    return found


def _child_place(step: _Children, parent: Rows) -> Rows:
    counts = np.asarray(step.counts, dtype=np.int64)
    message = np.repeat(parent.message, counts)
    above = None if parent.element is None else np.repeat(parent.element, counts)
    starts = np.searchsorted(message, message, side="left")
    element = np.arange(len(message), dtype=np.int64) - starts
    return Rows(step.table, (), message, element, above)
