"""Blocks of an MDF 4 file by their address: every link and every length is checked here.

A block is ``##XX``, four bytes, its length, its number of links, the links, and its content
(ASAM MDF 4.2, 4.3).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.model.errors import HostileInput
from avdataops.ports.files import ReadableFile

HEAD_BYTES = 24
MAX_BLOCK_BYTES = 16 << 20
"""Of blocks that describe; those that hold records are read in pieces."""
MAX_TEXT_BYTES = 1 << 20
MAX_BLOCKS = 1 << 20
_PAGE_BYTES = 1 << 15
_MAX_PAGES = 256
_HEAD = struct.Struct("<2s2s4sQQ")
_TX = re.compile(r"<TX[^>]*>(.*?)</TX>", re.DOTALL)
_NAMED = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
_ENTITY = re.compile("|".join(_NAMED))


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the links of a block."""

    kind: str
    length: int
    links: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is whole."""

    address: int
    links: tuple[int, ...]
    content: bytes

    def link(self, number: int) -> int:
        """Return a link, 0 if the block has fewer."""
        return self.links[number] if number < len(self.links) else 0


class Blocks:
    """The blocks of one file; ``cuts`` are the addresses of those that are not whole."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self._pages: dict[int, bytes] = {}
        self._visited: set[int] = set()
        self._texts: dict[int, str] = {}
        self.size = file.size
        self.cuts: list[int] = []

    def head(self, address: int) -> Head | None:
        """Return what a block says of itself, None if nothing of it is in the file."""
        if address + HEAD_BYTES > self.size:
            return None
        mark, kind, _, length, links = _HEAD.unpack(self.read(address, HEAD_BYTES))
        if mark != b"##":
            return None
        return Head(kind.decode("latin-1"), length, links)

    def block(self, address: int, kind: str, content_bytes: int = 0) -> Block | None:
        """Return a block of the kind with at least ``content_bytes``, None if it is not there.

        Raises ``HostileInput`` for one of over 16 MB.
        """
        head = self.head(address)
        if head is None or head.kind != kind:
            self.cut(address)
            return None
        length, links = head.length, head.links
        if length > MAX_BLOCK_BYTES:
            if address + length <= self.size:
                raise HostileInput(f"the {kind} block at byte {address} has {length} bytes")
            self.cut(address)
            return None
        is_whole = length >= HEAD_BYTES + 8 * links + content_bytes
        if not is_whole or address + length > self.size:
            self.cut(address)
            return None
        body = self.read(address + HEAD_BYTES, length - HEAD_BYTES)
        found = struct.unpack_from(f"<{links}Q", body)
        return Block(address, found, body[8 * links :])

    def chain(self, address: int, kind: str, content_bytes: int = 0) -> Iterator[Block]:
        """Yield the blocks of a chain, each of which links the next by its first link."""
        while address:
            self.visit(address)
            found = self.block(address, kind, content_bytes)
            if found is None:
                return
            yield found
            address = found.link(0)

    def visit(self, address: int) -> None:
        """Note a block that only one other may link; raises ``HostileInput`` the second time."""
        if address in self._visited:
            raise HostileInput(f"the MDF blocks run in a circle at byte {address}")
        if len(self._visited) >= MAX_BLOCKS:
            raise HostileInput(f"the file has over {MAX_BLOCKS} MDF blocks")
        self._visited.add(address)

    def cut(self, address: int) -> None:
        """Note a block that is not whole."""
        if address not in self.cuts:
            self.cuts.append(address)

    def text(self, address: int) -> str:
        """Return a text; of a comment in XML the content of its first TX element.

        The XML is never parsed, so its entities mean nothing.  Raises ``HostileInput`` for a text
        of over 1 MB.
        """
        if not address:
            return ""
        if address not in self._texts:
            self._texts[address] = self._text(address)
        return self._texts[address]

    def _text(self, address: int) -> str:
        head = self.head(address)
        if head is None or head.kind not in ("TX", "MD") or address + head.length > self.size:
            self.cut(address)
            return ""
        if head.length > MAX_TEXT_BYTES:
            raise HostileInput(f"the text at byte {address} has {head.length} bytes")
        first = HEAD_BYTES + 8 * min(head.links, head.length // 8)
        raw = self.read(address + first, max(head.length - first, 0))
        text = raw.partition(b"\0")[0].decode("utf-8", "replace").strip()
        if head.kind == "MD":
            found = _TX.search(text)
            return _ENTITY.sub(lambda m: _NAMED[m[0]], found[1]).strip() if found else ""
        return text

    def read(self, at: int, size: int) -> bytes:
        """Return bytes of the file; small ones by way of pages that are kept."""
        if size > _PAGE_BYTES:
            return self._file.read_at(at, size)
        first, last = at // _PAGE_BYTES, (at + max(size, 1) - 1) // _PAGE_BYTES
        start = at - first * _PAGE_BYTES
        if first == last:
            return self._page(first)[start : start + size]
        return b"".join(self._page(number) for number in (first, last))[start : start + size]

    def _page(self, number: int) -> bytes:
        page = self._pages.get(number)
        if page is None:
            if len(self._pages) >= _MAX_PAGES:
                del self._pages[next(iter(self._pages))]
            page = self._file.read_at(number * _PAGE_BYTES, _PAGE_BYTES)
            self._pages[number] = page
        return page
