"""Records of one channel group become seconds and raw samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from avdataops.model.errors import InputError
from avdataops.readers.mdf4 import layout
from avdataops.readers.mdf4.data import Data
from avdataops.readers.mdf4.facts import MASTERS, Channel, Invalid, Piece, Samples
from avdataops.readers.mdf4.layout import Records
from avdataops.readers.mdf4.structure import ChannelFacts, GroupFacts, Place
from avdataops.readers.mdf4.variable import Offsets, cut_out, values_at

VLSD, MASTER, VIRTUAL_MASTER, MLSD, VIRTUAL = 1, 2, 3, 5, 6
_TIME = 1
_ALL_INVALID = 1
_WORD = 64
_VARIABLE_BYTES = 32 << 20
"""Of values of variable length that one task should read."""

ValuesAt = Callable[[Offsets], pa.Array]


class Decoder:
    """How the records of one group are read."""

    def __init__(self, facts: GroupFacts, signals: Mapping[int, Data]) -> None:
        self.facts = facts
        self._signals = signals
        self._by_address = {one.address: index for index, one in enumerate(facts.channels)}
        masters = [
            n for n, one in enumerate(facts.channels) if one.kind in (MASTER, VIRTUAL_MASTER)
        ]
        times = [number for number in masters if facts.channels[number].sync == _TIME]
        self.master = (times or masters or [-1])[0]
        """Its time channel, else its first other master, -1 without any."""
        sync = facts.channels[self.master].sync if masters else 0
        self.kind = MASTERS.get(sync, "none")
        self._remote: tuple[Data, Decoder] | None = None

    def take_master_from(self, data: Data, other: "Decoder") -> None:
        """Take the master from the records of another group, number by number."""
        if self.master < 0 and other.master >= 0:
            self._remote, self.kind = (data, other), other.kind

    def channels(self) -> tuple[Channel, ...]:
        """Return its channels but the master and those that are made of others."""
        return tuple(
            self._channel(index, one)
            for index, one in enumerate(self.facts.channels)
            if index != self.master and not one.is_structure
        )

    def _channel(self, index: int, one: ChannelFacts) -> Channel:
        place, problem = _place(one), None
        try:
            dtype = layout.dtype_of(place)
        except InputError as error:
            dtype, problem = np.dtype(np.uint8), error.message
        if one.kind == VIRTUAL:
            dtype = np.dtype(np.uint64)
        elif not self._is_inside(place):
            problem = f"it stands outside its record of {self.facts.data_bytes} bytes"
        is_text = place.data_type in layout.ENCODINGS
        return Channel(
            index=index,
            name=one.name,
            unit=one.unit or None,
            dtype=dtype,
            shape=place.shape,
            conversion=one.conversion,
            is_text=is_text,
            is_bytes=place.data_type in layout.OPAQUE or (one.kind == VLSD and not is_text),
            is_invalid=bool(one.flags & _ALL_INVALID),
            problem=problem,
        )

    def _is_inside(self, place: Place) -> bool:
        is_before = layout.last_byte(place) <= self.facts.data_bytes
        return is_before and layout.first_byte(place) >= 0

    def rows_at_once(self, channels: Sequence[Channel], most: int, rows: int) -> int:
        """Return how many records to read at once, at most ``most``, for their long values."""
        for channel in channels:
            signal = self._signals.get(channel.index)
            if signal is not None and rows:
                most = min(most, max(_VARIABLE_BYTES * rows // max(signal.size, 1), 1))
        return most

    def variable(self) -> Mapping[int, int]:
        """Return the channels whose values are in another group, with that group's address."""
        return {
            index: one.data
            for index, one in enumerate(self.facts.channels)
            if one.kind == VLSD and one.data and index not in self._signals
        }

    def offsets(self, index: int, records: Records) -> Offsets:
        """Return where values of variable length are in their signal data."""
        place = replace(_place(self.facts.channels[index]), data_type=layout.UINT_LE, shape=())
        raw = layout.samples(place, records)
        beyond = np.uint64(2**62)
        return np.minimum(np.asarray(raw).astype(np.uint64), beyond).astype(np.int64)

    def piece(
        self,
        records: Records,
        first: int,
        channels: Sequence[Channel],
        elsewhere: Mapping[int, ValuesAt] | None = None,
    ) -> Piece:
        """Return the records as seconds and samples; ``first`` is the number of the first.

        ``elsewhere`` gives the values of channels whose values are in another group.
        """
        found, notes = {}, []
        for channel in channels:
            values, invalid = self._samples(channel, records, first, elsewhere or {})
            found[channel.index] = values, invalid
            if channel.problem is None and isinstance(values, pa.Array) and values.null_count:
                text = f"{values.null_count} values of '{channel.name}' are not in its signal data"
                notes.append(text)
        return Piece(self._seconds(records, first), found, tuple(notes))

    def _seconds(self, records: Records, first: int) -> Samples:
        if self._remote is not None:
            return self._remote_seconds(*self._remote, first, len(records))
        if self.master < 0:
            return np.full(len(records), np.nan)
        one = self.facts.channels[self.master]
        if one.kind == VIRTUAL_MASTER:
            raw: Samples = np.arange(first, first + len(records), dtype=np.float64)
        else:
            place = _place(one)
            if not self._is_inside(place):
                return np.full(len(records), np.nan)
            raw = np.asarray(layout.samples(place, records))
        physical = one.conversion.physical(raw) if one.conversion is not None else raw
        if isinstance(physical, pa.Array) or physical.dtype.kind not in "iuf":
            return np.full(len(records), np.nan)
        return physical.astype(np.float64)

    @staticmethod
    def _remote_seconds(data: Data, other: "Decoder", first: int, rows: int) -> Samples:
        size = max(other.facts.record_bytes, 1)
        content = data.read(first * size, rows * size)
        held = min(len(content) // size, rows)
        records = np.frombuffer(content, np.uint8, held * size).reshape(held, size)
        seconds = other._seconds(records, first)  # noqa: SLF001 - of the same class
        return np.concatenate([seconds, np.full(rows - held, np.nan)])

    def _samples(
        self, channel: Channel, records: Records, first: int, elsewhere: Mapping[int, ValuesAt]
    ) -> tuple[Samples | pa.Array, Invalid | None]:
        one = self.facts.channels[channel.index]
        if channel.problem is not None:
            return _without(channel, len(records))
        place = _place(one)
        invalid = layout.invalid(place, records, self.facts.data_bytes)
        if channel.is_invalid:
            invalid = np.ones(len(records), np.bool_)
        if one.kind == VIRTUAL:
            return np.arange(first, first + len(records), dtype=np.uint64), invalid
        if one.kind == VLSD:
            values = self._values(channel.index, records, elsewhere)
            return self._texts(channel, values), invalid
        if one.kind == MLSD and one.data in self._by_address and channel.dtype.kind == "O":
            return self._texts(channel, self._cut(one, records)), invalid
        return layout.samples(place, records), invalid

    def _texts(self, channel: Channel, values: pa.Array) -> pa.Array:
        kind = self.facts.channels[channel.index].place.data_type
        return layout.decoded(values, kind) if channel.is_text else values

    def _values(self, index: int, records: Records, elsewhere: Mapping[int, ValuesAt]) -> pa.Array:
        offsets = self.offsets(index, records)
        if index in elsewhere:
            return elsewhere[index](offsets)
        signal = self._signals.get(index)
        if signal is None:
            return pa.nulls(len(records), pa.binary())
        return values_at(signal.read, signal.size, offsets)

    def _cut(self, one: ChannelFacts, records: Records) -> pa.Array:
        """Return bytes as long as another channel says (cn_type 5)."""
        width = one.place.bits // 8
        start = one.place.byte
        rows = np.ascontiguousarray(records[:, start : start + width])
        length = layout.samples(_place(self.facts.channels[self._by_address[one.data]]), records)
        lengths = np.clip(np.asarray(length).astype(np.int64), 0, width)
        starts = np.arange(len(rows), dtype=np.int64) * width
        return cut_out(rows.tobytes(), starts, lengths, np.ones(len(rows), np.bool_))


def _place(one: ChannelFacts) -> Place:
    place = one.place
    if place.data_type <= layout.INT_BE and place.bits > _WORD:
        return replace(place, data_type=layout.BYTES)
    return place


def _without(channel: Channel, rows: int) -> tuple[Samples | pa.Array, Invalid]:
    """Return no values: the channel cannot be read."""
    invalid = np.ones(rows, np.bool_)
    if channel.is_text or channel.is_bytes:
        return pa.nulls(rows, pa.string() if channel.is_text else pa.binary()), invalid
    return np.zeros((rows, *channel.shape), channel.dtype), invalid
