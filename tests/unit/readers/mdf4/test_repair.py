"""Tests of ending broken block chains."""

import struct
from collections.abc import Callable

import pytest

from avdataops.model.errors import HostileInput
from avdataops.ports.files import BytesFile
from avdataops.readers.mdf4.overlay import Overlay
from avdataops.readers.mdf4.repair import Repair

HEADER_AT, FIRST_GROUP = 64, 88


class Image:
    """A file image made of blocks; links are offsets."""

    def __init__(self) -> None:
        self.data = bytearray(b"MDF     4.10    ".ljust(64, b"\0"))
        self.block(b"##HD", [0] * 6, bytes(32))

    def block(self, kind: bytes, links: list[int], rest: bytes = b"") -> int:
        at = len(self.data)
        length = 24 + 8 * len(links) + len(rest)
        self.data += kind + bytes(4) + struct.pack("<QQ", length, len(links))
        self.data += struct.pack(f"<{len(links)}Q", *links) + rest
        return at

    def link(self, at: int, target: int) -> None:
        struct.pack_into("<Q", self.data, at, target)

    def channel(self, data: int = 0, members: int = 0, after: int = 0) -> int:
        return self.block(b"##CN", [after, members, 0, 0, 0, data, 0, 0], bytes(72))

    def channels(self, first: int, after: int = 0) -> int:
        return self.block(b"##CG", [after, first, 0, 0, 0, 0], bytes(32))

    def group(self, channels: int, data: int, after: int = 0) -> int:
        return self.block(b"##DG", [after, channels, data, 0], bytes(8))


def _run(data: bytes) -> tuple[Repair, Overlay]:
    stream = Overlay(BytesFile("a.mf4", data))
    repair = Repair(stream, len(data))
    repair.run()
    return repair, stream


def _u64(stream: Overlay, at: int) -> int:
    stream.seek(at)
    return int.from_bytes(stream.read(8), "little")


def _whole() -> tuple[Image, dict[str, int]]:
    image = Image()
    at = {"channel": image.channel()}
    at["channels"] = image.channels(at["channel"])
    at["group"] = image.group(at["channels"], 0)
    image.link(FIRST_GROUP, at["group"])
    at["data"] = image.block(b"##DT", [], bytes(1000))
    image.link(at["group"] + 40, at["data"])
    return image, at


def test_a_whole_file_is_left_alone() -> None:
    image, _ = _whole()
    repair, stream = _run(bytes(image.data))
    stream.seek(0)
    assert repair.cuts == []
    assert stream.read() == bytes(image.data)


def test_a_data_block_that_is_cut_off_is_shortened_to_the_end() -> None:
    image, at = _whole()
    cut = bytes(image.data[:-300])
    repair, stream = _run(cut)
    assert repair.cuts == [at["data"]]
    assert _u64(stream, at["data"] + 8) == len(cut) - at["data"]


def test_a_data_block_that_is_not_there_is_unlinked() -> None:
    image, at = _whole()
    repair, stream = _run(bytes(image.data[: at["data"]]))
    assert repair.cuts == [at["data"]]
    assert _u64(stream, at["group"] + 40) == 0


def test_a_compressed_block_that_is_cut_off_is_unlinked() -> None:
    image, at = _whole()
    image.data[at["data"] : at["data"] + 4] = b"##DZ"
    repair, stream = _run(bytes(image.data[:-1]))
    assert repair.cuts == [at["data"]]
    assert _u64(stream, at["group"] + 40) == 0


@pytest.mark.parametrize("through_header", [False, True])
def test_a_list_is_shortened_to_the_blocks_that_are_there(through_header: bool) -> None:
    image, at = _whole()
    blocks = [image.block(b"##DT", [], bytes(100)) for _ in range(2)]
    links = [0, *blocks, len(image.data) + 10_000, len(image.data) + 20_000]
    listed = image.block(b"##DL", links, bytes(4) + struct.pack("<I", 4) + bytes(32))
    first = image.block(b"##HL", [listed], bytes(8)) if through_header else listed
    image.link(at["group"] + 40, first)
    repair, stream = _run(bytes(image.data))
    assert repair.cuts == [links[3]]
    stream.seek(listed + 24 + 8 * 5 + 4)
    assert struct.unpack("<I", stream.read(4)) == (2,)


def test_groups_beyond_the_end_are_unlinked() -> None:
    image, at = _whole()
    image.link(at["group"] + 24, 1 << 40)
    repair, stream = _run(bytes(image.data))
    assert repair.cuts == [1 << 40]
    assert _u64(stream, at["group"] + 24) == 0


def test_signal_data_of_members_of_a_structure_is_shortened() -> None:
    image, at = _whole()
    signal = image.block(b"##SD", [], bytes(500))
    member = image.channel(data=signal)
    image.link(at["channel"] + 32, member)
    # The block of signal data is last, so that it can be cut off.
    image.data += bytes(0)
    moved = image.block(b"##SD", [], bytes(500))
    image.link(member + 64, moved)
    cut = bytes(image.data[:-100])
    repair, stream = _run(cut)
    assert repair.cuts == [moved]
    assert _u64(stream, moved + 8) == 24 + 400


@pytest.mark.parametrize("link_at", [96, 104, 112, 120, 128])
def test_extras_of_the_header_beyond_the_end_are_unlinked(link_at: int) -> None:
    image, _ = _whole()
    image.link(link_at, len(image.data) - 5)
    repair, stream = _run(bytes(image.data))
    assert len(repair.cuts) == 1
    assert _u64(stream, link_at) == 0


def _group_circle(image: Image, at: dict[str, int]) -> None:
    image.link(at["group"] + 24, at["group"])


def _channel_circle(image: Image, at: dict[str, int]) -> None:
    image.link(at["channel"] + 24, at["channel"])


def _member_circle(image: Image, at: dict[str, int]) -> None:
    image.link(at["channel"] + 32, at["channel"])


@pytest.mark.parametrize("make", [_group_circle, _channel_circle, _member_circle])
def test_circles_are_refused(make: Callable[[Image, dict[str, int]], None]) -> None:
    image, at = _whole()
    make(image, at)
    with pytest.raises(HostileInput, match="circle"):
        _run(bytes(image.data))


def test_a_file_shorter_than_its_header_has_nothing_to_walk() -> None:
    repair, _ = _run(b"MDF     4.10    ")
    assert repair.cuts == []
