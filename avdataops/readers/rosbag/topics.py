"""Streams of a ROS recording: names, message layouts and schemas."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from avdataops.model.errors import InputError
from avdataops.model.stream import Problem, Stream
from avdataops.model.time import TimeRange
from avdataops.readers.names import UniqueNames
from avdataops.readers.rosbag.arrow import table_fields
from avdataops.readers.rosbag.container import Connection
from avdataops.readers.rosbag.decode import Decoded, decode_block
from avdataops.readers.rosbag.definitions import default_types, is_complete, parse_definition
from avdataops.readers.rosbag.json_decode import decode_json, json_types
from avdataops.readers.rosbag.layout import Table, layout_of, tables
from avdataops.readers.rosbag.places import Block
from avdataops.readers.rosbag.proto_decode import decode_protobuf
from avdataops.readers.rosbag.proto_types import columns_of, proto_types

ENCODINGS = ("ros1", "cdr")
_NS = {"unit": "ns"}
_COUNT = {"unit": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """All connections that make one stream, and how their messages are decoded."""

    connections: tuple[Connection, ...]
    names: tuple[str, ...]
    """Name of the stream, then of its children, in the order of ``tables``."""
    table: Table | None
    """None if the messages stay bytes."""
    decode: Callable[[Block], Decoded] | None
    """None likewise."""
    definition: str
    """Where the definition is from: ``file``, ``default`` or ``none``."""
    problem: Problem | None = None

    @property
    def name(self) -> str:
        """Name of the stream."""
        return self.names[0]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The root table and all below it, parents first; empty if messages stay bytes."""
        return tuple(tables(self.table)) if self.table else ()

    @property
    def rows(self) -> int | None:
        """Messages by the recording's index."""
        counts = [one.rows for one in self.connections]
        return None if None in counts else sum(count for count in counts if count is not None)

    def streams(self) -> tuple[Stream, ...]:
        """Return the stream and its children."""
        first = self.connections[0]
        span = time_of(self.connections)
        root = Stream(
            name=self.name,
            topic=first.topic,
            type=first.type,
            rows=self.rows,
            start_ns=span.start_ns if span else None,
            stop_ns=span.stop_ns if span else None,
            attributes={"encoding": first.encoding, "definition": self.definition},
        )
        found = [root]
        by_path = dict(zip((table.path for table in self.tables), self.names, strict=False))
        for table, name in zip(self.tables[1:], self.names[1:], strict=True):
            parent = by_path[_parent_path(table.path, by_path)]
            child = replace(root, name=name, rows=None, parent=parent)
            found.append(replace(child, topic=first.topic))
        return tuple(found)


def time_of(connections: Sequence[Connection]) -> TimeRange | None:
    """Return the time from the first message of all connections to the last."""
    found: TimeRange | None = None
    for one in connections:
        if one.time is not None:
            found = one.time.union(found) if found else one.time
    return found


def _parent_path(path: str, known: dict[str, str]) -> str:
    while path:
        path = path.rpartition(".")[0]
        if path in known:
            return path
    return ""


def topics_of(connections: Sequence[Connection]) -> tuple[Topic, ...]:
    """Group connections to streams and find out how their messages are decoded."""
    groups: dict[tuple[str, ...], list[Connection]] = {}
    for one in connections:
        key = (one.topic, one.type, one.encoding, one.language, one.definition)
        groups.setdefault(key, []).append(one)
    shared = Counter(key[0] for key in groups)
    unique = UniqueNames(joint="#")
    roots = {
        key: unique.claim(key[0] if shared[key[0]] == 1 else f"{key[0]}#{key[1]}") for key in groups
    }
    return tuple(_topic(tuple(group), roots[key], unique) for key, group in groups.items())


def _topic(connections: tuple[Connection, ...], name: str, unique: UniqueNames) -> Topic:
    known, problem = _knowledge(connections[0], name)
    children = tuple(tables(known.table))[1:] if known.table else ()
    names = (name, *(unique.claim(f"{name}.{child.path}") for child in children))
    return Topic(
        connections=connections,
        names=names,
        table=known.table,
        decode=known.decode,
        definition=known.source,
        problem=problem,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the messages of a connection."""

    table: Table | None
    decode: Callable[[Block], Decoded] | None
    source: str
    """Where the definition is from."""


def _knowledge(one: Connection, name: str) -> tuple[_Known, Problem | None]:
    """Find out how messages are decoded, and what is wrong if they are not."""
    language = one.stated.language
    try:
        if one.encoding in ENCODINGS:
            table, source = _layout(one)
            if table is not None:
                return _Known(table, partial(decode_block, table, one.encoding), source), None
        elif one.encoding == "protobuf" and language == "protobuf":
            return _protobuf(one), None
        elif one.encoding == "json" and language == "jsonschema":
            table = layout_of(one.type, json_types(one.type, one.stated.definition))
            return _Known(table, partial(decode_json, table), "file"), None
        else:
            text = f"'{name}' is encoded as '{one.encoding}', which is kept as bytes"
            problem = Problem(code="unsupported_encoding", message=text, stream=name)
            return _Known(None, None, "none"), problem
    except InputError as error:
        text = f"'{name}' is kept as bytes: {error.message}"
        problem = Problem(code="bad_definition", message=text, stream=name)
        return _Known(None, None, "file"), problem
    text = f"'{name}' is kept as bytes: the recording does not define its type '{one.type}'"
    problem = Problem(code="no_definition", message=text, stream=name)
    return _Known(None, None, "none"), problem


def _layout(one: Connection) -> tuple[Table | None, str]:
    if one.language:
        own = parse_definition(one.type, one.definition, one.language)
        if not is_complete(own) and one.encoding == "cdr":
            own = {**default_types(), **own}
        return layout_of(one.type, own), "file"
    if one.encoding == "cdr" and one.type in default_types():
        return layout_of(one.type, default_types()), "default"
    return None, "none"


def _protobuf(one: Connection) -> _Known:
    types = proto_types(one.stated.definition)
    table = layout_of(one.type, columns_of(types))
    return _Known(table, partial(decode_protobuf, table, one.type, types), "file")


def root_fields(table: Table | None, *, has_publish_time: bool) -> list[pa.Field]:
    """Return the columns that a stream has before those of its messages."""
    fields = [pa.field("t_ns", pa.int64(), nullable=False, metadata=_NS)]
    if has_publish_time:
        fields.append(pa.field("publish_ns", pa.int64(), nullable=False, metadata=_NS))
    if table is not None and table.children:
        fields.append(pa.field("row", pa.int64(), nullable=False, metadata=_COUNT))
    return fields


def root_schema(table: Table | None, *, has_publish_time: bool) -> pa.Schema:
    """Return the schema of a stream; messages that stay bytes have one column ``data``."""
    fields = root_fields(table, has_publish_time=has_publish_time)
    if table is None:
        return pa.schema([*fields, pa.field("data", pa.binary())])
    return pa.schema([*fields, *table_fields(table)])


def child_schema(table: Table, *, has_grandparent: bool) -> pa.Schema:
    """Return the schema of a child stream.

    ``row`` is the message's number in its stream.  Where lists hang inside list elements,
    ``element`` numbers the elements of a message, and ``parent_element`` says which it was.
    """
    fields = [
        pa.field("t_ns", pa.int64(), nullable=False, metadata=_NS),
        pa.field("row", pa.int64(), nullable=False, metadata=_COUNT),
    ]
    if has_grandparent:
        fields.append(pa.field("parent_element", pa.int64(), nullable=False, metadata=_COUNT))
    if table.children:
        fields.append(pa.field("element", pa.int64(), nullable=False, metadata=_COUNT))
    return pa.schema([*fields, *table_fields(table)])
