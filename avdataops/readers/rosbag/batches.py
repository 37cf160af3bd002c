"""Messages of one topic become record batches."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Problem
from avdataops.ports.reading import StreamBatch
from avdataops.readers.rosbag import pointcloud
from avdataops.readers.rosbag.arrow import octets_column
from avdataops.readers.rosbag.decode import Rows, block_of
from avdataops.readers.rosbag.gather import Places, joined, offsets_of
from avdataops.readers.rosbag.messages import INT64_MAX, Messages
from avdataops.readers.rosbag.places import Block
from avdataops.readers.rosbag.pointcloud import PointLayout
from avdataops.readers.rosbag.topics import Topic, child_schema, root_schema


@dataclass(frozen=True, slots=True)
class Plan:
    """How the messages of one topic come out."""

    topic: Topic
    schemas: tuple[pa.Schema, ...]
    """One per name of the topic."""
    is_raw: bool
    points: PointLayout | None
    problem: Problem | None = None
    """Why messages that have a definition stay bytes."""


def plan_topic(topic: Topic, first: Sequence[bytes], *, has_publish_time: bool) -> Plan:
    """Decide the columns of a topic by its first messages.

    If none of them fits the definition, the messages stay bytes; a point cloud has columns as
    the fields of the first one that fits say.
    """
    table, connection = topic.table, topic.connections[0]
    fitting, misfit = _look_at(topic, first) if table else (None, None)
    is_raw = table is None or misfit is not None
    root = root_schema(None if is_raw else table, has_publish_time=has_publish_time)
    points = None
    if (
        table is not None
        and fitting is not None
        and (connection.type, connection.encoding) in pointcloud.TYPES
    ):
        points = pointcloud.first_layout(table, connection.encoding, fitting)
    if points is not None:
        place = root.get_field_index("data")
        fields = [*root][:place] + points.columns() + [*root][place + 1 :]
        root = pa.schema([*fields, root.field(place)])
    children = [
        child_schema(child, has_grandparent=_has_grandparent(child.path, topic))
        for child in topic.tables[1:]
    ]
    return Plan(topic, (root, *children), is_raw, points, misfit)


def _look_at(topic: Topic, first: Sequence[bytes]) -> tuple[bytes | None, Problem | None]:
    """Return the first message that fits, or else what is wrong with the very first."""
    if topic.decode is None or not first:
        return None, None
    found = topic.decode(block_of(first))
    if len(found.good):
        return first[int(found.good[0])], None
    code = next(iter(found.dropped)) if len(found.dropped) == 1 else "decode_failed"
    text = f"'{topic.name}' is kept as bytes: {found.reason}"
    code = "bad_definition" if code == "decode_failed" else code
    return None, Problem(code=code, message=text, stream=topic.name)


def _has_grandparent(path: str, topic: Topic) -> bool:
    return any(path.startswith(f"{other.path}.") for other in topic.tables[1:])


@dataclass(frozen=True, slots=True)
class Made:
    """What one call of ``make_batches`` gave."""

    batches: list[StreamBatch]
    dropped: Counter[str]
    reason: str
    """Why the first dropped message was dropped."""


def make_batches(plan: Plan, messages: Messages, first_row: int, max_rows: int) -> Made:
    """Return the batches of a topic and its children for neighbouring messages."""
    good = _decode(plan, messages)
    numbers = good.numbers + first_row
    t_ns = messages.t_ns[good.numbers].astype(np.int64)
    columns: list[pa.Array] = [pa.array(t_ns)]
    root, *children = plan.schemas
    if "publish_ns" in root.names[:2]:
        published = np.minimum(messages.publish_ns[good.numbers], INT64_MAX)
        columns.append(pa.array(published.astype(np.int64)))
    if not good.rows:
        kept = messages.pick(good.numbers)
        content = joined(kept.data, kept.starts, kept.sizes)
        data = octets_column(offsets_of(kept.sizes), content)
        batch = _stream_batch(plan.topic.name, _batch(root, [*columns, data]))
        return Made([batch], good.dropped, good.reason)
    if good.rows[0].table.children:
        columns.append(pa.array(numbers))
    batch = _batch(root, [*columns, *_root_columns(plan, good.rows)])
    batches = [_stream_batch(plan.topic.name, batch)]
    for name, schema, rows in zip(plan.topic.names[1:], children, good.rows[1:], strict=True):
        batches.extend(_sliced(name, _child_batch(schema, rows, t_ns, numbers), max_rows))
    return Made(batches, good.dropped, good.reason)


def _stream_batch(name: str, batch: pa.RecordBatch) -> StreamBatch:
    return StreamBatch(name, batch, batch.num_rows)


def _batch(schema: pa.Schema, columns: list[pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _root_columns(plan: Plan, decoded: Sequence[Rows]) -> list[pa.Array]:
    columns = list(decoded[0].columns)
    if plan.points is None:
        return columns
    exploded, rest = pointcloud.explode(decoded, plan.points)
    sources = [leaf.source for leaf in decoded[0].table.leaves]
    place = sources.index("data")
    return [*columns[:place], *exploded, *columns[place + 1 :], rest]


def _child_batch(
    schema: pa.Schema,
    rows: Rows,
    t_ns: Places,
    numbers: Places,
) -> pa.RecordBatch:
    columns = [pa.array(t_ns[rows.message]), pa.array(numbers[rows.message])]
    if "parent_element" in schema.names:
        columns.append(pa.array(rows.parent_element))
    if "element" in schema.names:
        columns.append(pa.array(rows.element))
    return _batch(schema, [*columns, *rows.columns])


def _sliced(name: str, batch: pa.RecordBatch, max_rows: int) -> Iterator[StreamBatch]:
    for start in range(0, batch.num_rows, max_rows):
        yield StreamBatch(name, batch.slice(start, max_rows), 0)


@dataclass(frozen=True, slots=True)
class _Good:
    """The messages of a batch that can come out."""

    numbers: Places
    """Their places in the batch."""
    rows: list[Rows]
    """What they hold; empty for messages that stay bytes."""
    dropped: Counter[str]
    reason: str


def _decode(plan: Plan, messages: Messages) -> _Good:
    """Decode what can be decoded, and tell why the rest cannot."""
    dropped: Counter[str] = Counter()
    reason = ""
    numbers = np.flatnonzero(messages.t_ns <= INT64_MAX)
    if len(numbers) < len(messages):
        dropped["bad_time"] = len(messages) - len(numbers)
        reason = "the log time is beyond the year 2262"
    decode = plan.topic.decode
    if plan.is_raw or decode is None:
        return _Good(numbers, [], dropped, reason)
    some = Block(messages.data, messages.starts[numbers], messages.sizes[numbers])
    found = decode(some)
    dropped.update(found.dropped)
    return _Good(numbers[found.good], found.rows, dropped, reason or found.reason)
