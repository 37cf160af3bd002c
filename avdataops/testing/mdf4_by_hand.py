"""MDF 4.10 files put together block by block (ASAM MDF 4.1, 4 to 5)."""

import itertools
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

LITTLE_UINT, BIG_UINT, LITTLE_INT, BIG_INT, LITTLE_REAL, BIG_REAL = range(6)
TEXT_LATIN, TEXT_UTF8, TEXT_UTF16_LITTLE, TEXT_UTF16_BIG, BYTES = range(6, 11)
VALUE, VLSD, MASTER, VIRTUAL_MASTER, SYNC, MLSD, VIRTUAL = range(7)
DATE, TIME, COMPLEX = 13, 14, 15
_HEADER_AT = 64
_BITFIELD = 11


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion block: kind, numbers, and texts or conversions that it refers to."""

    kind: int
    values: tuple[float, ...] = ()
    refs: "tuple[str | Conversion | None, ...]" = ()


@dataclass(frozen=True, slots=True)
class Array:
    """Elements of a channel, ``step`` bytes apart in the innermost dimension."""

    shape: tuple[int, ...]
    step: int
    is_inverse: bool = False
    storage: int = 0


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
    values_in: str = ""
    """Name of the group of variable length, or of the channel of the length."""
    array: Array | None = None
    members: "Sequence[Channel]" = ()


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
    flags: int = 0
    """1: values of variable length; 2: bus event; 8: the master is in another group."""
    master_in: str = ""
    """Name of that group, which must come later in the file's list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataGroup:
    """Channel groups and their records, each behind its id if ``id_bytes`` is not 0."""

    groups: Sequence[Group]
    records: bytes
    id_bytes: int = 0
    storage: str = "DT"
    """``DT``, ``DZ``, ``DZ-transposed``, ``DZ-zstd``, ``DZ-lz4``, ``DL``, ``HL``, ``LD``,
    ``LD-DI``, ``none``, or ``open``: at the end of the file, without its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Facts of the whole file; offsets are minutes."""

    start_ns: int = 0
    zone: int = 0
    summer: int = 0
    time_flags: int = 0
    unfinalised: int = 0
    attachments: tuple[str, ...] = ()


@dataclass(slots=True)
class _Image:
    data: bytearray = field(default_factory=bytearray)
    named: dict[str, int] = field(default_factory=dict)
    """Groups and channels that others refer to."""
    waiting: "list[tuple[int, DataGroup]]" = field(default_factory=list)
    """Data groups whose records are not written yet, with where their link stands."""

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
        code = "Q" if one.kind == _BITFIELD else "d"
        numbers = [int(value) for value in one.values] if code == "Q" else one.values
        values = struct.pack(f"<2d{len(one.values)}{code}", 0, 0, *numbers)
        return self.block("CC", (0, 0, 0, 0, *refs), counts + values)

    def channel(self, one: Channel, after: int) -> int:
        """Append a channel."""
        data = self.named.get(one.values_in, 0)
        if one.signal_data is not None:
            data = self.block("SD", (), one.signal_data)
        inside = self.array(one.array) if one.array else 0
        for member in reversed(one.members):
            inside = self.channel(member, inside)
        name, unit = self.text(one.name), self.text(one.unit)
        links = (after, inside, name, 0, self.conversion(one.conversion), data, unit, 0)
        kinds = struct.pack("<BBBB", one.kind, one.sync, one.data_type, one.bit)
        place = struct.pack("<IIII", one.byte, one.bits, one.flags, one.invalid_bit)
        self.named[one.name] = self.block("CN", links, kinds + place + bytes(4 + 48))
        return self.named[one.name]

    def array(self, one: Array) -> int:
        """Append the shape of a channel."""
        flags = 64 if one.is_inverse else 0
        head = struct.pack("<BBHIiI", 0, one.storage, len(one.shape), flags, one.step, 0)
        return self.block("CA", (0,), head + struct.pack(f"<{len(one.shape)}Q", *one.shape))

    def group(self, one: Group, after: int) -> int:
        """Append a channel group."""
        first = 0
        for channel in reversed(one.channels):
            first = self.channel(channel, first)
        facts = struct.pack("<QQHHI", one.record_id, one.cycles, one.flags, 0, 0)
        sizes = struct.pack("<II", one.data_bytes, one.invalid_bytes)
        links = [after, first, self.text(one.name), 0, 0, 0]
        links += [self.named[one.master_in]] if one.master_in else []
        self.named[one.name] = self.block("CG", links, facts + sizes)
        return self.named[one.name]

    def packed(self, raw: bytes, columns: int, codec: str = "") -> int:
        """Append a compressed block, transposed by records of ``columns`` bytes unless 0."""
        whole = raw
        if columns:
            rows = len(raw) // columns
            turned = bytes(raw[row * columns + c] for c in range(columns) for row in range(rows))
            whole = turned + raw[rows * columns :]
        packer = {"zstd": 2, "lz4": 4}
        content = pa.compress(whole, codec, asbytes=True) if codec else zlib.compress(whole)
        method = packer.get(codec, 0) + bool(columns)
        head = b"DT" + struct.pack("<BBIQQ", method, 0, columns, len(raw), len(content))
        return self.block("DZ", (), head + content)

    def records(self, one: DataGroup) -> int:
        """Append the records in the asked form."""
        if one.storage == "none":
            return 0
        if one.storage == "open":
            return self.block("DT", ())
        if one.storage.startswith("LD"):
            flags = 1 << 31 if one.storage == "LD-DI" else 0
            halves = [
                self.block("DV", (), one.records[:11]),
                self.block("DV", (), one.records[11:]),
            ]
            facts = struct.pack("<IIQQ", flags, len(halves), 0, 11)
            return self.block("LD", (0, *halves), facts)
        if one.storage.startswith("DZ"):
            codec = one.storage.partition("-")[2]
            is_turned = codec == "transposed"
            columns = one.groups[0].data_bytes if is_turned else 0
            return self.packed(one.records, columns, "" if is_turned else codec)
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
        links = (first, channels, 0, 0)
        first = image.block("DG", links, bytes([one.id_bytes]) + bytes(7))
        image.waiting.append((first + 40, one))
    start = struct.pack("<QhhB", facts.start_ns, facts.zone, facts.summer, facts.time_flags)
    struct.pack_into("<Q", image.data, _HEADER_AT + 24, first)
    image.data[_HEADER_AT + 72 : _HEADER_AT + 72 + len(start)] = start
    attached = 0
    for name in reversed(facts.attachments):
        attached = image.block("AT", (attached, image.text(name), 0, 0), bytes(32))
    struct.pack_into("<Q", image.data, _HEADER_AT + 48, attached)
    # Records come last, as loggers write them, so that a file that breaks off has its groups.
    for link, one in sorted(image.waiting, key=lambda pair: pair[1].storage == "open"):
        struct.pack_into("<Q", image.data, link, image.records(one))
        image.data += one.records if one.storage == "open" else b""
    return bytes(image.data)
