"""The walk through the lists of one single message, for lists longer than in all others."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag.gather import Octets
from avdataops.readers.rosbag.program import (
    FillerStep,
    ListStep,
    Program,
    RunStep,
    Step,
    TextsStep,
    TextStep,
)
from avdataops.readers.rosbag.wire import Wire

Key = tuple[int, int]
"""Table and slot."""


@dataclass(slots=True)
class NarrowRows:
    """Rows of one table in this message."""

    parent: list[int] = field(default_factory=list)
    slots: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)


class Narrow:
    """One message from a position on.  Raises ``SchemaMismatch`` where it does not fit."""

    def __init__(
        self, data: Octets, wire: Wire, base: int, size: int, elements: Sequence[int]
    ) -> None:
        self._data = data.data[base : base + size]
        self._wire = wire
        self._count = struct.Struct(wire.order + "I")
        self._elements = elements
        self.base = base
        self.at = 0
        """Position in the message."""
        self.rows: dict[int, NarrowRows] = {}
        self.texts: dict[Key, list[tuple[int, int]]] = {}

    def children(self, child: Program, count: int, parent: int) -> None:
        """Take ``count`` elements of the parent's row of this number."""
        rows = self.rows.setdefault(child.number, NarrowRows())
        for _ in range(count):
            number = self._elements[child.number] + len(rows.parent)
            rows.parent.append(parent)
            for step in child.steps:
                self._step(child, rows, step, number)

    def text_list(self, key: Key, count: int) -> None:
        """Take ``count`` texts."""
        found = self.texts.setdefault(key, [])
        for _ in range(count):
            found.append(self._text())

    def _step(self, program: Program, rows: NarrowRows, step: Step, number: int) -> None:
        if isinstance(step, Program):
            length = step.table.length
            self.children(step, self._read_count(1) if length is None else length, number)
        elif isinstance(step, FillerStep):
            self._move(self.at + step.size, "an empty field goes")
        else:
            rows.slots.setdefault(step.slot, []).append(self._values(program, step))

    def _values(
        self, program: Program, step: RunStep | TextStep | TextsStep | ListStep
    ) -> tuple[int, ...]:
        if isinstance(step, RunStep):
            start = self.at
            size = int(step.sizes[(start - self._wire.origin) % self._wire.align])
            self._move(start + size, "fields go")
            return (self.base + start,)
        if isinstance(step, TextStep):
            return self._text()
        if isinstance(step, TextsStep):
            length = step.leaf.length
            count = self._read_count(1) if length is None else length
            self.text_list((program.number, step.slot), count)
            return (count,)
        count = self._read_count(step.kind.itemsize)
        start = self._wire.pad(self.at, step.align) if count else self.at
        self._move(start + count * step.kind.itemsize, "a list goes")
        return self.base + start, count

    def _text(self) -> tuple[int, int]:
        size = self._read_count(1)
        start = self.at
        self.at += size
        has_nul = self._wire.trailing_nul and size > 0 and self._data[self.at - 1] == 0
        return self.base + start, size - has_nul

    def _read_count(self, element_bytes: int) -> int:
        start = self._wire.pad(self.at, 4)
        self._move(start + 4, "a count goes")
        count: int = self._count.unpack_from(self._data, start)[0]
        if count * element_bytes > len(self._data) - self.at:
            text = f"{count} elements at {start} cannot be in {len(self._data)} bytes"
            raise SchemaMismatch(text)
        return count

    def _move(self, stop: int, what: str) -> None:
        if stop > len(self._data):
            raise SchemaMismatch(f"the message ends at {len(self._data)}, {what} to {stop}")
        self.at = stop
