"""The Reader of raw CAN logs."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from avdataops.model.errors import HostileInput, MissingStream, did_you_mean
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.ports.reading import Sidecars, StreamBatch
from avdataops.readers.can.buses import (
    Bus,
    frames_by_message,
    id_problems,
    load_dbcs,
    plan_bus,
    sample_problem,
    sampled,
    transport_problems,
)
from avdataops.readers.can.census import Census
from avdataops.readers.can.decode import decode_frames
from avdataops.readers.can.frames import Frames
from avdataops.readers.can.transport import Assembler, Transport, find_transport
from avdataops.readers.canlog.log import DATA, MAX_CHANNELS, MAX_IDS, REASONS, Faults, Log, Piece
from avdataops.readers.names import UniqueNames


class CanLogReader:
    """One opened log.

    A log has no index, so opening reads all of it once, in bounded memory, to find its channels
    and identifiers; their counts and times are therefore exact.
    """

    clock = "canlog"
    attachments: tuple[str, ...] = ()

    def __init__(self, log: Log, sidecars: Sidecars) -> None:
        self._log = log
        faults = Faults(log.name)
        dbc, look_at = sidecars.dbc, sidecars.look_at
        match, bad_dbcs = load_dbcs(dbc)
        self._transport = find_transport(match)
        census, broken = _take_census(log, faults, self._transport, look_at)
        unique = UniqueNames(joint="#")
        self._buses = tuple(
            plan_bus(channel, log.label(channel), census, match, unique)
            for channel in census.channels
        )
        if census.is_sample:
            self._buses = tuple(sampled(bus) for bus in self._buses)
        problems = [*faults.problems(), *bad_dbcs]
        for bus in self._buses:
            problems.extend(transport_problems(bus, broken[bus.channel]))
            problems.extend(id_problems(bus, census.ids.get(bus.channel, {}), match))
            problems.extend(_left_out(bus, census))
        if census.is_sample:
            problems.append(sample_problem(log.name, look_at or 0))
        if census.ids and not dbc:
            text = f"{log.name} has CAN frames and no DBC was given to decode them"
            problems.append(Problem(code="no_dbc", message=text))
        self._problems = tuple(problems)

    @property
    def time(self) -> TimeRange | None:
        """First data frame to last."""
        found: TimeRange | None = None
        for stream in self.streams:
            if stream.start_ns is not None and stream.stop_ns is not None:
                span = TimeRange(stream.start_ns, stream.stop_ns)
                found = span.union(found) if found else span
        return found

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Each bus channel with its messages; the rows of a channel count all its frames."""
        found = []
        for bus in self._buses:
            found.append(bus.stream)
            found.extend(one.stream for one in bus.decoded)
        return tuple(found)

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with the log: opening has seen all of it."""
        return self._problems

    def batches(
        self,
        streams: Collection[str] | None = None,
        *,
        time: TimeRange | None = None,
        max_rows: int = 65_536,
    ) -> Iterator[StreamBatch]:
        """Yield the asked streams piece by piece, in one pass over the file."""
        known = [stream.name for stream in self.streams]
        for name in streams if streams is not None else ():
            if name not in known:
                near = did_you_mean(name, known)
                raise MissingStream(f"no stream '{name}' in {self._log.name}{near}")
        asked = frozenset(known if streams is None else streams)
        return self._batches(asked, time, max(max_rows, 1))

    def _batches(
        self, asked: frozenset[str], time: TimeRange | None, max_rows: int
    ) -> Iterator[StreamBatch]:
        wanted = [bus for bus in self._buses if asked & bus.schemas.keys()]
        left_out: dict[str, Counter[str]] = {bus.stream.name: Counter() for bus in wanted}
        held: dict[str, StreamBatch] = {}
        assembler = Assembler(self._transport)
        for piece in self._log.pieces(Faults(self._log.name)) if wanted else ():
            inside, whole = _within(piece, time), self._whole(piece, time, assembler)
            for bus in wanted:
                here = _of_channel(inside, bus.channel)
                left_out[bus.stream.name].update(_reasons(here))
                data = here.frames.take(here.kind == DATA)
                long = whole.take(whole.bus == bus.channel)
                for name, rows in self._rows(bus, data, long, asked):
                    for batch in _sliced(name, rows, max_rows):
                        if name in held:
                            yield held[name]
                        held[name] = batch
        # The last batch of each stream is kept back to tell what was left out after it.
        for bus in wanted:
            for name, schema in bus.schemas.items():
                if name in asked:
                    empty = StreamBatch(name, pa.RecordBatch.from_pylist([], schema=schema), 0)
                    dropped = dict(left_out.get(name, {}))
                    yield replace(held.get(name, empty), dropped=dropped)

    def _whole(self, piece: Piece, time: TimeRange | None, assembler: Assembler) -> Frames:
        """Return the long messages that end in a piece; each belongs to the time of its end."""
        frames = piece.frames.take(piece.kind == DATA)
        segments = self._transport.of_messages(frames) | self._transport.of_carriers(frames)
        whole = assembler.feed(frames.take(segments))
        kind = np.full(len(whole), DATA, np.uint8)
        return _within(Piece(whole, kind), time).frames

    def _rows(
        self, bus: Bus, frames: Frames, long: Frames, asked: frozenset[str]
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        if len(frames) and bus.stream.name in asked:
            number = np.full(len(frames), self._log.number(bus.channel), dtype=np.int64)
            yield bus.stream.name, replace(frames, bus=number).to_batch()
        if not asked & {one.stream.name for one in bus.decoded}:
            return
        for some in (frames.take(~self._transport.of_messages(frames)), long):
            for decoded, part in frames_by_message(bus, some):
                if decoded.stream.name in asked:
                    yield decoded.stream.name, decode_frames(decoded.message, part, decoded.schema)

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Nothing is held open."""


def _take_census(
    log: Log, faults: Faults, transport: Transport, look_at: int | None
) -> tuple[Census, Counter[int]]:
    """Count all frames, and what is decoded of them; and messages that lack a segment.

    With ``look_at`` counting ends after as many frames.
    """
    census, assembler, counted = Census(), Assembler(transport), 0
    for piece in log.pieces(faults):
        if look_at is not None and counted >= look_at:
            census.is_sample = True
            return census, Counter()
        counted += len(piece.frames)
        data = piece.frames.take(piece.kind == DATA)
        census.add(data)
        if transport.is_needed:
            long = transport.of_messages(data)
            census.add_messages(data.take(~long))
            census.add_messages(assembler.feed(data.take(long | transport.of_carriers(data))))
        for channel in np.unique(piece.frames.bus[piece.kind != DATA]).tolist():
            for reason, count in _reasons(_of_channel(piece, channel)).items():
                census.leave_out(channel, reason, count)
        ids = sum(len(of_channel) for of_channel in census.ids.values())
        if len(census.channels) > MAX_CHANNELS or ids > MAX_IDS:
            text = f"{log.name} names {len(census.channels)} bus channels and {ids} identifiers"
            raise HostileInput(text)
    return census, assembler.end()


def _left_out(bus: Bus, census: Census) -> Iterator[Problem]:
    name = bus.stream.name
    for reason, count in sorted(census.without_data.get(bus.channel, {}).items()):
        text = f"{count} frames on {name} carry no data and give no row: {reason}"
        yield Problem(code=reason, message=text, stream=name)


def _within(piece: Piece, time: TimeRange | None) -> Piece:
    if time is None:
        return piece
    t_ns = piece.frames.t_ns
    inside = (t_ns >= time.start_ns) & (t_ns < time.stop_ns)
    return Piece(piece.frames.take(inside), piece.kind[inside])


def _of_channel(piece: Piece, channel: int) -> Piece:
    here = piece.frames.bus == channel
    return Piece(piece.frames.take(here), piece.kind[here])


def _reasons(piece: Piece) -> dict[str, int]:
    counts = {reason: int((piece.kind == kind).sum()) for kind, reason in REASONS.items()}
    return {reason: count for reason, count in counts.items() if count}


def _sliced(name: str, rows: pa.RecordBatch, max_rows: int) -> Iterator[StreamBatch]:
    for at in range(0, rows.num_rows, max_rows):
        part = rows.slice(at, max_rows)
        yield StreamBatch(name, part, part.num_rows)
