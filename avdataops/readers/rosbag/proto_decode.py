"""Protobuf messages of one type become Arrow columns, field by field for all of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.time import NS_PER_S
from avdataops.readers.rosbag import arrow
from avdataops.readers.rosbag.decode import Decoded, Rows
from avdataops.readers.rosbag.gather import Places, joined, offsets_of
from avdataops.readers.rosbag.layout import Leaf, Table
from avdataops.readers.rosbag.places import Block
from avdataops.readers.rosbag.proto_tokens import LENGTH, Tokens, packed_varints, tokens
from avdataops.readers.rosbag.proto_types import FIXED_BYTES, ZIGZAG, ProtoField, ProtoTypes

_NUMPY = {
    "float64": "<f8",
    "float32": "<f4",
    "int64": "<i8",
    "uint64": "<u8",
    "int32": "<i4",
    "uint32": "<u4",
    "bool": "?",
}
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Place:
    """Messages of one type, one per row of a table."""

    starts: Places
    ends: Places
    is_set: Mask
    """False for rows whose message is not there at all."""
    message: Places
    """The message of the recording that each row belongs to."""
    element: Places | None
    parent_element: Places | None

    def inside(self, starts: Places, ends: Places, is_set: Mask) -> "_Place":
        """Return the place of single messages in each row."""
        return _Place(starts, ends, is_set, self.message, self.element, self.parent_element)


@dataclass(slots=True)
class _Decoding:
    types: ProtoTypes
    block: Block
    is_bad: Mask
    found: dict[str, Rows] = field(default_factory=dict)

    def table(self, table: Table, type_name: str, place: _Place) -> None:
        """Decode the rows of a table and of those below it."""
        columns: dict[str, pa.Array] = {}
        leaves = {leaf.source: leaf for leaf in table.leaves}
        children = {child.path: child for child in table.children}
        self._fields(type_name, place, "", _Targets(leaves, children, columns, table.path))
        ordered = tuple(columns[source] for source in leaves)
        self.found[table.path] = Rows(
            table, ordered, place.message, place.element, place.parent_element
        )

    def _fields(self, type_name: str, place: _Place, prefix: str, into: "_Targets") -> None:
        split, is_bad = tokens(self.block.data, place.starts, place.ends)
        self.is_bad[place.message[is_bad]] = True
        for one in self.types[type_name]:
            source = f"{prefix}{one.name}"
            own = split.of(one.number)
            if one.is_message and one.is_list:
                path = f"{into.path}.{source}" if into.path else source
                self._child(into.children[path], one, own, place)
            elif one.is_message:
                starts, ends, is_set = self._single(own, place)
                inside = place.inside(starts, ends, is_set)
                self._fields(one.base, inside, f"{source}.", into)
            else:
                into.columns[source] = self._column(into.leaves[source], one, own, place)

    def _child(self, table: Table, one: ProtoField, own: Tokens, place: _Place) -> None:
        own = self._checked(own, place, own.wire == LENGTH)
        message = place.message[own.row]
        firsts = np.searchsorted(message, message, side="left")
        above = None if place.element is None else place.element[own.row]
        inside = _Place(
            own.start,
            own.start + own.size,
            np.ones(len(own.row), np.bool_),
            message,
            np.arange(len(message), dtype=np.int64) - firsts,
            above,
        )
        self.table(table, one.base, inside)

    def _checked(self, own: Tokens, place: _Place, good: Mask) -> Tokens:
        if good.all():
            return own
        self.is_bad[place.message[own.row[~good]]] = True
        return own.pick(good)

    def _single(self, own: Tokens, place: _Place) -> tuple[Places, Places, Mask]:
        """Return where the last of each row's byte strings is, and which rows have one."""
        own = _last(self._checked(own, place, own.wire == LENGTH))
        count = len(place.message)
        starts, ends = np.zeros(count, np.int64), np.zeros(count, np.int64)
        is_set = np.zeros(count, np.bool_)
        starts[own.row], ends[own.row], is_set[own.row] = own.start, own.start + own.size, True
        return starts, ends, is_set

    def _column(self, leaf: Leaf, one: ProtoField, own: Tokens, place: _Place) -> pa.Array:
        if one.is_list:
            return self._list(leaf, one, own, place)
        count = len(place.message)
        if one.base in ("string", "bytes") or one.is_time:
            starts, ends, is_set = self._single(own, place)
            column = self._opaque(one, starts, ends, place)
        else:
            good = own.wire != LENGTH
            own = _last(self._checked(own, place, good))
            values = np.zeros(count, _NUMPY[one.base])
            is_set = np.zeros(count, np.bool_)
            values[own.row], is_set[own.row] = _numbers(one, own.value), True
            column = pa.array(values, arrow.leaf_type(leaf))
        known = is_set if one.has_presence or one.is_time else place.is_set
        return column if known.all() else pc.if_else(pa.array(known), column, None)

    def _opaque(self, one: ProtoField, starts: Places, ends: Places, place: _Place) -> pa.Array:
        """Return the column of texts, bytes or times that stand at these places."""
        data = self.block.data
        if one.is_time:
            split, is_bad = tokens(data, starts, ends)
            self.is_bad[place.message[is_bad]] = True
            parts = np.zeros((2, len(starts)), np.int64)
            for number in (1, 2):
                last = _last(split.of(number))
                parts[number - 1, last.row] = last.value.view(np.int64)
            return pa.array(parts[0] * NS_PER_S + parts[1])
        content, offsets = joined(data, starts, ends - starts), offsets_of(ends - starts)
        if one.base == "bytes":
            return arrow.octets_column(offsets, content)
        return arrow.text_column(offsets, content)

    def _list(self, leaf: Leaf, one: ProtoField, own: Tokens, place: _Place) -> pa.Array:
        count = len(place.message)
        if one.base == "string" or one.is_time:
            own = self._checked(own, place, own.wire == LENGTH)
            message = place.message[own.row]
            whole = np.ones(len(own.row), np.bool_)
            inside = _Place(own.start, own.start + own.size, whole, message, None, None)
            values = self._opaque(one, inside.starts, inside.ends, inside)
            counts = np.bincount(own.row, minlength=count)
        else:
            numbers, row = self._packed(one, own, place)
            values = arrow.flat(leaf, numbers)
            counts = np.bincount(row, minlength=count)
        return arrow.lists(leaf, counts.astype(np.int64), values)

    def _packed(
        self, one: ProtoField, own: Tokens, place: _Place
    ) -> tuple[npt.NDArray[Any], Places]:
        """Return the numbers of a list and the row of each, packed or one by one."""
        is_packed = own.wire == LENGTH
        packed = own.pick(is_packed)
        width = FIXED_BYTES.get(one.type)
        if width:
            good = packed.size % width == 0
            counts = packed.size // width
            sizes = np.where(good, packed.size, 0)
            raw = joined(self.block.data, packed.start, sizes).view(f"<u{width}")
            values = raw.astype(np.uint64)
            counts = np.where(good, counts, 0)
        else:
            values, counts, good = packed_varints(self.block.data, packed.start, packed.size)
        self.is_bad[place.message[packed.row[~good]]] = True
        places = np.repeat(np.flatnonzero(is_packed), counts)
        single = np.flatnonzero(~is_packed)
        order = np.argsort(np.concatenate([places, single]), kind="stable")
        together = np.concatenate([values, own.value[single]])[order]
        row = np.concatenate([own.row[places], own.row[single]])[order]
        return _numbers(one, together), row


@dataclass(frozen=True, slots=True)
class _Targets:
    leaves: Mapping[str, Leaf]
    children: Mapping[str, Table]
    columns: dict[str, pa.Array]
    path: str


def _last(own: Tokens) -> Tokens:
    """Return the last token of each row: what comes later replaces what came before."""
    return own.pick(np.append(own.row[1:] != own.row[:-1], np.ones(min(len(own.row), 1), np.bool_)))


def _numbers(one: ProtoField, values: npt.NDArray[np.uint64]) -> npt.NDArray[Any]:
    """Return raw bits as the numbers that they stand for."""
    kind = np.dtype(_NUMPY[one.base])
    if one.type in ZIGZAG:
        half = (values >> np.uint64(1)).view(np.int64)
        return (half ^ -(values & np.uint64(1)).view(np.int64)).astype(kind)
    if kind.kind == "b":
        return np.not_equal(values, 0)
    return values.astype(np.dtype(f"<u{kind.itemsize}")).view(kind)


def decode_protobuf(table: Table, type_name: str, types: ProtoTypes, block: Block) -> Decoded:
    """Decode the messages of a block that are whole; the others are counted."""
    found = _decoded(table, type_name, types, block)
    good = np.flatnonzero(~found.is_bad)
    dropped: Counter[str] = Counter()
    reason = ""
    if len(good) < len(found.is_bad):
        dropped["decode_failed"] = len(found.is_bad) - len(good)
        first = int(np.flatnonzero(found.is_bad)[0])
        reason = f"its {int(block.sizes[first])} bytes are no whole '{type_name}'"
        some = Block(block.data, block.starts[good], block.sizes[good])
        found = _decoded(table, type_name, types, some)
    return Decoded(_parents_first(table, found.found), good, dropped, reason)


def _decoded(table: Table, type_name: str, types: ProtoTypes, block: Block) -> _Decoding:
    count = len(block.starts)
    everyone = np.arange(count, dtype=np.int64)
    whole = np.ones(count, np.bool_)
    place = _Place(block.starts, block.starts + block.sizes, whole, everyone, None, None)
    decoding = _Decoding(types, block, np.zeros(count, np.bool_))
    decoding.table(table, type_name, place)
    return decoding


def _parents_first(table: Table, found: Mapping[str, Rows]) -> list[Rows]:
    rows = [found[table.path]]
    for child in table.children:
        rows += _parents_first(child, found)
    return rows
