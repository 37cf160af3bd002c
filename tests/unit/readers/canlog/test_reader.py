"""The Reader of raw CAN logs, over a log made of pieces."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from avdataops.model.errors import HostileInput, MissingStream
from avdataops.model.time import TimeRange
from avdataops.ports.reading import Sidecars, StreamBatch
from avdataops.readers.can.frames import Frames
from avdataops.readers.canlog.log import DATA, ERROR, REMOTE, Faults, Piece
from avdataops.readers.canlog.reader import CanLogReader
from avdataops.testing.can_log_cases import DBC, SPEEDS
from avdataops.testing.reader_suite import tables_of

Row = tuple[int, int, int, int]
"""Time, channel, identifier, kind."""
SPEEDS_DBC = {"speeds.dbc": DBC}


class Made:
    """A log of given pieces."""

    name = "made.log"

    def __init__(self, *pieces: Sequence[Row]) -> None:
        self._pieces = pieces
        self.passes = 0

    def label(self, channel: int) -> str:
        return f"bus{channel}"

    def number(self, channel: int) -> int:
        return 100 + channel

    def pieces(self, faults: Faults) -> Iterator[Piece]:
        self.passes += 1
        faults.note("odd", "is odd")
        for rows in self._pieces:
            yield piece_of(rows)


def piece_of(rows: Sequence[Row]) -> Piece:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
    count = len(columns)
    frames = Frames(
        t_ns=columns[:, 0],
        bus=columns[:, 1],
        id=columns[:, 2],
        extended=np.zeros(count, dtype=np.bool_),
        dlc=np.full(count, 8),
        length=np.full(count, 8),
        data=np.repeat(columns[:, 0].astype(np.uint8)[:, None], 8, axis=1),
    )
    return Piece(frames, columns[:, 3].astype(np.uint8))


TWO_PIECES = Made(
    [(1, 1, SPEEDS, DATA), (2, 2, 0x10, DATA), (3, 1, 0x11, ERROR), (4, 1, SPEEDS, DATA)],
    [(5, 1, 0x12, REMOTE), (6, 1, 0x13, DATA), (7, 2, SPEEDS, DATA), (8, 1, 0x11, ERROR)],
)


def times_of(batches: Sequence[StreamBatch]) -> dict[str, list[int]]:
    return {name: table["t_ns"].to_pylist() for name, table in tables_of(batches).items()}


def test_streams_are_channels_and_their_messages_with_exact_counts() -> None:
    reader = CanLogReader(TWO_PIECES, Sidecars(dbc=SPEEDS_DBC))
    assert [(one.name, one.rows, one.start_ns, one.stop_ns) for one in reader.streams] == [
        ("bus1", 6, 1, 7),
        ("bus1.Speeds", 2, 1, 5),
        ("bus2", 2, 2, 8),
        ("bus2.Speeds", 1, 7, 8),
    ]
    assert reader.time == TimeRange(1, 8)
    assert reader.attachments == ()


def test_batches_hold_what_was_counted() -> None:
    reader = CanLogReader(TWO_PIECES, Sidecars(dbc=SPEEDS_DBC))
    batches = list(reader.batches())
    assert times_of(batches) == {
        "bus1": [1, 4, 6],
        "bus1.Speeds": [1, 4],
        "bus2": [2, 7],
        "bus2.Speeds": [7],
    }
    assert sum(sum(one.dropped.values()) for one in batches) == 3


def test_what_was_left_out_is_told_once_with_the_last_batch() -> None:
    batches = [
        one for one in CanLogReader(TWO_PIECES, Sidecars()).batches() if one.stream == "bus1"
    ]
    assert [dict(one.dropped) for one in batches] == [{}, {"error_frame": 2, "remote_frame": 1}]
    assert [one.messages for one in batches] == [2, 1]


def test_a_time_window_counts_what_was_left_out_inside_it() -> None:
    reader = CanLogReader(TWO_PIECES, Sidecars())
    batches = list(reader.batches(["bus1"], time=TimeRange(3, 6)))
    assert times_of(batches) == {"bus1": [4]}
    assert batches[-1].dropped == {"error_frame": 1, "remote_frame": 1}


def test_a_window_without_frames_gives_an_empty_batch_of_each_stream() -> None:
    reader = CanLogReader(TWO_PIECES, Sidecars(dbc=SPEEDS_DBC))
    batches = list(reader.batches(time=TimeRange(100, 200)))
    assert times_of(batches) == {one.name: [] for one in reader.streams}
    assert len(batches) == 4


def test_the_channel_is_named_by_its_log() -> None:
    (batch, *_) = CanLogReader(TWO_PIECES, Sidecars()).batches(["bus2"])
    assert batch.rows.column("bus_channel").to_pylist() == [102]


def test_only_messages_that_were_asked_for_come() -> None:
    reader = CanLogReader(TWO_PIECES, Sidecars(dbc=SPEEDS_DBC))
    assert times_of(list(reader.batches(["bus2.Speeds"]))) == {"bus2.Speeds": [7]}
    assert list(reader.batches([])) == []


def test_no_batch_is_larger_than_asked() -> None:
    rows = [(n, 1, SPEEDS, DATA) for n in range(10)]
    reader = CanLogReader(Made(rows), Sidecars(dbc=SPEEDS_DBC))
    batches = list(reader.batches(max_rows=4))
    assert [(one.stream, one.messages) for one in batches if one.stream == "bus1"] == [
        ("bus1", 4),
        ("bus1", 4),
        ("bus1", 2),
    ]
    assert times_of(batches)["bus1.Speeds"] == list(range(10))
    assert next(reader.batches(max_rows=0)).messages == 1


def test_an_unknown_stream_is_named_before_anything_is_read() -> None:
    log = Made([(1, 1, SPEEDS, DATA)])
    reader = CanLogReader(log, Sidecars(dbc=SPEEDS_DBC))
    with pytest.raises(MissingStream, match=r"no stream 'bus1\.Speed' in made\.log; did you mean"):
        reader.batches(["bus1.Speed"])
    assert log.passes == 1


def test_problems_are_all_known_at_opening_and_stay() -> None:
    reader = CanLogReader(TWO_PIECES, Sidecars())
    before = reader.problems()
    list(reader.batches())
    assert reader.problems() == before
    codes = [(one.code, one.stream) for one in before]
    assert codes == [
        ("odd", None),
        ("error_frame", "bus1"),
        ("remote_frame", "bus1"),
        ("no_dbc", None),
    ]


def test_without_frames_no_dbc_is_missed() -> None:
    reader = CanLogReader(Made([]), Sidecars())
    assert [one.code for one in reader.problems()] == ["odd"]
    assert reader.streams == ()
    assert reader.time is None
    assert list(reader.batches()) == []


def test_too_many_channels_are_refused() -> None:
    rows = [(1, channel, 1, ERROR) for channel in range(1025)]
    with pytest.raises(HostileInput, match="1025 bus channels"):
        CanLogReader(Made(rows), Sidecars())


class TestFaults:
    def test_bad_lines_are_one_problem_with_the_first_place(self) -> None:
        faults = Faults("a.log")
        faults.bad_lines(0, 3)
        faults.bad_lines(2, 7)
        faults.bad_lines(1, 9)
        (problem,) = faults.problems()
        assert problem.lost_rows == 3
        assert problem.message == (
            "a.log has 3 lines that cannot be read as a frame, the first is line 7"
        )

    def test_nothing_found_is_no_problem(self) -> None:
        faults = Faults("a.log")
        faults.others("events", 0)
        assert faults.problems() == ()

    def test_others_are_listed_by_their_number_and_in_part(self) -> None:
        faults = Faults("a.blf")
        for kind in range(20):
            faults.others(f"objects of type {kind}", kind + 1)
        (problem,) = faults.problems()
        assert "left out: 20 objects of type 19, 19 objects of type 18, " in problem.message
        assert problem.message.endswith("9 objects of type 8, …")


def test_a_log_may_be_looked_at_without_counting_it_to_its_end() -> None:
    reader = CanLogReader(TWO_PIECES, Sidecars(dbc=SPEEDS_DBC, look_at=1))
    assert {one.rows for one in reader.streams} == {None}
    assert [one.code for one in reader.problems() if one.code == "sampled"] == ["sampled"]
    assert all(one.stop_ns is None for one in reader.streams)
    whole = CanLogReader(TWO_PIECES, Sidecars(dbc=SPEEDS_DBC, look_at=1000))
    assert whole.streams == CanLogReader(TWO_PIECES, Sidecars(dbc=SPEEDS_DBC)).streams
