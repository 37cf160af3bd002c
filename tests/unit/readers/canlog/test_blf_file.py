"""The file of a BLF log: header and containers."""

import struct
import tracemalloc
import zlib
from datetime import UTC, datetime

import numpy as np
import pytest

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.readers.canlog.blf_file import BlfHeader, Block, blocks, read_header
from avdataops.readers.canlog.log import Faults
from avdataops.testing.can_logs import (
    START,
    START_NS,
    STORED,
    blf_container,
    blf_file,
    blf_object,
)

TEXT = blf_object(65, b"some text")


def read(data: bytes) -> tuple[list[Block], list[str]]:
    """Return the blocks, and what is wrong, without the name of the file."""
    file, faults = BytesFile("a.blf", data), Faults("a.blf")
    found = list(blocks(file, read_header(file), faults))
    return found, [one.message.removeprefix("a.blf has ") for one in faults.problems()]


class TestHeader:
    def test_start_sizes_and_count_are_read(self) -> None:
        header = read_header(BytesFile("a.blf", blf_file(TEXT, objects=7)))
        expected = 144 + len(TEXT)
        assert header == BlfHeader(bytes=144, file_bytes=expected, objects=7, start_ns=START_NS)
        assert START_NS % 10**9 == 250_000_000

    def test_a_header_that_is_not_whole_is_unreadable(self) -> None:
        with pytest.raises(UnreadableFile, match=r"a\.blf breaks off in its header, at byte 71"):
            read_header(BytesFile("a.blf", blf_file(b"")[:71]))

    def test_a_header_that_says_it_is_shorter_than_that_is_unreadable(self) -> None:
        data = bytearray(blf_file(b""))
        data[4:8] = struct.pack("<L", 10)
        with pytest.raises(UnreadableFile, match="header of 10 bytes"):
            read_header(BytesFile("a.blf", bytes(data)))

    @pytest.mark.parametrize(
        "start",
        [
            None,
            datetime(1969, 1, 1, tzinfo=UTC),
            datetime(2150, 1, 1, tzinfo=UTC),
        ],
    )
    def test_no_start_is_unknown(self, start: datetime | None) -> None:
        assert read_header(BytesFile("a.blf", blf_file(b"", start=start))).start_ns is None

    def test_a_start_that_is_no_date_is_unknown(self) -> None:
        data = bytearray(blf_file(b"", start=START))
        data[42:44] = struct.pack("<H", 13)
        assert read_header(BytesFile("a.blf", bytes(data))).start_ns is None


class TestContainers:
    @pytest.mark.parametrize("method", [2, STORED])
    def test_what_is_packed_comes_out(self, method: int) -> None:
        found, wrong = read(blf_file(blf_container(TEXT, method) + blf_container(b"x", method)))
        assert found == [Block(TEXT, follows=True), Block(b"x", follows=True)]
        assert wrong == []

    def test_objects_outside_of_containers_come_as_they_are(self) -> None:
        found, wrong = read(blf_file(TEXT + TEXT))
        size = struct.unpack_from("<L", TEXT, 8)[0]
        assert found == [Block(TEXT[:size], follows=True)] * 2
        assert wrong == []

    def test_a_file_of_nothing_but_a_header_has_no_blocks(self) -> None:
        assert read(blf_file(b"")) == ([], [])

    @pytest.mark.parametrize("place", [-25, -5, 40, 300])
    def test_a_container_whose_checksum_fails_holds_nothing(self, place: int) -> None:
        container = bytearray(blf_container(bytes(range(256)) * 400))
        container[place] ^= 0xFF
        found, wrong = read(blf_file(bytes(container) + blf_container(TEXT)))
        assert found == [Block(b"", follows=True), Block(TEXT, follows=False)]
        assert len(wrong) == 1
        assert wrong[0].startswith("a container at byte 144 that is damaged: ")

    def test_garbage_for_deflated_bytes_costs_the_container(self) -> None:
        facts = struct.pack("<H6xL4x", 2, 100)
        bad = struct.pack("<4sHHLL", b"LOBJ", 16, 1, 48, 10) + facts + b"no deflated data"
        found, wrong = read(blf_file(bad + blf_container(TEXT)))
        assert found == [Block(b"", follows=True), Block(TEXT, follows=False)]
        assert len(wrong) == 1

    def test_more_than_is_declared_is_never_inflated(self) -> None:
        bomb = blf_container(bytes(10_000_000), declared=16)
        tracemalloc.start()
        found, wrong = read(blf_file(bomb))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found == [Block(b"", follows=True)]
        assert "does not end after the 16 bytes" in wrong[0]
        assert peak < 1_000_000

    @pytest.mark.parametrize("method", [2, STORED])
    def test_less_than_is_declared_is_told(self, method: int) -> None:
        short = blf_container(TEXT, method, declared=1000)
        found, wrong = read(blf_file(short + blf_container(TEXT)))
        assert found == [Block(TEXT, follows=True), Block(TEXT, follows=False)]
        text = f"a container at byte 144 that holds {len(TEXT)} of the 1000 bytes that it declares"
        assert wrong == [text]

    @pytest.mark.parametrize("declared", [(1 << 32) - 1, (64 << 20) + 1, 100_000])
    def test_a_size_that_cannot_be_is_not_believed(self, declared: int) -> None:
        packed = len(zlib.compress(b"x"))
        found, wrong = read(blf_file(blf_container(b"x", declared=declared)))
        assert found == [Block(b"", follows=True)]
        text = f"a container at byte 144 that says it holds {declared} bytes in {packed}"
        assert wrong == [text]

    def test_the_best_that_deflate_can_do_is_believed(self) -> None:
        content = bytes(60 << 20)
        found, wrong = read(blf_file(blf_container(content)))
        assert len(found[0].data) == len(content)
        assert wrong == []

    def test_an_unknown_method_costs_the_container(self) -> None:
        found, wrong = read(blf_file(blf_container(TEXT, 7) + blf_container(TEXT)))
        assert found == [Block(b"", follows=True), Block(TEXT, follows=False)]
        assert wrong == ["a container at byte 144 that is packed in an unknown way (7)"]

    def test_a_container_without_its_facts_is_empty(self) -> None:
        found, wrong = read(blf_file(struct.pack("<4sHHLL", b"LOBJ", 16, 1, 20, 10) + bytes(4)))
        assert [block.data for block in found] == [b""]
        assert wrong == ["a container at byte 144 that is too short to be one"]


class TestDamage:
    def test_bytes_that_are_no_object_are_skipped_with_their_place(self) -> None:
        container = blf_container(TEXT)
        found, wrong = read(blf_file(container + b"#" * 30 + container))
        assert found == [Block(TEXT, follows=True), Block(TEXT, follows=False)]
        assert wrong == [f"no object at byte {144 + len(container)}; 30 bytes are skipped"]

    def test_nothing_after_the_damage_ends_the_file(self) -> None:
        found, wrong = read(blf_file(blf_container(TEXT) + b"#" * 300))
        assert len(found) == 1
        assert wrong[0].endswith("300 bytes are skipped")

    @pytest.mark.parametrize("size", [0, 15, (64 << 20) + 1, (1 << 32) - 1])
    def test_an_object_with_a_lying_size_is_skipped(self, size: int) -> None:
        bad = bytearray(blf_container(TEXT))
        bad[8:12] = struct.pack("<L", size)
        found, wrong = read(blf_file(bytes(bad) + blf_container(TEXT)))
        assert found == [Block(TEXT, follows=False)]
        assert len(wrong) == 1

    def test_a_mark_over_the_edge_of_a_window_is_found(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("avdataops.readers.canlog.blf_file._WINDOW_BYTES", 10)
        for before in range(5, 40):
            found, _ = read(blf_file(b"#" * before + blf_container(TEXT)))
            assert [block.data for block in found] == [TEXT]

    def test_a_container_that_is_cut_off_gives_its_beginning(self) -> None:
        content = bytes(range(256)) * 1000
        whole = blf_file(blf_container(content, STORED))
        found, _ = read(whole[:1000])
        assert found == [Block(content[: 1000 - 144 - 32], follows=True, is_cut=True)]

    def test_a_deflated_container_that_is_cut_off_gives_its_beginning(self) -> None:
        content = np.random.default_rng(1).bytes(50_000)
        whole = blf_file(blf_container(content))
        found, wrong = read(whole[:20_000])
        assert found[0].is_cut
        assert 19_000 < len(found[0].data) < 20_000
        assert content.startswith(found[0].data)
        assert wrong == []

    @pytest.mark.parametrize("method", [2, STORED])
    def test_cut_at_any_byte_only_what_was_written_comes(self, method: int) -> None:
        whole = blf_file(blf_container(TEXT, method) + blf_container(TEXT, method))
        for cut in range(144, len(whole) + 1):
            found, wrong = read(whole[:cut])
            assert (TEXT + TEXT).startswith(b"".join(block.data for block in found))
            assert all(block.follows for block in found)
            assert wrong == []

    def test_an_object_header_that_is_cut_off_is_told(self) -> None:
        container = blf_container(TEXT)
        for more in range(5, 16):
            found, _ = read(blf_file(container + container[:more]))
            assert found[-1] == Block(b"", follows=True, is_cut=True)
