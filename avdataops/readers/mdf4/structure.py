"""Header, groups and channels of an MDF 4 file, read from its own blocks (ASAM MDF 4.2, 5)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import ReadableFile
from avdataops.readers.mdf4.blocks import Block, Blocks
from avdataops.readers.mdf4.conversion import Conversion, read_conversion
from avdataops.readers.mdf4.unsupported import UnsupportedError

MAX_CHANNELS = 1 << 18
_HEADER_AT = 64
_ID = struct.Struct("<8s8s8s4sH30sHH")
_START = struct.Struct("<QhhBB")
_CG = struct.Struct("<QQHH4sII")
_CN = struct.Struct("<BBBBIIIIBBH")
_CA = struct.Struct("<BBHIiI")
_REMOTE_MASTER = 8
_VLSC = 7
_CN_TEMPLATE = 0
_INVERSE = 64
_DYNAMIC_SIZE = 512
_MAX_DIMENSIONS = 16
MAX_ELEMENTS = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the value of a channel stands in a record, and how it is written there."""

    data_type: int
    byte: int
    bit: int
    bits: int
    invalid_bit: int | None = None
    shape: tuple[int, ...] = ()
    """Of an array."""
    strides: tuple[int, ...] = ()
    """Bytes between its elements, by dimension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """One channel."""

    name: str
    unit: str
    kind: int
    """cn_type: 0 value, 1 VLSD, 2 master, 3 virtual master, 4 sync, 5 MLSD, 6 virtual."""
    sync: int
    flags: int
    place: Place
    conversion: Conversion | None
    data: int
    """Link to signal data, to a group of variable length, or to the channel of the length."""
    address: int
    is_structure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """One channel group."""

    index: int
    address: int
    record_id: int
    cycles: int
    flags: int
    name: str
    data_bytes: int
    invalid_bytes: int
    channels: tuple[ChannelFacts, ...]
    master_in: int = 0
    """Address of the group that has its master, 0 if it has its own."""

    @property
    def record_bytes(self) -> int:
        """Return the length of a record without its id."""
        return self.data_bytes + self.invalid_bytes


@dataclass(frozen=True, slots=True)
class DataGroup:
    """Channel groups whose records are in one stream of bytes."""

    id_bytes: int
    data: int
    groups: tuple[GroupFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Everything that an MDF file says of its records."""

    version: str
    start_ns: int
    time_flags: int
    unfinished: int
    """Flags of what an unfinalised file lacks, 0 for one that was closed."""
    attachments: tuple[str, ...]
    data_groups: tuple[DataGroup, ...]


@dataclass(slots=True)
class _Walk:
    blocks: Blocks
    conversions: dict[int, Conversion | None] = field(default_factory=dict)
    groups: int = 0
    channels: int = 0


def read_structure(file: ReadableFile, blocks: Blocks) -> Structure:
    """Walk the blocks of a file.

    Chains end at the last block that is whole.  Raises ``UnreadableFile`` without a header,
    ``HostileInput`` for circles and absurd counts, ``UnsupportedError`` for what the library reads.
    """
    head = blocks.read(0, _HEADER_AT)
    if len(head) < _HEADER_AT:
        raise UnreadableFile(f"{file.name} has {len(head)} bytes; an MDF header has {_HEADER_AT}")
    magic, version, _, _, _, _, unfinished, _ = _ID.unpack(head)
    header = blocks.block(_HEADER_AT, "HD", _START.size)
    if header is None:
        raise UnreadableFile(f"{file.name}: the MDF blocks cannot be read: its header is not whole")
    start_ns, _, _, time_flags, _ = _START.unpack_from(header.content)
    walk = _Walk(blocks)
    for number, kind in ((1, "FH"), (4, "EV")):
        for _ in blocks.chain(header.link(number), kind):
            pass
    for number in (2, 5):
        if header.link(number) and blocks.head(header.link(number)) is None:
            blocks.cut(header.link(number))
    return Structure(
        version=version.decode("ascii", "replace").strip(" \0"),
        start_ns=start_ns,
        time_flags=time_flags,
        unfinished=unfinished if magic.startswith(b"UnFinMF") else 0,
        attachments=tuple(blocks.text(one.link(1)) for one in blocks.chain(header.link(3), "AT")),
        data_groups=tuple(_data_groups(walk, header.link(0))),
    )


def _data_groups(walk: _Walk, link: int) -> Iterator[DataGroup]:
    for block in walk.blocks.chain(link, "DG", 1):
        groups = tuple(_groups(walk, block.link(1)))
        yield DataGroup(block.content[0], block.link(2), groups)


def _groups(walk: _Walk, link: int) -> Iterator[GroupFacts]:
    blocks = walk.blocks
    for block in blocks.chain(link, "CG", _CG.size):
        record_id, cycles, flags, _, _, data, invalid = _CG.unpack_from(block.content)
        index, walk.groups = walk.groups, walk.groups + 1
        channels = tuple(_channels(walk, block.link(1)))
        yield GroupFacts(
            index=index,
            address=block.address,
            record_id=record_id,
            cycles=cycles,
            flags=flags,
            name=blocks.text(block.link(2)) or _source(blocks, block.link(3)) or f"group {index}",
            data_bytes=data,
            invalid_bytes=invalid,
            channels=channels,
            master_in=block.link(6) if flags & _REMOTE_MASTER else 0,
        )


def _source(blocks: Blocks, link: int) -> str:
    found = blocks.block(link, "SI") if link else None
    return blocks.text(found.link(0)) if found else ""


def _channels(walk: _Walk, link: int) -> Iterator[ChannelFacts]:
    """Yield channels, each with the members of its structure behind it."""
    waiting = [walk.blocks.chain(link, "CN", _CN.size)]
    while waiting:
        block = next(waiting[-1], None)
        if block is None:
            waiting.pop()
            continue
        walk.channels += 1
        if walk.channels > MAX_CHANNELS:
            raise HostileInput(f"the file claims over {MAX_CHANNELS} channels")
        members = block.link(1)
        head = walk.blocks.head(members) if members else None
        kind = head.kind if head else ""
        if kind == "CN":
            waiting.append(walk.blocks.chain(members, "CN", _CN.size))
        elif kind in ("CU", "CV"):
            raise UnsupportedError("channels that are unions or variants")
        elif kind not in ("", "CA"):
            walk.blocks.cut(members)
        yield _channel(walk, block, kind)


def _channel(walk: _Walk, block: Block, composition: str) -> ChannelFacts:
    blocks = walk.blocks
    kind, sync, data_type, bit, byte, bits, flags, invalid, _, _, _ = _CN.unpack_from(block.content)
    if kind >= _VLSC:
        raise UnsupportedError(f"channels of type {kind}")
    conversion = read_conversion(blocks, block.link(4), walk.conversions)
    place = Place(
        data_type=data_type,
        byte=byte,
        bit=bit,
        bits=bits,
        invalid_bit=invalid if flags & 2 else None,
    )
    if composition == "CA":
        place = _array(blocks, block.link(1), place)
    return ChannelFacts(
        name=blocks.text(block.link(2)),
        unit=blocks.text(block.link(6)) or (conversion.unit if conversion else ""),
        kind=kind,
        sync=sync,
        flags=flags,
        place=place,
        conversion=conversion,
        data=block.link(5),
        address=block.address,
        is_structure=composition == "CN",
    )


def _array(blocks: Blocks, link: int, place: Place) -> Place:
    """Return the place of an array whose elements stand in the record (CA block, 5.18)."""
    found = blocks.block(link, "CA", _CA.size)
    if found is None:
        return place
    _, storage, count, flags, base, _ = _CA.unpack_from(found.content)
    if storage != _CN_TEMPLATE or flags & _DYNAMIC_SIZE or found.link(0):
        raise UnsupportedError("arrays that are not in their record")
    if not 0 < count <= _MAX_DIMENSIONS or len(found.content) < _CA.size + 8 * count:
        raise HostileInput(f"the array at byte {link} claims {count} dimensions")
    shape = struct.unpack_from(f"<{count}Q", found.content, _CA.size)
    total = 1
    for size in shape:
        total *= size
        if not 0 < total <= MAX_ELEMENTS:
            raise HostileInput(f"the array at byte {link} claims a shape of {shape}")
    order = range(count) if flags & _INVERSE else reversed(range(count))
    strides, step = [0] * count, base
    for number in order:
        strides[number] = step
        step *= shape[number]
    return Place(
        data_type=place.data_type,
        byte=place.byte,
        bit=place.bit,
        bits=place.bits,
        invalid_bit=place.invalid_bit,
        shape=shape,
        strides=tuple(strides),
    )
