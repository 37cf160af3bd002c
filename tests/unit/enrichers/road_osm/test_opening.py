"""Extracts on the disk: nothing is held, everything is checked before it is unpacked."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from avdataops.enrichers.road_osm import extract as extracting
from avdataops.enrichers.road_osm import read_extract
from avdataops.enrichers.road_osm.opening import on_disk
from avdataops.model.errors import HostileInput, UnreadableFile
from avdataops.ports.files import BytesFile

XML = b"""<osm version="0.6"><node id="1" lat="47.1" lon="9.5"/><node id="2" lat="47.1" lon="9.6"/>
<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>"""
MIB = 1 << 20


def blob(kind: bytes, body: bytes) -> bytes:
    """One blob of a PBF with its header."""
    header = b"\x0a" + bytes([len(kind)]) + kind + b"\x18" + bytes([len(body)])
    return len(header).to_bytes(4, "big") + header + body


@dataclass
class Watched:
    """A file that remembers how much was asked for at once."""

    data: bytes
    name: str = "map.osm"
    asked: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        self.asked.append(length)
        return self.data[offset : offset + length]


@pytest.mark.parametrize(
    ("data", "form"), [(XML, "osm"), (gzip.compress(XML), "osm.gz"), (b"\xef\xbb\xbf" + XML, "osm")]
)
def test_the_copy_is_the_file_and_goes_away(data: bytes, form: str) -> None:
    with on_disk(BytesFile("x", data), 1) as copy:
        assert (copy.form, copy.path.read_bytes()) == (form, data)
        copy.scratch.write_bytes(b"more")
        folder = copy.path.parent
    assert not folder.exists()


def test_the_copy_goes_away_when_reading_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(UnreadableFile):
        read_extract(BytesFile("x.osm", XML[:-20]), max_mb=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_no_more_than_a_mebibyte_of_the_file_is_held(pack: object) -> None:
    assert callable(pack)
    watched = Watched(pack(XML[:-6] + b" " * (5 * MIB) + XML[-6:]))
    assert read_extract(watched, max_mb=8).attributes.num_rows == 1
    assert max(watched.asked) <= MIB


def test_of_a_pbf_only_the_sizes_of_its_blocks_are_looked_at_before_it_is_copied() -> None:
    body = b"\x10\x80\x80\x80\x01\x1a\x03abc"
    watched = Watched(blob(b"OSMHeader", body) + blob(b"OSMData", body) * 3)
    with pytest.raises(HostileInput, match="more than 7 MiB"), on_disk(watched, 7):
        pass
    assert max(watched.asked) <= 64
    with on_disk(watched, 8) as copy:
        assert copy.form == "pbf"


@pytest.mark.parametrize(
    "data",
    [
        blob(b"OSMHeader", b"\x10\x05") + b"\xff\xff\xff\xff" + b"x" * 100,
        blob(b"OSMHeader", b"\x10\x05") + b"\x00\x00\x00\x05\x18\xff\xff",
        blob(b"OSMHeader", b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    ],
    ids=["a header of gigabytes", "a header that ends early", "a size without an end"],
)
def test_blocks_that_lie_about_their_size_are_damage(data: bytes) -> None:
    with pytest.raises((UnreadableFile, HostileInput)), on_disk(BytesFile("x.pbf", data), 1):
        pass


@pytest.mark.parametrize("data", [b"", b"hello", b"{}", b"\x00" * 64])
def test_what_is_no_map_is_told_by_its_first_bytes(data: bytes) -> None:
    with (
        pytest.raises(UnreadableFile, match=r"x\.bin is no map extract"),
        on_disk(BytesFile("x.bin", data), 1),
    ):
        pass


def test_roads_beyond_what_memory_is_meant_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extracting, "MAX_ROAD_NODES", 1)
    with pytest.raises(HostileInput, match="more than 1 nodes") as caught:
        read_extract(BytesFile("x.osm", XML), max_mb=1)
    assert "osmium extract" in (caught.value.hint or "")


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_attributes_are_the_same_however_they_are_packed(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = b"".join(
        b'<way id="%d"><nd ref="1"/><nd ref="2"/><tag k="highway" v="%s"/></way>' % (n, kind)
        for n, kind in enumerate((b"primary", b"service", b"service", b"residential", b"primary"))
    )
    data = XML.replace(b"</osm>", ways + b"</osm>")
    whole = read_extract(BytesFile("x.osm", data), max_mb=1)
    monkeypatch.setattr(extracting, "_ROWS_AT_ONCE", at_once)
    packed = read_extract(BytesFile("x.osm", data), max_mb=1)
    assert packed.attributes.equals(whole.attributes)
    assert packed.edges.is_leg.tolist() == [True, True, False, False, True, True]
