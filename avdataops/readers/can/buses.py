"""Streams of a bus log: the frames of each channel, and the messages that DBCs find in them."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from avdataops.model.errors import InputError
from avdataops.model.stream import Problem, Stream
from avdataops.readers.can.arxml import load_arxml
from avdataops.readers.can.census import Census, Id, Seen
from avdataops.readers.can.dbc import (
    Match,
    Message,
    load_dbc,
    match_messages,
    parameter_group,
)
from avdataops.readers.can.decode import schema_of
from avdataops.readers.can.frames import FRAMES_SCHEMA, FRAMES_TYPE, Frames
from avdataops.readers.can.grouping import group_codes
from avdataops.readers.can.transport import find_transport
from avdataops.readers.names import UniqueNames

_MAX_LISTED = 8


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message that a DBC finds on a bus channel."""

    stream: Stream
    message: Message
    schema: pa.Schema


@dataclass(frozen=True, slots=True)
class Bus:
    """The frames of one bus channel."""

    stream: Stream
    channel: int
    by_id: Mapping[Id, Decoded]

    @property
    def decoded(self) -> tuple[Decoded, ...]:
        """Its messages, each once."""
        return tuple({one.stream.name: one for one in self.by_id.values()}.values())

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        """Columns of its streams, by name."""
        of_messages = {one.stream.name: one.schema for one in self.decoded}
        return {self.stream.name: FRAMES_SCHEMA, **of_messages}


Databases = tuple[tuple[Message, ...], ...]


def load_databases(dbc: Mapping[str, bytes]) -> tuple[Databases, tuple[Problem, ...]]:
    """Return the messages of DBC and ARXML texts by file name, and what is wrong with the rest."""
    databases, problems = [], []
    for name, text in sorted(dbc.items()):
        load = load_arxml if name.lower().endswith(".arxml") else load_dbc
        try:
            databases.append(load(name, text))
        except InputError as error:
            problems.append(Problem(code="bad_dbc", message=error.message))
    return tuple(databases), tuple(problems)


def match_for(databases: Databases, kind: str) -> Match:
    """Return the messages for one kind of bus: identifiers of CAN and LIN mean nothing alike."""
    return match_messages([[one for one in some if one.bus == kind] for some in databases])


def load_dbcs(dbc: Mapping[str, bytes]) -> tuple[Match, tuple[Problem, ...]]:
    """Return the messages of a log of CAN, and what is wrong with texts that are left out."""
    databases, problems = load_databases(dbc)
    return match_for(databases, "CAN"), problems


def plan_bus(channel: int, plain: str, census: Census, match: Match, unique: UniqueNames) -> Bus:
    """Return the streams of one channel, whose frames are the stream ``plain``.

    A message is the stream ``<channel>.<message>``; ``unique`` has the names that are taken.
    """
    ids = census.ids.get(channel, {})
    left_out = sum(census.without_data.get(channel, {}).values())
    name = unique.claim(plain)
    seen = functools.reduce(Seen.plus, ids.values(), Seen()).plus(Seen(left_out))
    stream = _stream(name, plain, FRAMES_TYPE, seen, {"bus": plain})
    found: dict[tuple[str, str], list[Id]] = {}
    messages: dict[Id, Message] = {}
    decodable, groups = census.decoded(channel), find_transport(match).groups
    for key in sorted(decodable):
        message = match.find(key[0], extended=key[1])
        if message is None and key[1]:
            message = groups.get(parameter_group(key[0]))
        if message is not None:
            messages[key] = message
            found.setdefault((message.dbc, message.name), []).append(key)
    by_id = {}
    for keys in found.values():
        together = functools.reduce(Seen.plus, (decodable[key] for key in keys))
        decoded = _decoded(name, messages[keys[0]], together, unique)
        by_id.update(dict.fromkeys(keys, decoded))
    return Bus(stream, channel, by_id)


def _decoded(bus: str, message: Message, seen: Seen, unique: UniqueNames) -> Decoded:
    plain = f"{bus}.{message.name}"
    facts = {"bus": bus, "can_id": f"0x{message.id:X}", "dbc": message.dbc}
    stream = _stream(unique.claim(plain), plain, f"can/{message.name}", seen, facts)
    return Decoded(stream, message, schema_of(message))


def _stream(name: str, topic: str, kind: str, seen: Seen, attributes: dict[str, str]) -> Stream:
    return Stream(
        name=name,
        topic=topic,
        type=kind,
        rows=seen.frames,
        start_ns=seen.time.start_ns if seen.time else None,
        stop_ns=seen.time.stop_ns if seen.time else None,
        attributes=attributes,
    )


def sampled(bus: Bus) -> Bus:
    """Return the streams of a log that was not counted to its end: with rates, without counts."""
    by_id = {key: replace(one, stream=_sampled(one.stream)) for key, one in bus.by_id.items()}
    return Bus(_sampled(bus.stream), bus.channel, by_id)


def _sampled(stream: Stream) -> Stream:
    rate = {"rate_hz": f"{stream.rate_hz:.3f}"} if stream.rate_hz else {}
    return replace(stream, rows=None, stop_ns=None, attributes={**stream.attributes, **rate})


def sample_problem(name: str, frames: int) -> Problem:
    """Say that a log goes on behind what was counted."""
    text = f"{name} goes on behind the first {frames:,} frames; its streams were not counted"
    return Problem(code="sampled", message=text)


def id_problems(bus: Bus, ids: Mapping[Id, Seen], match: Match) -> Iterator[Problem]:
    """Tell of ids that no DBC names, and of those that several name differently."""
    name = bus.stream.name
    unknown = sorted(set(ids) - set(bus.by_id))
    if unknown and match.exact:
        frames = sum(ids[key].frames for key in unknown)
        text = (
            f"{len(unknown)} of {len(ids)} ids on {name} ({frames} frames) are in no DBC: "
            f"{_listed(unknown)}"
        )
        yield Problem(code="undecoded_ids", message=text, stream=name)
    shared = sorted(key for key in ids if key in match.shadowed)
    if shared:
        others = ", ".join(message.dbc for message in match.shadowed[shared[0]])
        text = (
            f"{len(shared)} ids on {name} are in several DBCs ({_listed(shared)}); "
            f"{match.exact[shared[0]].dbc} is used, not {others}"
        )
        yield Problem(code="ambiguous_ids", message=text, stream=name)


def _listed(ids: Sequence[Id]) -> str:
    first = [f"0x{number:X}" for number, _ in ids[:_MAX_LISTED]]
    return ", ".join(first) + (", …" if len(ids) > len(first) else "")


def transport_problems(bus: Bus, broken: int) -> Iterator[Problem]:
    """Tell of long messages that lack a segment."""
    if broken:
        text = f"{broken} messages on {bus.stream.name} lack a segment and are left out"
        yield Problem(code="broken_transport", message=text, stream=bus.stream.name)


def frames_by_message(bus: Bus, frames: Frames) -> Iterator[tuple[Decoded, Frames]]:
    """Yield each message that frames of the channel hold, with its frames in their order."""
    numbers = {one.stream.name: number for number, one in enumerate(bus.decoded)}
    codes = frames.id | (frames.extended.astype(np.int64) << 32)
    encoded = pa.array(codes).dictionary_encode()
    of_code = np.array(
        [
            numbers[found.stream.name] if (found := bus.by_id.get(_key(code))) else -1
            for code in encoded.dictionary.to_pylist()
        ],
        np.int64,
    )
    message = of_code[encoded.indices.to_numpy()]
    grouped = group_codes(message)
    # One look-up for all frames; those of a message are then neighbours.
    sorted_frames = frames.take(grouped.order)
    for number, start, stop in zip(
        grouped.codes, grouped.bounds[:-1].tolist(), grouped.bounds[1:].tolist(), strict=True
    ):
        if number >= 0:
            yield bus.decoded[number], sorted_frames.slice(start, stop)


def _key(code: int) -> Id:
    return code & 0xFFFFFFFF, bool(code >> 32)
