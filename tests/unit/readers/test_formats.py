"""Tests of the table of formats."""

import pytest

from avdataops.model.errors import UnreadableFile
from avdataops.ports.files import BytesFile
from avdataops.readers import FORMATS, open_recording, recognise

HEADS = {
    "mdf4": b"MDF     4.10    ",
    "mcap": b"\x89MCAP0\r\n",
    "bag": b"#ROSBAG V2.0\n",
    "db3": b"SQLite format 3\x00",
    "tdms": b"TDSm\x0e\x00\x00\x00",
    "blf": b"LOGG\x90\x00\x00\x00",
    "asc": b"date Fri Feb 14 08:51:20 2020",
    "candump": b"(1581670628.161550) can0 123#00",
}


@pytest.mark.parametrize("name", HEADS)
def test_formats_are_recognised_by_their_first_bytes(name: str) -> None:
    found = recognise(HEADS[name] + bytes(100))
    assert found is not None
    assert found.name == name


def test_an_unfinalised_mdf_is_an_mdf() -> None:
    found = recognise(b"UnFinMF 4.11    ")
    assert found is not None
    assert found.name == "mdf4"


@pytest.mark.parametrize("head", [b"", b"\x00", b"MDF", b"#ROSBAG", b"PK\x03\x04", b"TDS"])
def test_other_bytes_are_no_format(head: bytes) -> None:
    assert recognise(head) is None


def test_an_unknown_format_is_refused_with_what_it_looks_like() -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_recording(BytesFile("drive.mcap", b"PK\x03\x04rest of a zip"))
    for part in ("drive.mcap", "PK", "mdf4", "mcap", "bag", "db3"):
        assert part in caught.value.message


def test_an_empty_file_says_that_it_is_empty() -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        open_recording(BytesFile("none.bag", b""))


def test_mdf_3_is_refused_with_the_converter() -> None:
    with pytest.raises(UnreadableFile, match=r"MDF 3\.30") as caught:
        open_recording(BytesFile("old.dat", b"MDF     3.30    " + bytes(200)))
    assert caught.value.hint is not None
    assert "asammdf" in caught.value.hint


@pytest.mark.parametrize("name", HEADS)
def test_nothing_but_a_head_is_refused_as_unreadable(name: str) -> None:
    with pytest.raises(UnreadableFile):
        open_recording(BytesFile("cut", HEADS[name]))


def test_names_and_suffixes_are_distinct() -> None:
    assert len({one.name for one in FORMATS}) == len(FORMATS)
    suffixes = [suffix for one in FORMATS for suffix in one.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix.startswith(".") for suffix in suffixes)


def test_only_the_given_formats_are_tried() -> None:
    only_bags = tuple(one for one in FORMATS if one.name == "bag")
    with pytest.raises(UnreadableFile, match="known formats are bag"):
        open_recording(BytesFile("a.mcap", HEADS["mcap"]), formats=only_bags)
