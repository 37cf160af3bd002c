"""The bytes behind a data link of MDF 4, as one stream, whatever blocks they are spread over."""

import bisect
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock

from avdataops.model.errors import HostileInput, InputError
from avdataops.ports.files import ReadableFile
from avdataops.readers.mdf4.blocks import HEAD_BYTES, Blocks, Head
from avdataops.readers.mdf4.unsupported import UnsupportedError
from avdataops.readers.mdf4.zipped import HEAD, Zip, inflate, read_head

CHUNK_BYTES = 4 << 20
"""Of plain data read at a time."""
AHEAD = 3
"""Chunks that are read and inflated while one is worked on."""
KEPT_BYTES = 96 << 20
"""Of inflated blocks that are kept for those who come next."""
MAX_PARTS = 1 << 20
PLAIN = ("DT", "SD", "RD", "DV")
_LISTS = ("DL", "LD")
_INVALIDATION = 1 << 31
"""Flag of an LD block whose invalidation bytes are in blocks of their own."""
_DL_CONTENT, _HL_CONTENT = 8, 8


@dataclass(frozen=True, slots=True)
class Part:
    """One data block: ``stored`` bytes at ``at`` give ``size`` bytes from ``start`` on."""

    at: int
    start: int
    size: int
    stored: int
    """Bytes that are in the file; fewer than the block claims if it is cut off."""
    zipped: Zip | None = None

    @property
    def stop(self) -> int:
        """Return where the next part starts."""
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class Chunk:
    """Neighbouring bytes of the stream; ``data`` ends early where bytes cannot be read."""

    start: int
    size: int
    data: bytes
    error: InputError | None = None


class Kept:
    """Inflated blocks by address: each is made once while it is kept, the oldest are dropped."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._held: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, at: int, make: Callable[[], bytes]) -> bytes:
        """Return a block, made by the first who asks for it."""
        with self._lock:
            found = self._held.get(at)
            if found is None:
                mine: Future[bytes] = Future()
                self._held[at] = mine
        if found is not None:
            return found.result()
        try:
            data = make()
        except BaseException as error:
            mine.set_exception(error)
            raise
        mine.set_result(data)
        self._trim(len(data))
        return data

    def _trim(self, more: int) -> None:
        with self._lock:
            self._bytes += more
            for at, one in list(self._held.items()):
                if self._bytes <= self._limit:
                    return
                if one.done() and one.exception() is None:
                    self._bytes -= len(one.result())
                    del self._held[at]


class Data:
    """One stream of bytes; safe for several threads."""

    def __init__(self, file: ReadableFile, parts: tuple[Part, ...], kept: Kept) -> None:
        self._file = file
        self._kept = kept
        self._starts = [part.start for part in parts]
        self.parts = parts
        self.size = parts[-1].stop if parts else 0

    def read(self, start: int, size: int) -> bytes:
        """Return bytes, fewer at the end of what a block that is cut off has.

        Raises an ``InputError`` where they cannot be read.
        """
        found = []
        for part in self.parts[max(bisect.bisect_right(self._starts, start) - 1, 0) :]:
            if part.start >= start + size:
                break
            low, high = max(start, part.start), min(start + size, part.stop)
            if low < high:
                found.append(self._slice(part, low - part.start, high - part.start))
                if len(found[-1]) < high - low:
                    break
        return found[0] if len(found) == 1 else b"".join(found)

    def chunks(self, stop: int, pool: ThreadPoolExecutor | None) -> Iterator[Chunk]:
        """Yield the stream up to ``stop``, read ahead in the threads of ``pool``."""
        wanted = self._pieces(min(stop, self.size))
        if pool is None:
            yield from map(self._chunk, wanted)
            return
        waiting: deque[Future[Chunk]] = deque()
        try:
            for piece in wanted:
                waiting.append(pool.submit(self._chunk, piece))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()

    def _pieces(self, stop: int) -> Iterator[tuple[Part, int, int]]:
        for part in self.parts:
            if part.start >= stop:
                return
            size = min(part.size, stop - part.start)
            if part.zipped is not None:
                yield part, 0, size
                continue
            for low in range(0, size, CHUNK_BYTES):
                yield part, low, min(low + CHUNK_BYTES, size)

    def _chunk(self, piece: tuple[Part, int, int]) -> Chunk:
        part, low, high = piece
        try:
            data, error = self._slice(part, low, high), None
        except InputError as broken:
            data, error = b"", broken
        return Chunk(part.start + low, high - low, data, error)

    def _slice(self, part: Part, low: int, high: int) -> bytes:
        if part.zipped is None:
            return self._file.read_at(part.at + low, max(min(high, part.stored) - low, 0))
        data = self._kept.get(part.at, partial(self._inflated, part, part.zipped))
        return data if not low and high == len(data) else data[low:high]

    def _inflated(self, part: Part, zipped: Zip) -> bytes:
        packed = self._file.read_at(part.at, part.stored)
        return inflate(zipped, packed, part.at - HEAD_BYTES - HEAD.size)


def find_parts(blocks: Blocks, link: int, *, open_length: bool = False) -> tuple[Part, ...]:
    """Return the data blocks behind a link in their order.

    With ``open_length`` the last one, if it is not compressed, goes on to the end of the file.

    Blocks that are not in the file are left out with all that follow, a block that is cut off has
    what is there, and ``blocks.cuts`` tell of both.  Raises ``UnsupportedError`` for invalidation
    bytes beside the records, and ``HostileInput`` for more blocks than a file can need.
    """
    addresses = _addresses(blocks, link)
    parts: list[Part] = []
    start = 0
    for number, address in enumerate(addresses, 1):
        head = blocks.head(address)
        if head is None:
            blocks.cut(address)
            break
        part = _part(blocks, head, address, start)
        if part is None:
            break
        if number == len(addresses) and open_length and part.zipped is None:
            size = blocks.size - part.at
            part = Part(part.at, start, size, size)
        parts.append(part)
        start = part.stop
    return tuple(part for part in parts if part.size)


def _addresses(blocks: Blocks, link: int) -> list[int]:
    head = blocks.head(link) if link else None
    if head is None:
        if link:
            blocks.cut(link)
        return []
    kind = head.kind
    if kind == "HL":
        found = blocks.block(link, "HL", _HL_CONTENT)
        link, kind = (found.link(0) if found else 0), "DL"
    elif kind not in _LISTS:
        return [link]
    listed: list[int] = []
    for one in blocks.chain(link, kind, _DL_CONTENT):
        if kind == "LD" and int.from_bytes(one.content[:4], "little") & _INVALIDATION:
            raise UnsupportedError("invalidation bytes in blocks of their own")
        count = int.from_bytes(one.content[4:8], "little")
        wanted = one.links[1:]
        listed += [at for at in wanted[: count or len(wanted)] if at]
        if len(listed) > MAX_PARTS:
            raise HostileInput(f"a list of data has over {MAX_PARTS} blocks")
    return listed


def _part(blocks: Blocks, head: Head, address: int, start: int) -> Part | None:
    at = address + HEAD_BYTES
    here = blocks.size - at
    if head.kind in PLAIN:
        size = max(head.length - HEAD_BYTES, 0)
        if size > here:
            blocks.cut(address)
        return Part(at, start, min(size, here), min(size, here))
    if head.kind != "DZ" or here < HEAD.size:
        blocks.cut(address)
        return None
    zipped = read_head(blocks.read(at, HEAD.size), address)
    here -= HEAD.size
    if zipped.stored > here:
        blocks.cut(address)
    return Part(at + HEAD.size, start, zipped.original, min(zipped.stored, here), zipped)
