"""An MDF 4 file through our own parser: facts at opening, then tasks that read records."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from avdataops.model.errors import InputError
from avdataops.ports.files import ReadableFile
from avdataops.readers.mdf4.blocks import Blocks
from avdataops.readers.mdf4.data import Data, Kept, find_parts
from avdataops.readers.mdf4.decoder import Decoder
from avdataops.readers.mdf4.facts import Channel, FileFacts, Found, Group, Lost, Task, Wanted
from avdataops.readers.mdf4.scan import VARIABLE, Kinds
from avdataops.readers.mdf4.shared import SharedRecords
from avdataops.readers.mdf4.structure import (
    DataGroup,
    GroupFacts,
    Structure,
    read_structure,
)

RANGE_BYTES = 8 << 20
"""Of records that are read and decoded as one task."""
ENDS_BYTES = 64 << 20
"""Of compressed data that opening may inflate to know first and last times."""
THREADS = 2
_VLSD_GROUP, _BUS_EVENT = 1, 2
_LOCAL_TIME, _OFFSETS_VALID = 1, 2
_OPEN_COUNTS, _OPEN_LENGTH, _OPEN_OFFSETS = 1, 4, 64
_MAX_EMPTY_RECORDS = 1 << 24


@dataclass(frozen=True, slots=True)
class _Set:
    """A data group with its bytes."""

    facts: DataGroup
    data: Data
    groups: Mapping[int, Decoder]
    """By index; groups of variable length are not among them."""

    @property
    def is_shared(self) -> bool:
        """Say whether records stand behind an id."""
        return self.facts.id_bytes > 0


class Parsed:
    """One opened MDF 4 file; raises ``UnsupportedError`` for what only the library reads."""

    def __init__(self, file: ReadableFile) -> None:
        blocks = Blocks(file)
        found = read_structure(file, blocks)
        self._kept = Kept()
        self._pool = ThreadPoolExecutor(THREADS, "mdf4-inflate")
        self._unfinished = found.unfinished
        reading = _Opening(file, blocks, self._kept, found)
        self._sets = tuple(reading.set(one) for one in found.data_groups)
        self._join_masters()
        self._by_group = {index: one for one in self._sets for index in one.groups}
        self._rows = {index: self._count(one, index) for one in self._sets for index in one.groups}
        counted = [self._counted(one) for one in self._sets if self._is_uncounted(one)]
        self._rows |= {index: rows for some in counted for index, rows in some.items()}
        self.facts = FileFacts(
            version=found.version,
            start_ns=found.start_ns,
            is_unfinalised=file.read_at(0, 7) == b"UnFinMF",
            is_local_time=bool(found.time_flags & _LOCAL_TIME)
            and not found.time_flags & _OFFSETS_VALID,
            attachments=found.attachments,
            cuts=tuple(blocks.cuts),
        )
        self.sets = tuple(
            tuple(self._group(decoder) for decoder in one.groups.values()) for one in self._sets
        )

    def _join_masters(self) -> None:
        """Give groups without a master the one of the group that they name."""
        by_address = {
            decoder.facts.address: (one, decoder)
            for one in self._sets
            for decoder in one.groups.values()
        }
        for _, decoder in by_address.values():
            found = by_address.get(decoder.facts.master_in)
            if found is not None and not found[0].is_shared:
                decoder.take_master_from(found[0].data, found[1])

    def _is_uncounted(self, one: _Set) -> bool:
        return one.is_shared and bool(self._unfinished & _OPEN_COUNTS)

    def _count(self, one: _Set, index: int) -> int:
        """Return how many records a group has by its own count, or by its bytes if that is open."""
        decoder = one.groups[index]
        if self._unfinished & _OPEN_COUNTS:
            size = decoder.facts.record_bytes
            return one.data.size // size if size else 0
        return decoder.facts.cycles

    def _counted(self, one: _Set) -> Mapping[int, int]:
        """Count the records of groups that share a stream and were never counted."""
        return self._shared(one).count(self._pool)

    def _group(self, decoder: Decoder) -> Group:
        group = decoder.facts
        return Group(
            index=group.index,
            name=group.name,
            kind=decoder.kind,
            rows=self._rows[group.index],
            channels=decoder.channels(),
            is_bus=bool(group.flags & _BUS_EVENT),
        )

    def _shared(self, one: _Set) -> SharedRecords:
        sizes = {
            group.record_id: VARIABLE if group.flags & _VLSD_GROUP else group.record_bytes
            for group in one.facts.groups
        }
        variable = {
            group.address: group.record_id
            for group in one.facts.groups
            if group.flags & _VLSD_GROUP
        }
        return SharedRecords(
            data=one.data,
            kinds=Kinds(one.facts.id_bytes, sizes),
            decoders=one.groups,
            variable=variable,
            by_number=bool(self._unfinished & _OPEN_OFFSETS),
        )

    def tasks(self, wanted: Wanted, max_rows: int) -> Iterator[Task]:
        """Yield what reads the wanted groups of one set, in the order of their records."""
        for one in {id(self._by_group[index]): self._by_group[index] for index in wanted}.values():
            here = {index: channels for index, channels in wanted.items() if index in one.groups}
            if one.is_shared:
                rows = {index: self._rows[index] for index in here}
                yield from self._shared(one).tasks(here, rows, self._pool)
                continue
            for index, channels in here.items():
                yield from self._ranges(one, one.groups[index], channels, max_rows)

    def _ranges(
        self, one: _Set, decoder: Decoder, channels: Sequence[Channel], max_rows: int
    ) -> Iterator[Task]:
        size = decoder.facts.record_bytes
        rows = min(self._rows[decoder.facts.index], self._held(one, size))
        most = decoder.rows_at_once(channels, max(max_rows, 1), rows)
        start = 0
        for stop in _cuts(one.data, size, rows, most):
            yield partial(_read, one.data, decoder, channels, (start, stop))
            start = stop

    def _held(self, one: _Set, size: int) -> int:
        return one.data.size // size if size else _MAX_EMPTY_RECORDS

    def ends(
        self, groups: Sequence[Group], budget: int = ENDS_BYTES
    ) -> Mapping[int, tuple[float, float]]:
        """Return seconds of the first and the last record, of groups where both can be read."""
        chosen: list[int] = []
        for group in groups:
            one = self._by_group[group.index]
            if one.is_shared or not 0 < group.rows <= self._held(one, self._size(group)):
                continue
            parts = one.data.parts[:1] + one.data.parts[1:][-1:]
            budget -= sum(part.size for part in parts if part.zipped is not None)
            if budget >= 0:
                chosen.append(group.index)
        found = zip(chosen, self._pool.map(self._ends_of, chosen), strict=True)
        return {index: ends for index, ends in found if ends is not None}

    def _size(self, group: Group) -> int:
        return self._by_group[group.index].groups[group.index].facts.record_bytes

    def _ends_of(self, index: int) -> tuple[float, float] | None:
        one, rows = self._by_group[index], self._rows[index]
        seconds = []
        for number in (0, rows - 1):
            (_, piece), *_ = _read(one.data, one.groups[index], (), (number, number + 1))
            if isinstance(piece, Lost) or not len(piece.seconds):
                return None
            seconds.append(float(piece.seconds[0]))
        return seconds[0], seconds[1]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _read(
    data: Data, decoder: Decoder, channels: Sequence[Channel], span: tuple[int, int]
) -> Sequence[Found]:
    start, stop = span
    size, index = decoder.facts.record_bytes, decoder.facts.index
    try:
        content = data.read(start * size, (stop - start) * size)
        held = min(len(content) // size, stop - start) if size else stop - start
        records = np.frombuffer(content, np.uint8, held * size).reshape(held, size)
        found: list[Found] = [(index, decoder.piece(records, start, channels))]
    except InputError as error:
        inner = _edges(data, size, span)
        if not inner:
            return [(index, Lost(stop - start, error.message))]
        spans = itertools.pairwise([start, *inner, stop])
        return [one for part in spans for one in _read(data, decoder, channels, part)]
    if held < stop - start:
        found.append((index, Lost(stop - start - held, "the block that holds them is cut off")))
    return found


def _edges(data: Data, size: int, span: tuple[int, int]) -> list[int]:
    """Return where to part a range of records so that a block that is lost takes only its own."""
    found: set[int] = set()
    for part in data.parts if size else ():
        found |= {-(-part.start // size), part.start // size}
    return sorted(edge for edge in found if span[0] < edge < span[1])


def _cuts(data: Data, size: int, rows: int, most: int) -> Iterator[int]:
    """Yield where ranges of records end: at blocks if they are large, and after ``most``."""
    done, at_once = 0, max(min(most, RANGE_BYTES // max(size, 1)), 1)
    ends = [part.stop // size for part in data.parts] if size else []
    for end in [*(min(end, rows) for end in ends), rows]:
        if end != rows and (end - done) * size < RANGE_BYTES // 4:
            continue
        while done < end:
            done = min(done + at_once, end)
            yield done


@dataclass(frozen=True, slots=True)
class _Opening:
    file: ReadableFile
    blocks: Blocks
    kept: Kept
    structure: Structure

    def data(self, link: int) -> Data:
        """Return the bytes behind a link."""
        open_length = bool(self.structure.unfinished & _OPEN_LENGTH)
        parts = find_parts(self.blocks, link, open_length=open_length)
        return Data(self.file, parts, self.kept)

    def set(self, one: DataGroup) -> _Set:
        """Return a data group with its bytes and what decodes its records."""
        groups = {
            group.index: Decoder(group, self._signals(group))
            for group in one.groups
            if not group.flags & _VLSD_GROUP
        }
        return _Set(one, self.data(one.data), groups)

    def _signals(self, group: GroupFacts) -> Mapping[int, Data]:
        """Return signal data by channel."""
        found = {}
        for index, channel in enumerate(group.channels):
            head = self.blocks.head(channel.data) if channel.data else None
            if channel.kind == 1 and head is not None and head.kind in ("SD", "DL", "HL", "DZ"):
                found[index] = self.data(channel.data)
        return found
