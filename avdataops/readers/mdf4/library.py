"""MDF 4 files through asammdf: what our own parser leaves to it, in bounded pieces.

These are invalidation bytes in blocks of their own, channels of types after 6, arrays outside
their record, and unions (``UnsupportedError`` is raised for them).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from avdataops.model.errors import SchemaMismatch, UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.readers.mdf4.conversion import ALGEBRAIC, Conversion
from avdataops.readers.mdf4.facts import (
    MASTERS,
    Channel,
    Converts,
    FileFacts,
    Found,
    Group,
    Physical,
    Piece,
    Samples,
    Task,
    Wanted,
)
from avdataops.readers.mdf4.formula import evaluate
from avdataops.readers.mdf4.overlay import Overlay
from avdataops.readers.mdf4.repair import Repair

_MASTER_TYPES = (2, 3)
_FLAG_VLSD = 1
_FLAG_ALL_INVALID = 1
_FLAG_BUS_EVENT = 2
_ALGEBRAIC = 3
_MAX_EMPTY_RECORDS = 1 << 24
_LOCAL_TIME = 1
_OFFSETS_VALID = 2
_MAX_FRAGMENT_BYTES = 16 << 20


class Library:
    """One opened MDF 4 file."""

    def __init__(self, file: ReadableFile) -> None:
        self._stream = Overlay(file)
        self._mdf, cuts = _open(self._stream, file)
        header = self._mdf.header
        self._formulas = self._set_formulas_aside()
        groups = [
            self._group(index)
            for index, group in enumerate(self._mdf.groups)
            if not group.channel_group.flags & _FLAG_VLSD
        ]
        self.sets = tuple((group,) for group in groups)
        flags = int(header.time_flags)
        self.facts = FileFacts(
            version=str(self._mdf.version),
            start_ns=int(header.abs_time),
            is_unfinalised=file.read_at(0, 7) == b"UnFinMF",
            is_local_time=bool(flags & _LOCAL_TIME) and not flags & _OFFSETS_VALID,
            attachments=tuple(str(one.file_name) for one in self._mdf.attachments),
            cuts=cuts,
        )

    def tasks(self, wanted: Wanted, max_rows: int) -> Iterator[Task]:
        """Yield records that are read already: the library is for one thread."""
        for (group,) in self.sets:
            if group.index in wanted:
                for piece in self._pieces(group, wanted[group.index], max_rows):
                    yield partial(_as_found, group.index, piece)

    def _pieces(self, group: Group, channels: Sequence[Channel], max_rows: int) -> Iterator[Piece]:
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

    def ends(self, groups: Sequence[Group]) -> Mapping[int, tuple[float, float]]:
        """Return seconds of the first and the last record, of groups where both can be read."""
        found = {}
        for group in groups:
            if not 0 < group.rows <= self._held(self._mdf.groups[group.index]):
                continue
            try:
                first, last = (self._second_at(group, number) for number in (0, group.rows - 1))
            except Exception:  # noqa: BLE001, S112 - damage shows as whatever the library trips over
                continue  # Reading the group tells what is wrong with it.
            found[group.index] = (first, last)
        return found

    def _held(self, grp: Any) -> int:
        """Return how many records the data blocks can hold, whatever the group claims."""
        facts = grp.channel_group
        size = int(facts.samples_byte_nr) + int(facts.invalidation_bytes_nr)
        if size == 0:
            return _MAX_EMPTY_RECORDS
        return int(sum(block.original_size for block in grp.data_blocks)) // size

    def _second_at(self, group: Group, number: int) -> float:
        grp = self._mdf.groups[group.index]
        fragments = self._mdf._load_data(grp, number, 1)  # noqa: SLF001 - as in pieces
        for fragment in fragments:
            self._mdf._invalidation_cache.clear()  # noqa: SLF001 - as in pieces
            seconds = self._mdf.get_master(group.index, data=fragment, one_piece=True)
            if len(seconds):
                return float(self._master_seconds(group, np.asarray(seconds, np.float64))[0])
        return float("nan")

    def _master_seconds(
        self, group: Group, seconds: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Apply the formula of a master channel, if it has one, to its raw seconds."""
        formula = self._formulas.get((group.index, self._master(group.index)))
        return seconds if formula is None else evaluate(formula, seconds)

    def _master(self, index: int) -> int:
        channels = self._mdf.groups[index].channels
        return next((n for n, c in enumerate(channels) if c.channel_type in _MASTER_TYPES), -1)

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
        return Group(
            index=index,
            name=facts.acq_name or source or f"group {index}",
            kind=kind,
            rows=int(facts.cycles_nr),
            channels=tuple(
                self._channel(index, number)
                for number, channel in enumerate(group.channels)
                if channel.channel_type not in _MASTER_TYPES
                and np.dtype(channel.dtype_fmt).names is None
            ),
            is_bus=bool(facts.flags & _FLAG_BUS_EVENT),
        )

    def _remote_kind(self, index: int) -> str:
        for channel in self._mdf.groups[index].channels:
            if channel.channel_type in _MASTER_TYPES:
                return MASTERS.get(channel.sync_type, "none")
        return "none"

    def _channel(self, group: int, index: int) -> Channel:
        channel = self._mdf.groups[group].channels[index]
        unit = channel.unit or (channel.conversion.unit if channel.conversion else "")
        formula = self._formulas.get((group, index))
        conversion: Converts | None = None
        if formula is not None:
            conversion = Conversion(ALGEBRAIC, (), (formula,))
        elif channel.conversion is not None:
            conversion = LibraryConversion(channel.conversion)
        dtype = np.dtype(channel.dtype_fmt)
        return Channel(
            index=index,
            name=channel.name,
            unit=unit or None,
            dtype=dtype.base,
            shape=dtype.shape,
            conversion=conversion,
            is_text=channel.data_type in (6, 7, 8, 9),
            is_bytes=channel.data_type in (10, 11, 12),
            is_invalid=bool(channel.flags & _FLAG_ALL_INVALID),
        )


@dataclass(frozen=True, slots=True)
class LibraryConversion:
    """A conversion that asammdf works out."""

    conversion: Any
    takes_text: bool = False

    def physical(self, raw: Samples) -> Physical:
        """Return physical values; raises ``SchemaMismatch`` for whatever the library trips over."""
        try:
            found: Samples = self.conversion.convert(raw, ignore_value2text_conversions=False)
        except Exception as error:
            raise SchemaMismatch(f"its conversion cannot be worked out: {error}") from error
        if found.dtype.kind not in "SUO":
            return found
        texts = [
            one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
            for one in found.reshape(-1).tolist()
        ]
        return pa.array([text or None for text in texts], pa.string())

    def of_texts(self, texts: pa.Array) -> pa.Array:
        """Return the texts as they are."""
        return texts


def _as_found(index: int, piece: Piece) -> Sequence[Found]:
    return [(index, piece)]


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
