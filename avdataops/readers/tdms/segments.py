"""Indexes a TDMS file: its objects, and in which bytes of which segments their values lie.

The file is indexed here and not by npTDMS, because that reads whole chunks: its memory and time
follow what a file claims.  Here each step is bounded by the bytes that are there.
"""

import bisect
import struct
from dataclasses import dataclass

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile, as_stream
from avdataops.readers.tdms.index import CHANNEL_PARTS, Index, Object, Span
from avdataops.readers.tdms.kinds import VOID
from avdataops.readers.tdms.layout import Layout, Text, layout_of
from avdataops.readers.tdms.metadata import AS_BEFORE, Entry, Shape, entries, path_parts

_LEAD_BYTES = 28
_HAS_METADATA, _NEW_LIST, _INTERLEAVED, _BIG_ENDIAN = 1 << 1, 1 << 2, 1 << 5, 1 << 6
_UNKNOWN_BYTES = 1 << 62
"""From here on a segment's size is no size; crashed recorders leave all bits set."""
_BUFFER_BYTES = 1 << 16

MAX_METADATA_BYTES = 256 << 20
"""Of one segment.  A file of 100,000 channels with 20 properties each has 50 MB."""
MAX_OBJECTS = 200_000
MAX_PROPERTIES = 2_000_000
MAX_LISTINGS = 8_000_000
"""Channels times changes of layout: 1,000 channels may change theirs 8,000 times."""
_MAX_WORK = 50_000_000
_KEPT_TEXT = 4096
_KEPT = ("NI_", "wf_", "unit_string")


@dataclass(frozen=True, slots=True)
class _Lead:
    position: int
    toc: int
    data_at: int
    declared: int | None
    """Bytes of raw data as promised; None if the recorder did not come to say it."""

    @property
    def order(self) -> str:
        return ">" if self.toc & _BIG_ENDIAN else "<"


def read_index(file: ReadableFile) -> Index:
    """Index a file; reads lead-ins and metadata only.

    Damage after the first segment ends the index and is told in ``damage``.  Raises
    ``UnreadableFile`` if the first segment is damaged, ``HostileInput`` past a limit.
    """
    parser = _Parser(file)
    position = 0
    while position < file.size:
        try:
            position = parser.segment(position)
        except UnreadableFile as error:
            text = f"{file.name} breaks off in the segment at byte {position}: {error.message}"
            if position == 0:
                raise UnreadableFile(text) from error
            parser.index.damage.append(text)
            break
    return parser.index


class _Parser:
    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._stream = as_stream(file, _BUFFER_BYTES)
        self.index = Index()
        self._by_path: dict[str, int] = {}
        self._listed: dict[int, Shape | None] = {}
        self._layout: Layout | None = None
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._flags: tuple[str, bool] = ("<", False)
        self._said: tuple[int, bytes] = (0, b"")
        """The last metadata; to hear them again changes nothing."""
        self._properties = 0
        self._listings = 0
        self._work = 0

    def segment(self, position: int) -> int:
        """Index one segment; returns where the next one begins."""
        lead = self._lead(position)
        if lead.toc & _HAS_METADATA:
            self._metadata(lead)
        elif position == 0:
            raise UnreadableFile("it has no metadata, and no segment before it has")
        flags = (lead.order, bool(lead.toc & _INTERLEAVED))
        if flags != self._flags:
            self._flags, self._layout = flags, None
        room = self._file.size - lead.data_at
        if lead.declared is None or lead.declared > room:
            self._cut(lead, room)
            return self._file.size
        if lead.declared:
            self._whole(lead, lead.declared)
        return lead.data_at + lead.declared

    def _lead(self, position: int) -> _Lead:
        self._stream.seek(position)
        data = self._stream.read(_LEAD_BYTES)
        if data[:4] != b"TDSm"[: len(data)]:
            raise UnreadableFile(f"it begins with {data[:4]!r} and not with b'TDSm'")
        if len(data) < _LEAD_BYTES:
            raise UnreadableFile("the file ends in its lead-in")
        (toc,) = struct.unpack("<I", data[4:8])
        following, raw = struct.unpack(">QQ" if toc & _BIG_ENDIAN else "<QQ", data[12:28])
        data_at = position + _LEAD_BYTES + raw
        if data_at > self._file.size:
            raise UnreadableFile("the file ends in its metadata")
        if following >= _UNKNOWN_BYTES:
            return _Lead(position, toc, data_at, None)
        if following < raw:
            raise UnreadableFile(f"its metadata has {raw} bytes, more than the segment")
        return _Lead(position, toc, data_at, following - raw)

    def _metadata(self, lead: _Lead) -> None:
        size = lead.data_at - lead.position - _LEAD_BYTES
        if size > MAX_METADATA_BYTES:
            raise HostileInput(f"{self._file.name} has {size} bytes of metadata in one segment")
        data = self._stream.read(size)
        said = (lead.toc & (_NEW_LIST | _BIG_ENDIAN), data)
        if said == self._said:
            return
        self._said = said
        before = self._listed
        if lead.toc & _NEW_LIST:
            self._listed = {}
        is_changed = False
        for entry in entries(data, lead.order):
            is_changed |= self._enter(entry)
        if lead.toc & _NEW_LIST:
            is_changed = list(before.items()) != list(self._listed.items())
        if is_changed:
            self._layout = None

    def _enter(self, entry: Entry) -> bool:
        """Take up one object; says whether that changes what the chunks hold."""
        number = self._number(entry.path)
        one = self.index.objects[number]
        shape: Shape | None = None
        if isinstance(entry.shape, Shape):
            shape = _agreed(entry, one)
            one.shape = shape
        elif entry.shape == AS_BEFORE:
            shape = one.shape
            if shape is None:
                text = f"{entry.path[:80]!a} is said to be as before, and has not been before"
                raise UnreadableFile(text)
        is_changed = number not in self._listed or self._listed[number] != shape
        self._listed[number] = shape
        self._keep(one, entry)
        return is_changed

    def _number(self, path: str) -> int:
        number = self._by_path.get(path)
        if number is None:
            number = self._by_path[path] = len(self._by_path)
            self.index.objects.append(Object(path_parts(path)))
            if number >= MAX_OBJECTS:
                raise HostileInput(f"{self._file.name} lists more than {MAX_OBJECTS} objects")
        return number

    def _keep(self, one: Object, entry: Entry) -> None:
        """Keep the properties that readers use: scales, units, and whatever may be a time."""
        for name, value in entry.properties.items():
            if len(name) > _KEPT_TEXT or (isinstance(value, str) and not name.startswith(_KEPT)):
                continue
            if name not in one.properties:
                self._properties += 1
            elif name == "wf_start_time" and one.spans and one.properties[name] != value:
                one.is_restamped = True
            one.properties[name] = value[:_KEPT_TEXT] if isinstance(value, str) else value
        if self._properties > MAX_PROPERTIES:
            raise HostileInput(f"{self._file.name} has more than {MAX_PROPERTIES} properties")

    def _current(self) -> Layout:
        if self._layout is None:
            order, is_interleaved = self._flags
            self._spend(len(self._listed))
            listed = {n: one for n, one in self._listed.items() if one and (one.values or one.size)}
            key = (self._flags, tuple(listed.items()))
            found = self._layouts.get(key)
            if found is None:
                channels, shapes = tuple(listed), tuple(listed.values())
                found = layout_of(order, channels, shapes, is_interleaved=is_interleaved)
                self._layouts[key] = found
                self._list(len(channels))
            self._layout = found
        return self._layout

    def _whole(self, lead: _Lead, size: int) -> None:
        layout = self._layout_with_data(size)
        chunks, rest = divmod(size, layout.chunk_bytes)
        self._add(layout, lead.data_at, chunks)
        if not rest:
            return
        at = lead.data_at + chunks * layout.chunk_bytes
        last = self._last(layout, at, rest) if layout.is_daqmx else layout.shortened(rest)
        self._add(last, at, 1)
        if not any(last.values()):
            text = f"{self._file.name} has {rest} bytes at {at} that are no whole chunk"
            self.index.damage.append(text)

    def _cut(self, lead: _Lead, room: int) -> None:
        promised = "no size" if lead.declared is None else f"{lead.declared} bytes of data"
        self.index.damage.append(
            f"{self._file.name} breaks off: its last segment promises {promised}, {room} are there"
        )
        if not room and not lead.declared:
            return
        layout = self._layout_with_data(room)
        chunks, rest = divmod(room, layout.chunk_bytes)
        self._add(layout, lead.data_at, chunks)
        at = lead.data_at + chunks * layout.chunk_bytes
        last = self._last(layout, at, rest) if rest else None
        if last:
            self._add(last, at, 1)
        promise = lead.declared or (chunks + bool(rest)) * layout.chunk_bytes
        whole, part = divmod(promise, layout.chunk_bytes)
        there = last.values() if last else [0] * len(layout.channels)
        for channel, values, found in zip(layout.channels, layout.values(), there, strict=True):
            promised_values = values * whole + values * part // layout.chunk_bytes
            lost = promised_values - values * chunks - found
            self.index.objects[channel].missing += max(lost, 0)

    def _layout_with_data(self, size: int) -> Layout:
        layout = self._current()
        if not layout.chunk_bytes:
            raise UnreadableFile(f"its {size} bytes of data belong to no channel")
        return layout

    def _last(self, layout: Layout, at: int, room: int) -> Layout:
        def text_rows(text: Text, inside: int) -> int:
            head = text.base + 4 * text.values
            if inside < head:
                return 0
            return bisect.bisect_right(
                range(text.values), inside - head, key=lambda row: self._u32(at, text, row, layout)
            )

        return layout.cut(room, text_rows)

    def _u32(self, at: int, text: Text, row: int, layout: Layout) -> int:
        data = self._file.read_at(at + text.base + 4 * row, 4)
        return int.from_bytes(data, "big" if layout.order == ">" else "little")

    def _add(self, layout: Layout, at: int, chunks: int) -> None:
        if not chunks:
            return
        index = self.index
        index.starts.append(at)
        index.chunks_before.append(index.chunks_before[-1] + chunks)
        if index.spans and index.spans[-1].layout is layout:
            index.spans[-1].chunks += chunks
            return
        self._list(len(layout.channels))
        index.spans.append(Span(layout, len(index.starts) - 1, chunks))
        for channel, values in zip(layout.channels, layout.values(), strict=True):
            if values:
                one = index.objects[channel]
                one.spans.append(len(index.spans) - 1)
                one.values.append(values)

    def _list(self, channels: int) -> None:
        self._listings += channels
        self._spend(channels)
        if self._listings > MAX_LISTINGS:
            raise HostileInput(f"{self._file.name} lists its channels anew {self._listings} times")

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > _MAX_WORK:
            raise HostileInput(f"{self._file.name} has an index that is all changes")


def _agreed(entry: Entry, one: Object) -> Shape:
    shape = entry.shape
    path = ascii(entry.path[:80])
    if not isinstance(shape, Shape) or len(one.parts) != CHANNEL_PARTS:
        raise UnreadableFile(f"{path} is no channel and has data")
    known = one.shape
    if known is None or known.kind is VOID:
        return shape
    kinds = [(scaler.scale, scaler.kind) for scaler in shape.scalers]
    if shape.kind != known.kind or kinds != [(one.scale, one.kind) for one in known.scalers]:
        raise UnreadableFile(f"{path} changes its type from {known.kind.name} to {shape.kind.name}")
    return shape
