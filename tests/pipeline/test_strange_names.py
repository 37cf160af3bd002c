"""Topics whose names are traps: each is stored apart, inside the workspace, under its own name."""

from typing import Any

import pyarrow.parquet as pq
import pytest

import avdataops as av
from avdataops.testing.command_line import Desk
from avdataops.testing.recordings import Said, mcap_bytes

TOPICS = (
    "/../../x",
    "/a/b",
    "/a_b",
    "/A/b",
    "/a/b/",
    "//a//b",
    "a/b",
    "/_hidden",
    "/.hidden",
    "/con",
    "/nul.txt",
    "/with space",
    "/100%",
    "/line\nbreak",
    "/red\x1b[31m",
    "/ünïcode/✓",
    "/e\u0301",
    "/\u00e9",
    "/" + "long" * 100,
    "..",
    "/",
)
NUMBER = "std_msgs/msg/Int32"
ROWS = 3


def number(value: int) -> bytes:
    return b"\x00\x01\x00\x00" + value.to_bytes(4, "little")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """An MCAP in which the n-th topic says 100 n, 100 n + 1, 100 n + 2."""
    folder = tmp_path_factory.mktemp("strange")
    messages = [
        Said(topic, NUMBER, 1_700_000_000_000_000_000 + row * 10**9 + place, number(value))
        for row in range(ROWS)
        for place, topic in enumerate(TOPICS)
        for value in (100 * place + row,)
    ]
    (folder / "drive").mkdir()
    (folder / "drive" / "traps.mcap").write_bytes(mcap_bytes(messages, {NUMBER: "int32 data"}))
    desk = Desk(folder / "outer" / "inner" / "lake")
    uploaded = desk.here("upload", folder / "drive", "--vehicle", "V", "--format", "json")
    measurement = uploaded.json["measurement"]
    ran = desk.here("run", measurement, "--format", "json")
    assert ran.status == 0, ran.err
    return desk, measurement


def streams(lake: tuple[Desk, str]) -> list[dict[str, Any]]:
    desk, measurement = lake
    answer = desk.here("measurements", "show", measurement, "--format", "json")
    found: list[dict[str, Any]] = answer.json["streams"]
    return found


def test_every_topic_is_a_stream_of_its_own_name(lake: tuple[Desk, str]) -> None:
    found = streams(lake)
    assert sorted(stream["topic"] for stream in found) == sorted(TOPICS)
    assert len({stream["name"] for stream in found}) == len(TOPICS)
    assert {stream["rows"] for stream in found} == {ROWS}


def test_every_topic_holds_its_own_messages(lake: tuple[Desk, str]) -> None:
    desk, measurement = lake
    names = {stream["topic"]: stream["name"] for stream in streams(lake)}
    with av.connect(desk.workspace) as opened:
        for place, topic in enumerate(TOPICS):
            table = opened.stream(measurement, names[topic])
            expected = [100 * place + row for row in range(ROWS)]
            assert table.column("data").to_pylist() == expected, topic


def test_no_two_topics_share_a_folder_even_where_case_does_not_count(
    lake: tuple[Desk, str],
) -> None:
    folders = [stream["location"].rsplit("/", 1)[0].casefold() for stream in streams(lake)]
    assert len(set(folders)) == len(TOPICS)


def test_every_path_part_is_harmless(lake: tuple[Desk, str]) -> None:
    desk, _ = lake
    parts = {part for name in desk.files("raw", "derived", "landing") for part in name.split("/")}
    assert all(part.isascii() and part[0].isalnum() and len(part) < 200 for part in parts)
    assert not any(set(part) & set(' \\:*?"<>|%') for part in parts)


def test_nothing_is_written_outside_the_workspace(lake: tuple[Desk, str]) -> None:
    desk, _ = lake
    outer = desk.workspace.parents[1]
    beside = [path for path in outer.rglob("*") if desk.workspace not in (path, *path.parents)]
    assert beside == [desk.workspace.parent]
    top = {path.name for path in outer.parent.iterdir()}
    assert top == {"drive", "outer"}


def test_the_tables_keep_the_names_in_their_metadata(lake: tuple[Desk, str]) -> None:
    desk, _ = lake
    for stream in streams(lake):
        schema = pq.read_schema(desk.workspace / stream["location"])
        assert schema.metadata[b"avdataops.name"].decode() == stream["name"]
        assert schema.metadata[b"avdataops.topic"].decode() == stream["topic"]


def test_a_name_cannot_move_the_cursor(lake: tuple[Desk, str]) -> None:
    desk, measurement = lake
    recording = desk.workspace.parents[2] / "drive" / "traps.mcap"
    for command in (("measurements", "show", measurement), ("info", str(recording))):
        text = desk.here(*command).text
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "/line\\nbreak" in text
        assert "/red\\x1b[31m" in text
