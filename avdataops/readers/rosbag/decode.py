"""Messages of one type become Arrow columns: places first, then whole columns at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import SchemaMismatch
from avdataops.readers.rosbag import arrow
from avdataops.readers.rosbag.gather import Places, joined, offsets_of, values_at
from avdataops.readers.rosbag.layout import Leaf, Table
from avdataops.readers.rosbag.places import Block, Found
from avdataops.readers.rosbag.program import (
    ListStep,
    Program,
    RunStep,
    TextsStep,
    TextStep,
    compiled,
)
from avdataops.readers.rosbag.walk import Walk
from avdataops.readers.rosbag.wire import HEADER_BYTES, Wire, native, wire_of

_NO_TEXTS = Found()


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


@dataclass(slots=True)
class Decoded:
    """What the messages of a block hold, and which of them do not fit."""

    rows: list[Rows]
    good: Places
    """Numbers of the messages that are in ``rows``."""
    dropped: Counter[str] = field(default_factory=Counter)
    reason: str = ""
    """What is wrong with the first message that was dropped."""


def block_of(messages: Sequence[bytes]) -> Block:
    """Return messages behind each other in one buffer."""
    sizes = np.array([len(one) for one in messages], np.int64)
    data = np.frombuffer(b"".join(messages), np.uint8)
    return Block(data, offsets_of(sizes)[:-1], sizes)


def check_message(table: Table, encoding: str, message: bytes) -> None:
    """Raise ``SchemaMismatch`` with the reason if ``message`` cannot be decoded."""
    found = decode_block(table, encoding, block_of([message]))
    if found.dropped:
        raise SchemaMismatch(found.reason)


def decode(table: Table, encoding: str, messages: Sequence[bytes]) -> list[Rows]:
    """Decode messages into the rows of ``table`` and of all tables below, parents first.

    Raises ``SchemaMismatch`` if any message does not fit; ``check_message`` tells which.
    """
    found = decode_block(table, encoding, block_of(messages))
    if found.dropped:
        raise SchemaMismatch(found.reason)
    return found.rows


def decode_block(table: Table, encoding: str, block: Block) -> Decoded:
    """Decode the messages of a block that fit; the others are counted by reason.

    Reasons are ``unsupported_encoding`` and ``decode_failed``.
    """
    groups, unread = _by_wire(encoding, block)
    parts: list[Decoded] = []
    for wire, numbers in groups:
        part = _decode_alike(table, wire, _some(block, numbers))
        parts.append(replace(part, good=numbers[part.good]))
    if not parts:
        wire = wire_of(encoding, b"\0\1\0\0") or groups[0][0]
        parts.append(_decode_alike(table, wire, _some(block, np.zeros(0, np.int64))))
    found = parts[0] if len(parts) == 1 else _merged(parts)
    if len(unread):
        first = int(unread[0])
        start = int(block.starts[first])
        head = block.data[start : start + min(2, int(block.sizes[first]))].tobytes()
        found.dropped["unsupported_encoding"] = len(unread)
        found.reason = found.reason or f"encapsulation {head.hex() or 'missing'} is not read"
    return found


def _some(block: Block, numbers: Places) -> Block:
    if len(numbers) == len(block.starts):
        return block
    return Block(block.data, block.starts[numbers], block.sizes[numbers])


def _by_wire(encoding: str, block: Block) -> tuple[list[tuple[Wire, Places]], Places]:
    """Return the messages of each wire format by number, and those whose format is not read."""
    everyone = np.arange(len(block.starts), dtype=np.int64)
    if encoding == "ros1":
        wire = wire_of(encoding, b"")
        return ([(wire, everyone)] if wire and len(everyone) else []), everyone[:0]
    long = everyone[block.sizes >= HEADER_BYTES]
    found = values_at(block.data, block.starts[long], np.dtype(">u2"))
    # Nearly always all messages are of one format; then nothing needs to be sorted.
    if len(long) == len(everyone) and len(long) and bool((found == found[0]).all()):
        wire = wire_of(encoding, int(found[0]).to_bytes(2, "big") + b"\0\0")
        return ([(wire, everyone)], everyone[:0]) if wire else ([], everyone)
    heads = np.full(len(everyone), -1, np.int64)
    heads[long] = found
    groups: list[tuple[Wire, Places]] = []
    unread = heads < 0
    for head in np.unique(heads[long]).tolist():
        wire = wire_of(encoding, head.to_bytes(2, "big") + b"\0\0")
        if wire is None:
            unread |= heads == head
        else:
            groups.append((wire, everyone[heads == head]))
    return groups, everyone[unread]


def _decode_alike(table: Table, wire: Wire, block: Block) -> Decoded:
    """Decode messages of one wire format."""
    programs = compiled(table, wire)
    walk = Walk(programs, wire, block)
    good = np.arange(len(block.starts), dtype=np.int64)
    dropped: Counter[str] = Counter()
    reason = ""
    if walk.faults:
        dropped["decode_failed"] = int(walk.is_bad.sum())
        reason = min(walk.faults)[1]
        good = good[~walk.is_bad]
        walk = Walk(programs, wire, _some(block, good))
    rows = [_rows(program, walk) for program in programs]
    return Decoded(rows, good, dropped, reason)


def _merged(parts: Sequence[Decoded]) -> Decoded:
    """Return parts of different wire formats as one, messages in their order."""
    good = np.concatenate([part.good for part in parts])
    order = np.argsort(good)
    rank = np.empty(len(good), np.int64)
    rank[order] = np.arange(len(good))
    rows = []
    for same in zip(*(part.rows for part in parts), strict=True):
        before = offsets_of(np.array([len(part.good) for part in parts], np.int64))
        message = np.concatenate(
            [rank[one.message + start] for one, start in zip(same, before[:-1], strict=True)]
        )
        place = np.argsort(message, kind="stable")
        sources = zip(*(one.columns for one in same), strict=True)
        columns = [pa.concat_arrays(some).take(pa.array(place)) for some in sources]
        rows.append(
            Rows(
                same[0].table,
                tuple(columns),
                message[place],
                _take([one.element for one in same], place),
                _take([one.parent_element for one in same], place),
            )
        )
    dropped: Counter[str] = Counter()
    for part in parts:
        dropped.update(part.dropped)
    reason = next((part.reason for part in parts if part.reason), "")
    return Decoded(rows, good[order], dropped, reason)


def _take(parts: Sequence[Places | None], place: Places) -> Places | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known)[place] if known else None


def _rows(program: Program, walk: Walk) -> Rows:
    found = walk.found[program.number]
    order = _order(found, len(walk.base)) if program.number else None
    message = _in_order(found.message, order)
    columns: list[pa.Array] = []
    for step in program.steps:
        if isinstance(step, RunStep):
            columns += _run_columns(step, _slot(found, step.slot, 0, order), message, walk)
        elif isinstance(step, TextStep):
            starts, sizes = (_slot(found, step.slot, place, order) for place in (0, 1))
            columns.append(_texts(walk, starts, sizes))
        elif isinstance(step, ListStep):
            starts, counts = (_slot(found, step.slot, place, order) for place in (0, 1))
            columns.append(_lists(step, walk, starts, counts))
        elif isinstance(step, TextsStep):
            counts = _slot(found, step.slot, 0, order)
            inside = walk.texts.get((program.number, step.slot), _NO_TEXTS)
            inner = _order(inside, len(walk.base))
            starts, sizes = (_slot(inside, 0, place, inner) for place in (0, 1))
            columns.append(arrow.lists(step.leaf, counts, _texts(walk, starts, sizes)))
    if not program.number:
        return Rows(program.table, tuple(columns), message)
    element, parent = _in_order(found.element, order), _in_order(found.parent, order)
    # Rows that hang on the messages themselves need no number of what they hang on.
    return Rows(program.table, tuple(columns), message, element, parent if program.parent else None)


def _order(found: Found, messages: int) -> Places | None:
    """Return the place of each row as they were met, by message and element; None if in order."""
    if len(found.message) <= 1:
        return None
    message, element = np.concatenate(found.message), np.concatenate(found.element)
    firsts = offsets_of(np.bincount(message, minlength=messages))
    place: Places = firsts[message] + element
    return place


def _in_order(pieces: Sequence[Places], order: Places | None) -> Places:
    if not pieces:
        return np.zeros(0, np.int64)
    if order is None:
        return pieces[0]
    sorted_ = np.empty(len(order), np.int64)
    sorted_[order] = np.concatenate(pieces)
    return sorted_


def _slot(found: Found, slot: int, place: int, order: Places | None) -> Places:
    return _in_order([piece[place] for piece in found.slots.get(slot, ())], order)


def _run_columns(step: RunStep, starts: Places, message: Places, walk: Walk) -> list[pa.Array]:
    """Return one column per field of a run."""
    wire = walk.wire
    phases = (starts - walk.base[message] - wire.origin) % wire.align
    places = starts + step.shifts[phases]
    present = np.flatnonzero(np.bincount(phases, minlength=wire.align))
    forms = {id(step.forms[phase]): step.forms[phase] for phase in present.tolist() or [0]}
    if len(forms) == 1:
        structs = values_at(walk.data, places, *forms.values())
        return [_fixed(leaf, structs[leaf.column]) for leaf in step.leaves]
    found = []
    for key, form in forms.items():
        has_form = np.array([id(one) == key for one in step.forms])
        where = has_form[phases]
        found.append((where, values_at(walk.data, places[where], form)))
    return [_fixed(leaf, _spread(leaf, found, len(starts))) for leaf in step.leaves]


def _spread(
    leaf: Leaf, found: Sequence[tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]], count: int
) -> npt.NDArray[Any]:
    """Put the values of all phases where they belong."""
    first = found[0][1][leaf.column]
    values = np.empty((count, *first.shape[1:]), first.dtype)
    for where, structs in found:
        values[where] = structs[leaf.column]
    return values


def _fixed(leaf: Leaf, values: npt.NDArray[Any]) -> pa.Array:
    return arrow.fixed_column(leaf, native(values, leaf.base))


def _texts(walk: Walk, starts: Places, sizes: Places) -> pa.Array:
    return arrow.text_column(offsets_of(sizes), joined(walk.data, starts, sizes))


def _lists(step: ListStep, walk: Walk, starts: Places, counts: Places) -> pa.Array:
    size = step.kind.itemsize
    content = joined(walk.data, starts, counts * size)
    if step.leaf.is_octets:
        return arrow.octets_column(offsets_of(counts), content)
    values = native(content.view(step.kind), step.leaf.base)
    return arrow.lists(step.leaf, counts, arrow.flat(step.leaf, values))
