"""MDF 4.10 files put together block by block (ASAM MDF 4.1, 4 to 5)."""

import itertools
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

LITTLE_UINT, BIG_UINT, LITTLE_INT, BIG_INT, LITTLE_REAL, BIG_REAL = range(6)
TEXT_LATIN, TEXT_UTF8, TEXT_UTF16_LITTLE, TEXT_UTF16_BIG, BYTES = range(6, 11)
VALUE, VLSD, MASTER, VIRTUAL_MASTER = range(4)
_HEADER_AT = 64


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion block: kind, numbers, and texts or conversions that it refers to."""

    kind: int
    values: tuple[float, ...] = ()
    refs: "tuple[str | Conversion | None, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel and where its value stands in a record."""

    name: str = "x"
    kind: int = VALUE
    sync: int = 0
    data_type: int = LITTLE_UINT
    byte: int = 8
    bit: int = 0
    bits: int = 8
    flags: int = 0
    """1: all values are invalid; 2: the invalidation bit counts."""
    invalid_bit: int = 0
    conversion: Conversion | None = None
    unit: str = ""
    signal_data: bytes | None = None


SECONDS = Channel(name="t", kind=MASTER, sync=1, data_type=LITTLE_REAL, byte=0, bits=64)
"""The usual master: seconds as a double at the beginning of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A channel group; ``data_bytes`` of a record are without those of invalidation."""

    channels: Sequence[Channel]
    data_bytes: int
    cycles: int
    name: str = "g"
    invalid_bytes: int = 0
    record_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataGroup:
    """Channel groups and their records, each behind its id if ``id_bytes`` is not 0."""

    groups: Sequence[Group]
    records: bytes
    id_bytes: int = 0
    storage: str = "DT"
    """``DT``, ``DZ``, ``DZ-transposed``, ``DL``, ``HL`` or ``none``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Facts of the whole file; offsets are minutes."""

    start_ns: int = 0
    zone: int = 0
    summer: int = 0
    time_flags: int = 0
    unfinalised: int = 0


@dataclass(slots=True)
class _Image:
    data: bytearray = field(default_factory=bytearray)

    def block(self, kind: str, links: Sequence[int], rest: bytes = b"") -> int:
        """Append a block and return its offset; blocks begin at multiples of eight."""
        self.data += bytes(-len(self.data) % 8)
        at = len(self.data)
        length = 24 + 8 * len(links) + len(rest)
        self.data += f"##{kind}".encode() + bytes(4) + struct.pack("<QQ", length, len(links))
        self.data += struct.pack(f"<{len(links)}Q", *links) + rest
        return at

    def text(self, text: str) -> int:
        """Append a text block, none for an empty text."""
        raw = text.encode() + b"\0"
        return self.block("TX", (), raw + bytes(-len(raw) % 8)) if text else 0

    def conversion(self, one: Conversion | None) -> int:
        """Append a conversion with what it refers to."""
        if one is None:
            return 0
        refs = [
            self.text(ref) if isinstance(ref, str) else self.conversion(ref) for ref in one.refs
        ]
        counts = struct.pack("<BBHHH", one.kind, 0, 0, len(refs), len(one.values))
        values = struct.pack(f"<2d{len(one.values)}d", 0, 0, *one.values)
        return self.block("CC", (0, 0, 0, 0, *refs), counts + values)

    def channel(self, one: Channel, after: int) -> int:
        """Append a channel."""
        data = self.block("SD", (), one.signal_data) if one.signal_data is not None else 0
        name, unit = self.text(one.name), self.text(one.unit)
        links = (after, 0, name, 0, self.conversion(one.conversion), data, unit, 0)
        kinds = struct.pack("<BBBB", one.kind, one.sync, one.data_type, one.bit)
        place = struct.pack("<IIII", one.byte, one.bits, one.flags, one.invalid_bit)
        return self.block("CN", links, kinds + place + bytes(4 + 48))

    def group(self, one: Group, after: int) -> int:
        """Append a channel group."""
        first = 0
        for channel in reversed(one.channels):
            first = self.channel(channel, first)
        facts = struct.pack("<QQHHI", one.record_id, one.cycles, 0, 0, 0)
        sizes = struct.pack("<II", one.data_bytes, one.invalid_bytes)
        return self.block("CG", (after, first, self.text(one.name), 0, 0, 0), facts + sizes)

    def packed(self, raw: bytes, columns: int) -> int:
        """Append a deflated block, transposed by records of ``columns`` bytes unless 0."""
        whole = raw
        if columns:
            rows = len(raw) // columns
            turned = bytes(raw[row * columns + c] for c in range(columns) for row in range(rows))
            whole = turned + raw[rows * columns :]
        content = zlib.compress(whole)
        head = b"DT" + struct.pack("<BBIQQ", bool(columns), 0, columns, len(raw), len(content))
        return self.block("DZ", (), head + content)

    def records(self, one: DataGroup) -> int:
        """Append the records in the asked form."""
        if one.storage == "none":
            return 0
        if one.storage.startswith("DZ"):
            is_turned = one.storage.endswith("transposed")
            return self.packed(one.records, one.groups[0].data_bytes if is_turned else 0)
        if one.storage == "DT":
            return self.block("DT", (), one.records)
        # Cuts that do not fall between records.
        cuts = [0, len(one.records) // 3 + 1, len(one.records) // 2 + 3, len(one.records)]
        parts = [one.records[a:b] for a, b in itertools.pairwise(cuts)]
        if one.storage == "HL":
            blocks = [self.packed(part, 0) for part in parts]
        else:
            blocks = [self.block("DT", (), part) for part in parts]
        offsets = struct.pack(f"<BBHI{len(parts)}Q", 0, 0, 0, len(parts), *cuts[:-1])
        chain = self.block("DL", (0, *blocks), offsets)
        return self.block("HL", (chain,), bytes(8)) if one.storage == "HL" else chain


def mdf4(data_groups: Sequence[DataGroup], header: Header | None = None) -> bytes:
    """Return a file of the given data groups."""
    facts = header or Header()
    image = _Image()
    magic = b"UnFinMF " if facts.unfinalised else b"MDF     "
    image.data += magic + b"4.10    " + b"by hand " + bytes(4) + struct.pack("<H", 410) + bytes(30)
    image.data += struct.pack("<HH", facts.unfinalised, 0)
    image.block("HD", (0,) * 6, bytes(32))
    first = 0
    for one in reversed(data_groups):
        channels = 0
        for group in reversed(one.groups):
            channels = image.group(group, channels)
        links = (first, channels, image.records(one), 0)
        first = image.block("DG", links, bytes([one.id_bytes]) + bytes(7))
    start = struct.pack("<QhhB", facts.start_ns, facts.zone, facts.summer, facts.time_flags)
    struct.pack_into("<Q", image.data, _HEADER_AT + 24, first)
    image.data[_HEADER_AT + 72 : _HEADER_AT + 72 + len(start)] = start
    return bytes(image.data)
