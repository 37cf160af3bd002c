"""Blocks of MDF 4 files through asammdf: facts of groups, and raw samples in bounded pieces."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from avdataops.model.errors import UnreadableFile
from avdataops.model.time import NS_PER_S, TimeRange
from avdataops.ports.files import ReadableFile
from avdataops.readers.mdf4.facts import Channel, Group, Piece, Samples, Times
from avdataops.readers.mdf4.formula import evaluate
from avdataops.readers.mdf4.overlay import Overlay
from avdataops.readers.mdf4.repair import Repair

MASTERS = {1: "time", 2: "angle", 3: "distance", 4: "index"}
"""Kinds of master channels (ASAM MDF 4.2, cn_sync_type)."""
_MASTER_TYPES = (2, 3)
_FLAG_VLSD = 1
_FLAG_ALL_INVALID = 1
_FLAG_BUS_EVENT = 2
_ALGEBRAIC = 3
_IN_FILE, _UNCOMPRESSED = 0, 0
_MAX_EMPTY_RECORDS = 1 << 24
_LOCAL_TIME = 1
_OFFSETS_VALID = 2
_MAX_FRAGMENT_BYTES = 16 << 20

_INT64_LIMIT = float(2**63)


class Source:
    """One opened MDF 4 file."""

    def __init__(self, file: ReadableFile) -> None:
        self._is_unfinalised = file.read_at(0, 7) == b"UnFinMF"
        self._stream = Overlay(file)
        self._mdf, self.cuts = _open(self._stream, file)
        self.header = self._mdf.header
        self._formulas = self._set_formulas_aside()
        self.groups = tuple(
            self._group(index)
            for index, group in enumerate(self._mdf.groups)
            if not group.channel_group.flags & _FLAG_VLSD
        )

    @property
    def version(self) -> str:
        """Version of the file."""
        return str(self._mdf.version)

    @property
    def start_ns(self) -> int:
        """Start of the measurement, ns since the epoch."""
        return int(self.header.abs_time)

    @property
    def is_unfinalised(self) -> bool:
        """Say whether the logger has not closed the file."""
        return self._is_unfinalised

    @property
    def is_local_time(self) -> bool:
        """Say whether the start is a local time whose offset to UTC the file does not give."""
        flags = int(self.header.time_flags)
        return bool(flags & _LOCAL_TIME) and not flags & _OFFSETS_VALID

    def times_ns(self, seconds: npt.NDArray[np.float64]) -> tuple[Times, npt.NDArray[np.intp]]:
        """Return the times of records, ns since the epoch, and which of them have one.

        Seconds that are not finite or leave the range of int64 have no time.
        """
        offset = np.rint(seconds * NS_PER_S)
        with np.errstate(invalid="ignore"):
            in_range = np.abs(offset) + abs(float(self.start_ns)) < _INT64_LIMIT
        kept = np.flatnonzero(in_range)
        return offset[kept].astype(np.int64) + self.start_ns, kept

    @property
    def attachments(self) -> tuple[str, ...]:
        """Names of files inside."""
        return tuple(str(one.file_name) for one in self._mdf.attachments)

    def pieces(self, group: Group, channels: Sequence[Channel], max_rows: int) -> Iterator[Piece]:
        """Yield the records of a group in order, at most ``max_rows`` at a time."""
        grp = self._mdf.groups[group.index]
        size = grp.channel_group.samples_byte_nr + grp.channel_group.invalidation_bytes_nr
        grp.read_split_count = max(1, min(max_rows, _MAX_FRAGMENT_BYTES // max(size, 1)))
        count = min(group.rows, self._held(grp))
        for fragment in self._mdf._load_data(grp, 0, count) if count else ():  # noqa: SLF001 - the only way to bounded reads
            self._mdf._invalidation_cache.clear()  # noqa: SLF001 - it is kept by offset only
            seconds = self._mdf.get_master(group.index, data=fragment, one_piece=True)
            samples = {
                channel.index: self._samples(group, channel, fragment) for channel in channels
            }
            length = min([len(seconds), *(len(values) for values, _ in samples.values())])
            if length < len(seconds):
                seconds = seconds[:length]
                samples = {
                    index: (values[:length], None if invalid is None else invalid[:length])
                    for index, (values, invalid) in samples.items()
                }
            yield Piece(self._master_seconds(group, np.asarray(seconds, np.float64)), samples)

    def _samples(
        self, group: Group, channel: Channel, fragment: Any
    ) -> tuple[Samples, npt.NDArray[np.bool_] | None]:
        """Return the raw samples of a channel, and which of them are invalid."""
        values, invalid = self._mdf.get(
            group=group.index,
            index=channel.index,
            data=fragment,
            raw=True,
            ignore_invalidation_bits=True,  # Else the library leaves invalid samples out.
            samples_only=True,
        )
        if channel.is_invalid:
            return values, np.ones(len(values), dtype=np.bool_)
        return values, invalid

    def time_of(self, group: Group) -> TimeRange | None:
        """Return the time from the first record of a group to the last, None without either."""
        if not 0 < group.rows <= self._held(self._mdf.groups[group.index]):
            return None
        try:
            ends = [self._second_at(group, number) for number in (0, group.rows - 1)]
        except Exception:  # noqa: BLE001 - damage shows as whatever the library trips over
            return None  # Reading the group tells what is wrong with it.
        t_ns, kept = self.times_ns(np.array(ends))
        in_order = len(kept) == len(ends) and t_ns[0] <= t_ns[1]
        return TimeRange(int(t_ns[0]), int(t_ns[1]) + 1) if in_order else None

    def _held(self, grp: Any) -> int:
        """Return how many records the data blocks can hold, whatever the group claims."""
        facts = grp.channel_group
        size = int(facts.samples_byte_nr) + int(facts.invalidation_bytes_nr)
        if size == 0:
            return _MAX_EMPTY_RECORDS
        return int(sum(block.original_size for block in grp.data_blocks)) // size

    def _second_at(self, group: Group, number: int) -> float:
        grp = self._mdf.groups[group.index]
        record = self._plain_record(grp, number)
        fragments = [record] if record else self._mdf._load_data(grp, number, 1)  # noqa: SLF001 - as in pieces
        for fragment in fragments:
            self._mdf._invalidation_cache.clear()  # noqa: SLF001 - as in pieces
            seconds = self._mdf.get_master(group.index, data=fragment, one_piece=True)
            if len(seconds):
                return float(self._master_seconds(group, np.asarray(seconds, np.float64))[0])
        return float("nan")

    def _plain_record(self, grp: Any, number: int) -> Any:
        """Return one record of uncompressed data by its offset; the library reads megabytes."""
        from asammdf.blocks.utils import Fragment

        if not grp.sorted or grp.uses_ld or grp.data_location != _IN_FILE:
            return None
        size = grp.channel_group.samples_byte_nr + grp.channel_group.invalidation_bytes_nr
        offset = number * size
        for block in grp.data_blocks:
            if block.block_type != _UNCOMPRESSED:
                return None
            if offset + size <= block.original_size:
                self._stream.seek(block.address + offset)
                return Fragment(self._stream.read(size), number, 1)
            offset -= block.original_size
            if offset < 0:
                return None
        return None

    def _master_seconds(
        self, group: Group, seconds: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Apply the formula of a master channel, if it has one, to its raw seconds."""
        if group.master_formula is None:
            return seconds
        return evaluate(group.master_formula, seconds)

    def close(self) -> None:
        """Release what was opened."""
        self._mdf.close()

    def _set_formulas_aside(self) -> dict[tuple[int, int], str]:
        found = {}
        for group_index, group in enumerate(self._mdf.groups):
            for index, channel in enumerate(group.channels):
                conversion = channel.conversion
                if conversion is not None and _has_formula(conversion, 0):
                    found[group_index, index] = _formula(conversion)
                    channel.conversion = None
        return found

    def _group(self, index: int) -> Group:
        group = self._mdf.groups[index]
        facts = group.channel_group
        masters = [c for c in group.channels if c.channel_type in _MASTER_TYPES]
        source = facts.acq_source.name if facts.acq_source else ""
        kind = MASTERS.get(masters[0].sync_type, "none") if masters else "none"
        if not masters and index in self._mdf.virtual_groups_map:
            kind = self._remote_kind(self._mdf.virtual_groups_map[index])
        master = next((n for n, c in enumerate(group.channels) if c in masters), -1)
        return Group(
            index=index,
            name=facts.acq_name or source or f"group {index}",
            kind=kind,
            rows=int(facts.cycles_nr),
            channels=tuple(
                self._channel(index, number)
                for number, channel in enumerate(group.channels)
                if channel.channel_type not in _MASTER_TYPES
            ),
            is_bus=bool(facts.flags & _FLAG_BUS_EVENT),
            master_formula=self._formulas.get((index, master)),
        )

    def _remote_kind(self, index: int) -> str:
        for channel in self._mdf.groups[index].channels:
            if channel.channel_type in _MASTER_TYPES:
                return MASTERS.get(channel.sync_type, "none")
        return "none"

    def _channel(self, group: int, index: int) -> Channel:
        channel = self._mdf.groups[group].channels[index]
        unit = channel.unit or (channel.conversion.unit if channel.conversion else "")
        return Channel(
            index=index,
            name=channel.name,
            unit=unit or None,
            dtype=np.dtype(channel.dtype_fmt),
            conversion=channel.conversion,
            formula=self._formulas.get((group, index)),
            is_text=channel.data_type in (6, 7, 8, 9),
            is_bytes=channel.data_type in (10, 11, 12),
            is_invalid=bool(channel.flags & _FLAG_ALL_INVALID),
        )


def _open(stream: Overlay, file: ReadableFile) -> tuple[Any, tuple[int, ...]]:
    from asammdf.blocks.mdf_v4 import MDF4

    class Quiet(MDF4):
        def _process_bus_logging(self) -> None:
            """Frames are told apart by our own reader, and only when they are read."""

        def __del__(self) -> None:
            """Close the scratch file; the rest is not there if opening failed."""
            scratch = getattr(self, "_tempfile", None)
            if scratch is not None:
                scratch.close()

    repair = Repair(stream, file.size)
    repair.run()
    stream.seek(0)
    try:
        return Quiet(stream, original_name=None, __internal__=True), tuple(repair.cuts)
    except Exception as error:
        # Damaged blocks show as whatever the library trips over.
        first = (str(error).splitlines() or [""])[0][:200]
        raise UnreadableFile(
            f"{file.name}: the MDF blocks cannot be read: {first or type(error).__name__}"
        ) from error


def _has_formula(conversion: Any, depth: int) -> bool:
    if conversion.conversion_type == _ALGEBRAIC or depth > 8:  # noqa: PLR2004 - nobody nests deeper
        return True
    inner = getattr(conversion, "referenced_blocks", None) or {}
    return any(
        hasattr(one, "conversion_type") and _has_formula(one, depth + 1) for one in inner.values()
    )


def _formula(conversion: Any) -> str:
    """Return the formula; empty for one inside a table, which is not evaluated."""
    if conversion.conversion_type != _ALGEBRAIC:
        return ""
    return str(conversion.formula)
