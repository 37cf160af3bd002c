"""Tests of what the ROS reader makes of messages that do not fit."""

import pytest

from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader, StreamBatch
from avdataops.readers import open_recording
from avdataops.readers.rosbag import passing as module
from avdataops.testing.reader_cases import SHORT, TRACKS, definitions, said
from avdataops.testing.reader_suite import tables_of
from avdataops.testing.recordings import McapStyle, Said, mcap_bytes

RULE = "=" * 80
GOOD = [one for one in said(12) if one.topic == "/tracks"]


def _open(messages: list[Said], texts: dict[str, str] | None = None) -> Reader:
    data = mcap_bytes(messages, texts or dict(definitions()), McapStyle(chunk_bytes=500))
    return open_recording(BytesFile("a.mcap", data))


def _with(messages: list[Said], number: int, data: bytes) -> list[Said]:
    changed = list(messages)
    old = changed[number]
    changed[number] = Said(old.topic, old.type, old.t_ns, data)
    return changed


def _dropped(batches: list[StreamBatch], stream: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for batch in batches:
        if batch.stream == stream:
            for reason, count in batch.dropped.items():
                found[reason] = found.get(reason, 0) + count
    return found


def test_a_message_that_cannot_be_decoded_is_dropped_and_told() -> None:
    with _open(_with(GOOD, 5, GOOD[5].data[:30])) as reader:
        batches = list(reader.batches())
        problems = reader.problems()
        rows = {one.name: one.rows for one in reader.streams}
    tables = tables_of(batches)
    assert tables["/tracks"].num_rows == 11
    assert rows["/tracks"] == 12
    assert _dropped(batches, "/tracks") == {"decode_failed": 1}
    assert [(one.code, one.stream, one.lost_rows) for one in problems] == [
        ("decode_failed", "/tracks", 1)
    ]
    assert "the message ends at" in problems[0].message


def test_rows_are_numbered_by_message_also_beside_a_dropped_one() -> None:
    with _open(_with(GOOD, 2, b"\0\1\0\0")) as reader:
        tables = tables_of(reader.batches())
    with _open(GOOD) as reader:
        whole = tables_of(reader.batches())
    missing = set(whole["/tracks"]["row"].to_pylist()) - set(tables["/tracks"]["row"].to_pylist())
    assert len(missing) == 1
    parts = [row for row in whole["/tracks.parts"].to_pylist() if row["row"] not in missing]
    assert tables["/tracks.parts"].to_pylist() == parts


def test_an_unread_encapsulation_in_the_middle_is_dropped_by_its_name() -> None:
    with _open(_with(GOOD, 7, b"\0\3\0\0" + bytes(50))) as reader:
        batches = list(reader.batches())
        assert [one.code for one in reader.problems()] == ["unsupported_encoding"]
    assert _dropped(batches, "/tracks") == {"unsupported_encoding": 1}


def test_a_stream_of_unread_encapsulations_stays_bytes() -> None:
    messages = [Said("/x", SHORT, n, b"\0\3\0\0" + bytes([n])) for n in range(5)]
    with _open(messages) as reader:
        batches = list(reader.batches())
        assert [one.code for one in reader.problems()] == ["unsupported_encoding"]
    table = tables_of(batches)["/x"]
    assert table["data"].to_pylist() == [one.data for one in messages]
    assert _dropped(batches, "/x") == {}


def test_one_bad_first_message_does_not_make_the_stream_bytes() -> None:
    with _open(_with(GOOD, 0, b"\0\1\0\0")) as reader:
        table = tables_of(reader.batches())["/tracks"]
    assert "header_stamp_ns" in table.column_names
    assert table.num_rows == 11


def test_a_definition_that_fits_no_message_leaves_bytes_and_a_problem() -> None:
    with _open(GOOD, {TRACKS: "int8 wrong\n"}) as reader:
        batches = list(reader.batches())
        assert [one.code for one in reader.problems()] == ["bad_definition"]
    table = tables_of(batches)["/tracks"]
    assert sorted(table["data"].to_pylist()) == sorted(one.data for one in GOOD)


@pytest.mark.parametrize(
    "text",
    [
        f"Tracks inner\n{RULE}\nMSG: made_msgs/Tracks\nTracks inner\n",
        "!not a definition\n",
        "wstring text\n",
        "made_msgs/Nowhere x\n",
    ],
)
def test_hostile_and_unknown_definitions_leave_bytes_and_a_problem(text: str) -> None:
    with _open(GOOD, {TRACKS: text}) as reader:
        table = tables_of(reader.batches())["/tracks"]
        assert [one.code for one in reader.problems()] == ["bad_definition"]
    assert table.num_rows == 12
    assert table.column_names == ["t_ns", "publish_ns", "data"]


def test_types_missing_in_the_file_are_taken_from_the_standard_ones() -> None:
    data = GOOD[3].data
    alone = definitions()[TRACKS].split(f"{RULE}\nMSG: geometry_msgs/Point")[0]
    with _open([Said("/x", TRACKS, 1, data)], {TRACKS: alone}) as reader:
        assert reader.problems() == ()
        table = tables_of(reader.batches())["/x"]
    assert table["position_z_m"].to_pylist() == [0.25]


def test_asking_for_a_child_gives_only_the_child() -> None:
    with _open(GOOD) as reader:
        tables = tables_of(reader.batches(["/tracks.parts.dots"]))
        whole = tables_of(reader.batches())
    assert tables.keys() == {"/tracks.parts.dots"}
    assert tables["/tracks.parts.dots"] == whole["/tracks.parts.dots"]


def test_asking_for_nothing_gives_nothing() -> None:
    with _open(GOOD) as reader:
        assert list(reader.batches([])) == []


def test_a_time_without_messages_gives_empty_batches() -> None:
    with _open(GOOD) as reader:
        batches = list(reader.batches(time=TimeRange(5, 6)))
        names = [one.name for one in reader.streams]
    assert [(batch.stream, batch.rows.num_rows) for batch in batches] == [(n, 0) for n in names]


def test_batches_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BATCH_BYTES", 1_000)
    with _open(GOOD) as reader:
        small = [one for one in reader.batches() if one.stream == "/tracks"]
    monkeypatch.undo()
    with _open(GOOD) as reader:
        assert tables_of(small)["/tracks"] == tables_of(reader.batches())["/tracks"]
    size = len(GOOD[3].data)
    assert len(small) > 1
    assert all(one.rows.num_rows <= 1_000 // size + 4 for one in small)


def test_streams_that_wait_together_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [Said(f"/{n % 6}", one.type, one.t_ns, one.data) for n, one in enumerate(GOOD)]
    monkeypatch.setattr(module, "MAX_HELD_BYTES", 300)
    with _open(messages) as reader:
        batches = list(reader.batches())
    assert sum(batch.messages for batch in batches) == 12
    assert max(batch.messages for batch in batches) < 12 // 6 + 1


def test_children_of_one_message_are_cut_to_the_batch_size() -> None:
    with _open(GOOD) as reader:
        sizes = [b.rows.num_rows for b in reader.batches(max_rows=1) if b.stream == "/tracks.parts"]
    assert set(sizes) == {1}
    assert len(sizes) > 12


def test_a_child_name_that_is_taken_gets_a_number() -> None:
    clash = Said("/tracks.parts", SHORT, 1, said(1)[1].data)
    with _open([*GOOD, clash]) as reader:
        names = [one.name for one in reader.streams]
        tables = tables_of(reader.batches())
    assert len(set(names)) == len(names)
    assert "/tracks.parts#2" in names
    assert (
        sum(tables[name].num_rows for name in names if "parts" in name and "dots" not in name) > 1
    )


def test_stopping_early_is_harmless() -> None:
    with _open(GOOD) as reader:
        next(iter(reader.batches(max_rows=1)))
        assert tables_of(reader.batches())["/tracks"].num_rows == 12
