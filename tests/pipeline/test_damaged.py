"""Recordings that break off: what they still hold comes out, the same as an independent reading."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.records import Channel, Message
from mcap.stream_reader import StreamReader
from rosbags.highlevel import AnyReader

import avdataops as av
from avdataops.testing.command_line import Answer, Desk
from sample_data import SampleDrive

LOST_DATA = 3
Json = dict[str, Any]
Stamps = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Cut:
    """A recording cut off at a byte, uploaded alone and run."""

    path: Path
    desk: Desk
    measurement: str
    answer: Answer

    def stamps(self) -> Stamps:
        """The times of the messages that came out, by stream, children left out."""
        found: Stamps = {}
        with av.connect(self.desk.workspace) as lake:
            for stream in self.shown()["streams"]:
                rows = lake.stream(self.measurement, stream["name"])
                if stream["name"] == stream["topic"]:
                    found[stream["name"]] = rows.column("t_ns").to_pylist()
        return found

    def shown(self) -> Json:
        answer = self.desk.here("measurements", "show", self.measurement, "--format", "json")
        document: Json = answer.json
        return document

    def caveats(self, step: str) -> list[str]:
        return [
            caveat
            for run in self.answer.json["runs"]
            for caveat in run["caveats"]
            if run["step"] == step
        ]


def cut(original: Path, at: int, folder: Path) -> Cut:
    drive = folder / "drive"
    drive.mkdir()
    path = drive / original.name
    path.write_bytes(original.read_bytes()[:at])
    desk = Desk(folder / "lake")
    uploaded = desk.here("upload", drive, "--vehicle", "V", "--format", "json")
    assert uploaded.status == 0, uploaded.err
    measurement = uploaded.json["measurement"]
    return Cut(path, desk, measurement, desk.here("run", measurement, "--format", "json"))


def messages_of(path: Path) -> list[tuple[str, int]]:
    """Read a whole MCAP record by record with the library of the format's authors."""
    topics: dict[int, str] = {}
    found: list[tuple[str, int]] = []
    with path.open("rb") as file:
        for record in StreamReader(file, record_size_limit=None).records:
            if isinstance(record, Channel):
                topics[record.id] = record.topic
            elif isinstance(record, Message):
                found.append((topics[record.channel_id], record.log_time))
    return found


def count_until(original: Path, size: int) -> tuple[int, int]:
    """Return how many messages are in whole chunks before ``size``, and how many are readable.

    The chunk that is cut is decompressed as far as it goes, and its whole messages are counted.
    """
    with original.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    whole = readable = 0
    for chunk in summary.chunk_indexes:
        stop = chunk.chunk_start_offset + chunk.chunk_length
        data = original.read_bytes()[chunk.chunk_start_offset : min(stop, size)]
        head = 9 + 8 + 8 + 8 + 4 + 4 + len(chunk.compression) + 8
        inside = zstandard.ZstdDecompressor().decompressobj().decompress(data[head:])
        count = _count_messages(inside)
        whole += count if stop <= size else 0
        readable += count
        if stop > size:
            break
    return whole, readable


def _count_messages(records: bytes) -> int:
    at = found = 0
    while at + 9 <= len(records):
        length = int.from_bytes(records[at + 1 : at + 9], "little")
        found += records[at] == Opcode.MESSAGE and at + 9 + length <= len(records)
        at += 9 + length
    return found


def whole_messages_within(original: Path, size: int) -> Stamps:
    """Return when the messages were taken whose bytes lie in the first ``size`` of the file."""
    data = original.read_bytes()[:size]
    found: Stamps = {}
    with AnyReader([original]) as reader:
        for connection, t_ns, raw in reader.messages():
            stamps = found.setdefault(connection.topic, [])
            if raw in data:
                stamps.append(t_ns)
    return found


def sorted_stamps(stamps: Stamps) -> Stamps:
    return {topic: sorted(times) for topic, times in stamps.items()}


def middle_of_a_chunk(path: Path, share: float) -> int:
    """Return a place half through the chunk that lies at ``share`` of an MCAP file."""
    with path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    wanted = path.stat().st_size * share
    chunk = max(
        (one for one in summary.chunk_indexes if one.chunk_start_offset <= wanted),
        key=lambda one: one.chunk_start_offset,
    )
    return int(chunk.chunk_start_offset + chunk.chunk_length // 2)


def says_where(messages: Sequence[str], size: int) -> bool:
    return any(f"of {size}" in message and "byte" in message for message in messages)


@pytest.mark.parametrize("share", [0.25, 0.6])
def test_an_mcap_cut_inside_a_chunk_gives_every_message_before_it(
    short: SampleDrive, tmp_path: Path, share: float
) -> None:
    done = cut(short.sensors, middle_of_a_chunk(short.sensors, share), tmp_path)
    assert done.answer.status == LOST_DATA
    assert done.answer.json["state"] == "complete"
    whole, readable = count_until(short.sensors, done.path.stat().st_size)
    found = done.stamps()
    count = sum(map(len, found.values()))
    assert 500 < whole < count <= readable
    expected: Stamps = {stream: [] for stream in found}
    for topic, t_ns in messages_of(short.sensors)[:count]:
        expected[topic].append(t_ns)
    assert found == expected
    assert says_where(done.caveats("extract"), done.path.stat().st_size)
    assert "caveat" in done.answer.err


def test_a_bag_cut_inside_a_chunk_gives_every_whole_message(
    short: SampleDrive, tmp_path: Path
) -> None:
    size = short.body.stat().st_size // 2
    done = cut(short.body, size, tmp_path)
    assert done.answer.status == LOST_DATA
    expected = whole_messages_within(short.body, size)
    assert sum(map(len, expected.values())) > 50
    assert done.stamps() == expected
    assert says_where(done.caveats("extract"), size)


def test_a_database_cut_between_pages_gives_every_whole_message(
    short: SampleDrive, tmp_path: Path
) -> None:
    size = short.localization.stat().st_size // 2
    done = cut(short.localization, size, tmp_path)
    assert done.answer.status == LOST_DATA
    expected = whole_messages_within(short.localization, size)
    assert sum(map(len, expected.values())) > 200
    assert sorted_stamps(done.stamps()) == sorted_stamps(expected)
    assert any("breaks off at byte" in message for message in done.caveats("extract"))


def test_a_logger_file_whose_descriptions_are_cut_off_says_where_it_ends(
    short: SampleDrive, tmp_path: Path
) -> None:
    done = cut(short.chassis, short.chassis.stat().st_size // 2, tmp_path)
    assert done.answer.status == LOST_DATA
    assert done.shown()["streams"] == []
    assert any("breaks off" in message and "byte" in message for message in done.caveats("extract"))


def test_damage_is_told_once_at_validation_and_shown_with_the_recording(
    short: SampleDrive, tmp_path: Path
) -> None:
    done = cut(short.body, short.body.stat().st_size * 3 // 4, tmp_path)
    (told,) = done.caveats("validate")
    assert told.count("body.bag") == 1
    (recording,) = done.shown()["recordings"]
    assert [problem["code"] for problem in recording["problems"]] == ["truncated"]
    text = done.desk.here("measurements", "show", done.measurement).text
    assert "problem in body.bag" in text
    info = done.desk.here("info", done.path, "--format", "json")
    assert info.json["problems"][0]["code"] == "truncated"


def test_the_accounts_of_a_cut_recording_are_balanced(short: SampleDrive, tmp_path: Path) -> None:
    from avdataops.settings import load_settings
    from avdataops.wiring.workspace import open_workspace

    done = cut(short.body, short.body.stat().st_size // 3, tmp_path)
    with open_workspace(load_settings(workspace=done.desk.workspace)) as opened:
        (record,) = opened.catalog.runs(done.measurement, step="extract")
    assert all(account.balanced for account in record.accounts)
    told = Counter({account.stream: account.rows_out for account in record.accounts})
    assert told == Counter({topic: len(times) for topic, times in done.stamps().items()})


def test_a_cut_recording_can_be_run_again_and_then_nothing_is_left(
    short: SampleDrive, tmp_path: Path
) -> None:
    done = cut(short.body, short.body.stat().st_size // 2, tmp_path)
    again = done.desk.here("run", done.measurement, "--format", "json")
    assert (again.status, again.json["nothing_to_do"]) == (0, True)
    raw = done.desk.workspace / "raw" / "recordings" / done.measurement / "body.bag"
    assert raw.read_bytes() == done.path.read_bytes()
    assert os.listdir(done.path.parent) == ["body.bag"]  # noqa: PTH208 - names, not paths
