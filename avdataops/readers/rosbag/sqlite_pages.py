"""Messages in the pages of a damaged rosbag2 database (sqlite.org/fileformat2, 1.6 and 2.1)."""

from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.ports.files import ReadableFile

_LEAF = 0x0D
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_FIRST_BLOB = 12
_MAX_VARINT_BYTES = 9
_COLUMNS = 4
_BLOCK_PAGES = 256


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One row of the table ``messages`` and where its data is."""

    t_ns: int
    id: int
    topic: int
    payload_at: int
    """Offset of the record in the file."""
    local: int
    """Bytes of the record in its own page."""
    size: int
    """Bytes of the whole record; what is not local is on overflow pages."""
    data_from: int
    """Offset of the data in the record."""


class Pages:
    """The pages of a database, read without the tree that joins them."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        header = file.read_at(0, 100)
        declared = int.from_bytes(header[16:18], "big")
        self._bytes = 65_536 if declared == 1 else declared
        self._usable = self._bytes - (header[20] if len(header) > 20 else 0)  # noqa: PLR2004 - reserved bytes per page

    def messages(self) -> Iterator[Found]:
        """Yield the rows of ``messages`` in all table leaves, page by page."""
        if self._bytes < 512:  # noqa: PLR2004 - the smallest page
            return
        block = self._bytes * _BLOCK_PAGES
        for start in range(0, self._file.size, block):
            data = self._file.read_at(start, block)
            for at in range(0, len(data), self._bytes):
                page = data[at : at + self._bytes]
                if len(page) == self._bytes and page[0] == _LEAF:
                    yield from self._leaf(page, start + at)

    def data(self, found: Found) -> bytes | None:
        """Return the data of a message, None if a page of it is lost."""
        record = bytearray(self._file.read_at(found.payload_at, found.local))
        if found.local < found.size:
            link = self._file.read_at(found.payload_at + found.local, 4)
            page = int.from_bytes(link, "big")
            while page and len(record) < found.size:
                content = self._file.read_at((page - 1) * self._bytes, self._usable)
                if len(content) < self._usable:
                    return None
                record += content[4 : 4 + found.size - len(record)]
                page = int.from_bytes(content[:4], "big")
        return bytes(record[found.data_from :]) if len(record) == found.size else None

    def _leaf(self, page: bytes, page_at: int) -> Iterator[Found]:
        cells = int.from_bytes(page[3:5], "big")
        for number in range(min(cells, (len(page) - 8) // 2)):
            at = int.from_bytes(page[8 + 2 * number : 10 + 2 * number], "big")
            found = self._cell(page, at, page_at)
            if found is not None:
                yield found

    def _cell(self, page: bytes, at: int, page_at: int) -> Found | None:
        size, at = _varint(page, at)
        row_id, at = _varint(page, at)
        local = self._local(size)
        if size < _COLUMNS or at + local > self._usable:
            return None
        parsed = _parse_record(page[at : at + local], size)
        if parsed is None:
            return None
        topic, t_ns, data_from = parsed
        return Found(t_ns, _signed(row_id), topic, page_at + at, local, size, data_from)

    def _local(self, size: int) -> int:
        most = self._usable - 35
        if size <= most:
            return size
        least = (self._usable - 12) * 32 // 255 - 23
        wanted = least + (size - least) % (self._usable - 4)
        return wanted if wanted <= most else least


def _parse_record(record: bytes, size: int) -> tuple[int, int, int] | None:
    """Return (topic, time, offset of the data) of a row (id NULL, topic, time, data)."""
    header, at = _varint(record, 0)
    kinds = []
    while at < min(header, len(record)):
        kind, at = _varint(record, at)
        kinds.append(kind)
    if len(kinds) != _COLUMNS or kinds[0] != 0:
        return None
    values = []
    for kind in kinds[1:3]:
        if kind in (8, 9):
            values.append(kind - 8)
            continue
        width = _INTEGER_BYTES.get(kind)
        if width is None or at + width > len(record):
            return None
        values.append(int.from_bytes(record[at : at + width], "big", signed=True))
        at += width
    is_blob = kinds[3] >= _FIRST_BLOB and kinds[3] % 2 == 0
    if not is_blob or at + (kinds[3] - _FIRST_BLOB) // 2 != size:
        return None
    return values[0], values[1], at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer and the offset behind it."""
    value = 0
    for number in range(_MAX_VARINT_BYTES):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        if number == _MAX_VARINT_BYTES - 1:
            return (value << 8) | byte, at
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:  # noqa: PLR2004 - the bit that says more follows
            break
    return value, at


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
