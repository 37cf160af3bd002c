"""Rows of a rosbag2 database become blocks of messages."""

from collections.abc import Iterable, Iterator

import numpy as np

from avdataops.model.errors import InputError
from avdataops.readers.rosbag.container import Lost
from avdataops.readers.rosbag.gather import offsets_of
from avdataops.readers.rosbag.inflate import ZSTD, unpacked
from avdataops.readers.rosbag.messages import Messages

BLOCK_BYTES, BLOCK_ROWS = 16 << 20, 1 << 16
"""What is read and decoded as one piece of work."""

Row = tuple[int, int, int, bytes]
"""Time in ns, id, topic, message."""


class Columns:
    """Rows as SQLite gave them.

    Column by column, because so many tuples at once would keep the garbage collector busy.
    """

    def __init__(self) -> None:
        self._times: list[int] = []
        self._ids: list[int] = []
        self._topics: list[int] = []
        self._datas: list[bytes] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, row: Row) -> None:
        """Take one row, whatever is in it."""
        t_ns, row_id, topic, data = row
        self._times.append(t_ns)
        self._ids.append(row_id)
        self._topics.append(topic)
        self._datas.append(data)
        if type(data) is bytes:
            self._bytes += len(data)

    @property
    def is_full(self) -> bool:
        """Say whether these rows are worth a block."""
        return self._bytes >= BLOCK_BYTES or len(self._ids) >= BLOCK_ROWS

    @property
    def last(self) -> tuple[int, int]:
        """Time and id of the last row."""
        return self._times[-1], self._ids[-1]

    def blocks(self, topics: frozenset[int]) -> Iterator[list[Messages | Lost]]:
        """Yield the blocks of these rows; what is unusual is looked at row by row."""
        if not self._ids:
            return
        is_usual = set(map(type, self._datas)) == {bytes} and set(map(type, self._times)) == {int}
        if is_usual and set(self._topics) <= topics and not self._datas[0].startswith(ZSTD):
            yield [_messages(self._times, self._ids, self._topics, self._datas)]
            return
        rows = zip(self._times, self._ids, self._topics, self._datas, strict=True)
        yield from in_blocks(sound(row) for row in rows if row[2] in topics)


def sound(row: Row) -> Row | Lost:
    """Return a row with its message unpacked, or what was lost if it is none.

    A message that only looks packed stays as it is: its decoder tells what is wrong with it.
    """
    t_ns, row_id, topic, data = row
    if not isinstance(t_ns, int) or not isinstance(data, bytes):
        return Lost(topic, 1, "damaged")
    if not data.startswith(ZSTD):
        return row
    try:
        return t_ns, row_id, topic, unpacked(data)
    except InputError:
        return row


def in_blocks(rows: Iterable[Row | Lost]) -> Iterator[list[Messages | Lost]]:
    """Join neighbouring rows to blocks; what is lost stands between them."""
    waiting: list[Row] = []
    size = 0
    for row in rows:
        if isinstance(row, Lost):
            yield [*_joined(waiting), row]
            waiting, size = [], 0
            continue
        waiting.append(row)
        size += len(row[3])
        if size >= BLOCK_BYTES or len(waiting) >= BLOCK_ROWS:
            yield _joined(waiting)
            waiting, size = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(rows: list[Row]) -> list[Messages | Lost]:
    return [_messages(*(list(column) for column in zip(*rows, strict=True)))] if rows else []


def _messages(times: list[int], ids: list[int], topics: list[int], datas: list[bytes]) -> Messages:
    sizes = np.fromiter(map(len, datas), np.int64, len(datas))
    t_ns, places = np.array(times, np.int64), np.array(ids, np.int64)
    return Messages(
        data=np.frombuffer(b"".join(datas), np.uint8),
        t_ns=t_ns,
        publish_ns=t_ns,
        connection=np.array(topics, np.int64),
        at=places,
        inner=places,
        sequence=np.zeros(len(places), np.int64),
        starts=offsets_of(sizes)[:-1],
        sizes=sizes,
    )
