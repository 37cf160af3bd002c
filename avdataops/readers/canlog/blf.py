"""Vector BLF logs: CAN and CAN FD frames among other objects, in deflated containers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.ports.files import ReadableFile
from avdataops.ports.reading import Sidecars
from avdataops.readers.canlog.blf_file import MAX_FILL, BlfHeader, Block, blocks, read_header
from avdataops.readers.canlog.blf_objects import is_frame, read_frames, types_of, walk
from avdataops.readers.canlog.found import Places
from avdataops.readers.canlog.log import Faults, Piece
from avdataops.readers.canlog.reader import CanLogReader

PIECE_BYTES = 4 << 20


def open_blf(file: ReadableFile, sidecars: Sidecars) -> CanLogReader:
    """Open a log; raises ``UnreadableFile`` if its header is not whole."""
    return CanLogReader(BlfLog(file), sidecars)


@dataclass(slots=True)
class _Sums:
    """What one pass over a log has met."""

    objects: int = 0
    bad: int = 0
    skipped_bytes: int = 0
    is_cut: bool = False


class BlfLog:
    """A BLF log."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._header = read_header(file)

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._file.name

    def label(self, channel: int) -> str:
        """Return ``CAN1`` for channel 1."""
        return f"CAN{channel}"

    def number(self, channel: int) -> int:
        """Return the channel."""
        return channel

    def pieces(self, faults: Faults) -> Iterator[Piece]:
        """Yield the frames of some megabytes of objects at a time."""
        sums = _Sums()
        rest = b""
        for stretch in _stretches(blocks(self._file, self._header, faults)):
            if not stretch.follows:
                sums.skipped_bytes += len(rest)
                rest = b""
            sums.is_cut |= stretch.is_cut
            data = rest + stretch.data
            found = walk(data)
            rest = data[found.rest :]
            sums.skipped_bytes += found.skipped
            sums.objects += len(found.at)
            types = types_of(data, found.at)
            ours = is_frame(types)
            for kind, count in Counter(types[~ours].tolist()).items():
                faults.others(f"objects of type {kind}", count)
            yield self._piece(data, found.at[ours], sums)
        sums.is_cut |= len(rest) > MAX_FILL
        self._note(sums, faults)

    def _piece(self, data: bytes, at: Places, sums: _Sums) -> Piece:
        found, elapsed_ns = read_frames(data, at)
        sums.bad += int((~found.good).sum())
        return found.piece(elapsed_ns + (self._header.start_ns or 0))

    def _note(self, sums: _Sums, faults: Faults) -> None:
        _note_header(self._header, self._file.size, faults)
        if sums.bad:
            text = f"has {sums.bad} frames that are too short, or whose time is out of range"
            faults.note("bad_object", text, lost_rows=sums.bad)
        if sums.skipped_bytes:
            text = f"has {sums.skipped_bytes} bytes in its containers that are no whole object"
            faults.note("decode_failed", text)
        stated = max(self._header.file_bytes, self._header.bytes)
        if sums.is_cut or stated > self._file.size:
            of = f" of {self._header.objects}" if self._header.objects else ""
            text = f"breaks off at byte {self._file.size}: read {sums.objects}{of} objects"
            faults.note("truncated", text)


def _note_header(header: BlfHeader, size: int, faults: Faults) -> None:
    if header.start_ns is None:
        faults.note("no_start_time", "states no start; its times count from 1970")
    else:
        faults.note("no_time_zone", "states its start without a zone; it is taken for UTC")
    if header.file_bytes < size:
        faults.note("unfinalised", "was not closed by the logger; its last records may lack")


def _stretches(parts: Iterator[Block]) -> Iterator[Block]:
    """Yield blocks that follow each other as one, of about ``PIECE_BYTES``."""
    waiting: list[Block] = []
    size = 0
    for block in parts:
        if waiting and (not block.follows or size >= PIECE_BYTES):
            yield _joined(waiting)
            waiting, size = [], 0
        waiting.append(block)
        size += len(block.data)
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[Block]) -> Block:
    data = b"".join(part.data for part in parts)
    return Block(data, parts[0].follows, parts[-1].is_cut)
