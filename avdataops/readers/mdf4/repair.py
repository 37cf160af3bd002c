"""Makes the block chains of damaged MDF 4 files end where the file ends, in memory only."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from avdataops.model.errors import HostileInput

_U64 = struct.Struct("<Q")
_U32 = struct.Struct("<I")
_FIRST_DG = 88
_LENGTH, _LINKS = 8, 16
_FIRST_LINK = 24
_HD_CHAINS = (96, 112, 120)
"""History, attachments and events."""
_HD_EXTRAS = (104, 128)
"""Hierarchy and comment."""
_DG_CG, _DG_DATA, _DG_COMMENT = 32, 40, 48
_CG_CN, _CG_COMMENT = 32, 64
_CN_MEMBERS, _CN_DATA, _CN_COMMENT = 32, 64, 80
_HEAD_BYTES = 24
_MAX_BLOCKS = 1 << 22
_PLAIN = (b"##DT", b"##SD", b"##DV", b"##RD")


class Editable(Protocol):
    """A stream that can be written to without touching the file."""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to an offset."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""

    def write(self, data: bytes, /) -> int:
        """Replace the next bytes."""


@dataclass(slots=True)
class Repair:
    """One walk over the chains of a file (ASAM MDF 4.2, 5: block links)."""

    stream: Editable
    size: int
    cuts: list[int] = field(default_factory=list)
    """Offsets of blocks that are cut off or not there."""
    _seen: set[int] = field(default_factory=set)

    def run(self) -> None:
        """End chains at their last whole block and shorten the block that is cut off.

        Raises ``HostileInput`` for a chain that runs in a circle.
        """
        for link_at in _HD_CHAINS:
            for _ in self._chain(link_at, _HEAD_BYTES + 32):
                pass
        for link_at in _HD_EXTRAS:
            self._optional(link_at)
        for group in self._chain(_FIRST_DG, _HEAD_BYTES + 40):
            self._data(group + _DG_DATA)
            self._optional(group + _DG_COMMENT)
            for channels in self._chain(group + _DG_CG, _HEAD_BYTES + 80):
                self._optional(channels + _CG_COMMENT)
                self._channels(channels + _CG_CN)

    def _channels(self, link_at: int) -> None:
        """Walk channels and the members of structures."""
        waiting = [link_at]
        while waiting:
            for channel in self._chain(waiting.pop(), _HEAD_BYTES + 136):
                self._data(channel + _CN_DATA)
                self._optional(channel + _CN_COMMENT)
                members = self._u64(channel + _CN_MEMBERS)
                if members and self._bytes(members, 4) == b"##CN":
                    waiting.append(channel + _CN_MEMBERS)

    def _optional(self, link_at: int) -> None:
        """Drop a link to something beyond the end that no value depends on."""
        address = self._u64(link_at)
        is_whole = address + _HEAD_BYTES <= self.size
        if address and not (is_whole and self._ends(address) <= self.size):
            self.cuts.append(address)
            self._patch(link_at, 0)

    def _chain(self, link_at: int, block_bytes: int) -> Iterator[int]:
        """Yield the blocks of a chain whose first link stands at ``link_at``."""
        address = self._u64(link_at)
        while address:
            if address + block_bytes > self.size:
                self.cuts.append(address)
                self._patch(link_at, 0)
                return
            self._visit(address)
            yield address
            link_at = address + _FIRST_LINK
            address = self._u64(link_at)

    def _visit(self, address: int) -> None:
        if address in self._seen or len(self._seen) > _MAX_BLOCKS:
            raise HostileInput(f"the MDF blocks run in a circle at byte {address}")
        self._seen.add(address)

    def _ends(self, address: int) -> int:
        return address + self._u64(address + _LENGTH)

    def _data(self, link_at: int) -> None:
        address = self._u64(link_at)
        if not address or address in self._seen:
            return
        kind = self._bytes(address, 4)
        if kind == b"##HL":
            link_at, kind = address + _FIRST_LINK, b"##DL"
        if kind == b"##DL":
            for block in self._chain(link_at, _HEAD_BYTES + 16):
                self._list(block)
        elif not self._fits(address, kind):
            self._patch(link_at, 0)

    def _list(self, block: int) -> None:
        """Shorten a data list to the blocks that are there."""
        links = self._u64(block + _LINKS)
        count_at = block + _HEAD_BYTES + 8 * links + 4
        if links > _MAX_BLOCKS or count_at + 4 > self.size:
            self.cuts.append(block)
            return
        for number in range(links - 1):
            address = self._u64(block + _FIRST_LINK + 8 * (number + 1))
            if address and not self._fits(address, self._bytes(address, 4)):
                self._patch_bytes(count_at, _U32.pack(number))
                self._patch(block + _FIRST_LINK, 0)
                return

    def _fits(self, address: int, kind: bytes) -> bool:
        """Say whether a data block has anything to read; shortens it if it is cut off."""
        if address + _HEAD_BYTES > self.size:
            self.cuts.append(address)
            return False
        if address + self._u64(address + _LENGTH) <= self.size:
            return True
        self.cuts.append(address)
        if kind not in _PLAIN:
            return False
        self._patch(address + _LENGTH, self.size - address)
        return True

    def _u64(self, at: int) -> int:
        data = self._bytes(at, 8)
        return int(_U64.unpack(data)[0]) if len(data) == _U64.size else 0

    def _bytes(self, at: int, size: int) -> bytes:
        self.stream.seek(at)
        return self.stream.read(size)

    def _patch(self, at: int, value: int) -> None:
        self._patch_bytes(at, _U64.pack(value))

    def _patch_bytes(self, at: int, data: bytes) -> None:
        self.stream.seek(at)
        self.stream.write(data)
