"""Splits many protobuf messages into their fields at once (protobuf.dev, "Encoding")."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avdataops.readers.rosbag.gather import Octets, Places, joined, offsets_of, values_at

VARINT, EIGHT, LENGTH, FOUR = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
_WIDTHS = {EIGHT: 8, FOUR: 4}
_KNOWN = (VARINT, EIGHT, LENGTH, FOUR)
_UINT64_MAX = 2**64 - 1
NARROW = 4
"""Messages up to which going one by one is faster than together."""
Wide = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """All fields of all messages, by message and then in the order of its bytes."""

    row: Places
    number: Places
    wire: Places
    value: Wide
    """Of varints and fixed widths, as raw bits."""
    start: Places
    size: Places
    """Where the bytes of fields with a length stand."""

    def of(self, number: int) -> "Tokens":
        """Return only one field."""
        return self.pick(self.number == number)

    def pick(self, where: npt.NDArray[np.generic]) -> "Tokens":
        """Return those at an index or where a mask is true."""
        return Tokens(
            self.row[where],
            self.number[where],
            self.wire[where],
            self.value[where],
            self.start[where],
            self.size[where],
        )


def tokens(data: Octets, starts: Places, ends: Places) -> tuple[Tokens, npt.NDArray[np.bool_]]:
    """Return the fields of the messages, and which messages are broken.

    All messages take their next field together, until none has one left.
    """
    is_bad = np.zeros(len(starts), np.bool_)
    at = starts.copy()
    parts: list[tuple[npt.NDArray[np.generic], ...]] = []
    some = np.flatnonzero(at < ends)
    while len(some) > NARROW:
        tags, after, good = varints(data, at[some], ends[some])
        number, wire = (
            (tags >> np.uint64(3)).astype(np.int64),
            (tags & np.uint64(7)).astype(np.int64),
        )
        value = np.zeros(len(some), np.uint64)
        start, size = after.copy(), np.zeros(len(some), np.int64)
        good &= (number > 0) & np.isin(wire, _KNOWN)
        for kind in (VARINT, LENGTH):
            where = np.flatnonzero(good & (wire == kind))
            value[where], start[where], is_whole = varints(data, after[where], ends[some[where]])
            good[where] &= is_whole
        for kind, width in _WIDTHS.items():
            size[wire == kind] = width
        lengths = np.flatnonzero(good & (wire == LENGTH))
        room = (ends[some[lengths]] - start[lengths]).astype(np.uint64)
        good[lengths] &= value[lengths] <= room
        size[lengths] = np.minimum(value[lengths], room).astype(np.int64)
        good &= start + size <= ends[some]
        for kind, width in _WIDTHS.items():
            where = np.flatnonzero(good & (wire == kind))
            value[where] = values_at(data, start[where], np.dtype(f"<u{width}"))
        is_bad[some[~good]] = True
        at[some] = start + size
        parts.append(tuple(one[good] for one in (some, number, wire, value, start, size)))
        some = some[good]
        some = some[at[some] < ends[some]]
    for row in some.tolist():
        found, is_sound = _alone(data, row, int(at[row]), int(ends[row]))
        is_bad[row] = not is_sound
        parts.append(found)
    return _in_order(parts), is_bad


def _alone(
    data: Octets, row: int, at: int, end: int
) -> tuple[tuple[npt.NDArray[np.generic], ...], bool]:
    """Return the rest of one message's fields, and whether it is whole."""
    view = data.data[:end]
    rows: list[tuple[int, int, int, int]] = []
    values: list[int] = []
    is_whole = True
    while at < end:
        tag, at = _varint(view, at)
        wire, value, start, size = tag & 7, 0, at, 0
        if wire in _WIDTHS:
            size = _WIDTHS[wire]
            value = int.from_bytes(view[at : at + size], "little")
        elif wire in (VARINT, LENGTH) and at >= 0:
            value, start = _varint(view, at)
            size = value if wire == LENGTH else 0
        if start < 0 or start + size > end or not tag >> 3 or wire not in _KNOWN:
            is_whole = False
            break
        rows.append((tag >> 3, wire, start, size))
        values.append(value)
        at = start + size
    number, wires, starts, sizes = np.array(rows, np.int64).reshape(-1, 4).T
    whose = np.full(len(rows), row, np.int64)
    return (whose, number, wires, np.array(values, np.uint64), starts, sizes), is_whole


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    """Return a varint and where it ends, a negative place if it does not."""
    value = 0
    for place in range(_MAX_VARINT_BYTES):
        if at < 0 or at + place >= len(view):
            break
        octet = view[at + place]
        value |= (octet & 0x7F) << (7 * place)
        if octet < 0x80:  # noqa: PLR2004 - the bit that says more follows
            return value & _UINT64_MAX, at + place + 1
    return 0, -1


def _in_order(parts: list[tuple[npt.NDArray[np.generic], ...]]) -> Tokens:
    if not parts:
        none = np.zeros(0, np.int64)
        return Tokens(none, none, none, none.astype(np.uint64), none, none)
    columns = [np.concatenate(some) for some in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    row, number, wire, value, start, size = (column[order] for column in columns)
    return Tokens(row, number, wire, value, start, size)


def varints(data: Octets, at: Places, ends: Places) -> tuple[Wide, Places, npt.NDArray[np.bool_]]:
    """Return the varints that begin at ``at``, where they end, and which are whole."""
    value = np.zeros(len(at), np.uint64)
    after = at.copy()
    is_whole = np.zeros(len(at), np.bool_)
    going = np.arange(len(at))
    for place in range(_MAX_VARINT_BYTES):
        going = going[at[going] + place < ends[going]]
        if not len(going):
            break
        octets = data[at[going] + place]
        value[going] |= (octets & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * place)
        is_last = octets < 0x80  # noqa: PLR2004 - the bit that says more follows
        after[going] += 1
        is_whole[going[is_last]] = True
        going = going[~is_last]
    return value, after, is_whole


def packed_varints(
    data: Octets, starts: Places, sizes: Places
) -> tuple[Wide, Places, npt.NDArray[np.bool_]]:
    """Return the varints of packed lists, how many each list has, and which lists are whole."""
    content = joined(data, starts, sizes)
    offsets = offsets_of(sizes)
    is_last = content < 0x80  # noqa: PLR2004 - the bit that says more follows
    ends = np.flatnonzero(is_last) + 1
    before = np.concatenate([[0], np.cumsum(is_last)])
    counts = before[offsets[1:]] - before[offsets[:-1]]
    is_whole = np.ones(len(starts), np.bool_)
    some = sizes > 0
    is_whole[some] = is_last[offsets[1:][some] - 1]
    begins = np.concatenate([[0], ends[:-1]]).astype(np.int64) if len(ends) else ends
    overlong = begins[ends - begins > _MAX_VARINT_BYTES]
    is_whole[np.searchsorted(offsets, overlong, "right") - 1] = False
    if not is_whole.all() or not len(ends):
        return np.zeros(int(counts.sum()), np.uint64), counts, is_whole
    place = np.arange(len(content)) - np.repeat(begins, ends - begins)
    bits = (content & np.uint8(0x7F)).astype(np.uint64) << (place * 7).astype(np.uint64)
    return np.add.reduceat(bits, begins), counts, is_whole
