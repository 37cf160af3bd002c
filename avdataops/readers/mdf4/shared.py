"""Records of several groups in one stream: found, told apart and handed out as it passes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa

from avdataops.readers.mdf4.data import Data
from avdataops.readers.mdf4.decoder import Decoder, ValuesAt
from avdataops.readers.mdf4.facts import Channel, Found, Lost, Task
from avdataops.readers.mdf4.layout import Records
from avdataops.readers.mdf4.scan import Found as Scanned
from avdataops.readers.mdf4.scan import Kinds, rows_at, scan
from avdataops.readers.mdf4.variable import Offsets, Window

MAX_WAITING_BYTES = 32 << 20
"""Of records whose values of variable length have not come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRecords:
    """The records of one data group whose channel groups share their stream."""

    data: Data
    kinds: Kinds
    decoders: Mapping[int, Decoder]
    variable: Mapping[int, int]
    """Record ids of groups of variable length by their address."""
    by_number: bool
    """True if offsets were never written: the n-th record has the n-th value."""

    def count(self, pool: ThreadPoolExecutor) -> Mapping[int, int]:
        """Return how many records each group has."""
        found: Counter[int] = Counter()
        for _, one in self._scanned(pool, Stop()):
            found.update({key: len(starts) for key, starts in one.starts.items()})
        ids = {index: decoder.facts.record_id for index, decoder in self.decoders.items()}
        return {index: found[key] for index, key in ids.items()}

    def tasks(
        self,
        wanted: Mapping[int, Sequence[Channel]],
        rows: Mapping[int, int],
        pool: ThreadPoolExecutor,
    ) -> Iterator[Task]:
        """Yield what decodes the wanted groups; ``rows`` are how many each has at most."""
        stop = Stop()
        windows = {key: Window() for key in self.variable.values()}
        takers = [
            _Taker(self.decoders[index], channels, rows[index], self._windows(index, windows))
            for index, channels in wanted.items()
        ]
        values: dict[int, Offsets] = {key: np.zeros(0, np.int64) for key in windows}
        for data, one in self._scanned(pool, stop):
            for key, window in windows.items():
                if key in one.starts:
                    added = window.add(data, one.starts[key])
                    values[key] = np.concatenate([values[key], added]) if self.by_number else added
            for taker in takers:
                yield from taker.take(data, one, values if self.by_number else None)
            for window in windows.values():
                window.forget()
        for taker in takers:
            yield from taker.rest(stop.reason)

    def _windows(
        self, index: int, windows: Mapping[int, Window]
    ) -> Mapping[int, tuple[int, Window]]:
        """Return the window on the values of each channel that has them in another group."""
        return {
            channel: (self.variable[address], windows[self.variable[address]])
            for channel, address in self.decoders[index].variable().items()
            if address in self.variable
        }

    def _scanned(self, pool: ThreadPoolExecutor, stop: "Stop") -> Iterator[tuple[bytes, Scanned]]:
        carry = b""
        for chunk in self.data.chunks(self.data.size, pool):
            data = carry + chunk.data if carry else chunk.data
            while True:
                found = scan(self.kinds, data)
                yield data, found
                data = data[found.stop :]
                if not found.is_full:
                    break
            carry = data
            stop.reason = found.error or (chunk.error.message if chunk.error else None)
            if stop.reason is None and len(chunk.data) < chunk.size:
                stop.reason = "the block that holds them is cut off"
            if stop.reason is not None:
                return


@dataclass(slots=True)
class Stop:
    """Why a stream ended before its end, None if it did not."""

    reason: str | None = None


@dataclass(slots=True)
class _Taker:
    """Takes the records of one group out of the stream."""

    decoder: Decoder
    channels: Sequence[Channel]
    rows: int
    windows: Mapping[int, tuple[int, Window]]
    taken: int = 0
    waiting: list[Records] = field(default_factory=list)
    """Records whose values have not come yet."""

    def take(
        self, data: bytes, one: Scanned, values: Mapping[int, Offsets] | None
    ) -> Iterator[Task]:
        """Yield what decodes the records in a piece of the stream."""
        starts = one.starts.get(self.decoder.facts.record_id)
        if starts is not None:
            self.waiting.append(rows_at(data, starts, self.decoder.facts.record_bytes))
        if not self.waiting:
            return
        records = np.concatenate(self.waiting) if len(self.waiting) > 1 else self.waiting[0]
        ready = len(records)
        for channel, (key, window) in self.windows.items():
            known = values[key] if values is not None else None
            ready = min(ready, self._ready(channel, records, window, known))
        if records.nbytes > MAX_WAITING_BYTES:
            ready = len(records)  # Values so late are taken for missing.
        self.waiting = [records[ready:]] if ready < len(records) else []
        yield from self._give(records[:ready], values)

    def rest(self, reason: str | None) -> Iterator[Task]:
        """Tell of records whose values never came, and why the stream ended before its end."""
        left = sum(len(records) for records in self.waiting)
        if left:
            reason = f"{reason or 'the stream ends'}; {left} records lack their values"
        if reason is not None and (left or self.taken < self.rows):
            lost: Sequence[Found] = [(self.decoder.facts.index, Lost(left, reason))]
            yield lambda: lost

    def _ready(self, channel: int, records: Records, window: Window, values: Offsets | None) -> int:
        """Return how many records have their values."""
        if values is not None:
            return max(len(values) - self.taken, 0)
        offsets = self.decoder.offsets(channel, records)
        late = np.flatnonzero(offsets >= window.stop)
        return int(late[0]) if len(late) else len(records)

    def _give(self, records: Records, values: Mapping[int, Offsets] | None) -> Iterator[Task]:
        records = records[: max(self.rows - self.taken, 0)]
        if not len(records):
            return
        first, self.taken = self.taken, self.taken + len(records)
        known: dict[int, ValuesAt] = {}
        for channel, (key, window) in self.windows.items():
            offsets = self.decoder.offsets(channel, records)
            if values is not None:
                offsets = values[key][first : first + len(records)]
            # Looked up here, before the window moves on.
            known[channel] = partial(_given, window.values(offsets))
        yield partial(self._piece, records, first, known)

    def _piece(
        self, records: Records, first: int, known: Mapping[int, ValuesAt]
    ) -> Sequence[Found]:
        piece = self.decoder.piece(records, first, self.channels, known)
        return [(self.decoder.facts.index, piece)]


def _given(values: pa.Array, offsets: Offsets) -> pa.Array:  # noqa: ARG001 - same call for all
    return values
