"""Messages longer than a frame in raw logs."""

from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.reading import Reader, Sidecars
from avdataops.readers import open_recording
from avdataops.testing.reader_suite import tables_of

DBC = b"""VERSION ""
BS_:
BU_: ECU
BO_ 2566841342 Engine: 40 ECU
 SG_ Speed : 96|16@1+ (0.125,0) [0|0] "rpm" ECU
BO_ 256 Short: 8 ECU
 SG_ A : 0|8@1+ (1,0) [0|0] "" ECU
"""
START = 1_600_000_000


def _log(count: int, lost: int | None = None) -> bytes:
    """Return a candump of broadcasts, each with a short frame between its segments."""
    lines = []
    for number in range(count):
        content = bytes(12) + (8 * number).to_bytes(2, "little") + bytes(26)
        parts = [content[at : at + 7].ljust(7, b"\xff") for at in range(0, 40, 7)]
        frames = [f"1CECFF07#20280006FFE3FE{0:02X}"]
        frames += [f"1CEBFF07#{n:02X}{one.hex()}" for n, one in enumerate(parts, 1)]
        for place, frame in enumerate(frames):
            if number * 7 + place != lost:
                lines.append(f"({START + number}.{place:06d}) can0 {frame.upper()}")
            lines.append(f"({START + number}.{place:06d}) can0 100#{number:02X}")
    return "\n".join(lines).encode() + b"\n"


def _open(data: bytes) -> Reader:
    return open_recording(BytesFile("a.log", data), Sidecars(dbc={"a.dbc": DBC}))


def test_broadcasts_are_a_stream_beside_their_frames() -> None:
    with _open(_log(20)) as reader:
        tables = tables_of(reader.batches(max_rows=3))
        rows = {one.name: one.rows for one in reader.streams}
    assert rows == {"can0": 280, "can0.Engine": 20, "can0.Short": 140}
    assert tables["can0.Engine"]["speed"].to_pylist() == list(range(20))
    assert tables["can0.Short"]["a"].to_pylist() == [n // 7 for n in range(140)]
    times = tables["can0.Engine"]["t_ns"].to_pylist()
    assert times == [(START + number) * 10**9 + 6_000 for number in range(20)]


def test_a_broadcast_belongs_to_the_time_of_its_end() -> None:
    start = START * 10**9 + 10**9 + 3_000
    with _open(_log(5)) as reader:
        part = tables_of(reader.batches(["can0.Engine"], time=TimeRange(start, start + 10**9)))
    assert part["can0.Engine"]["speed"].to_pylist() == [1]


def test_a_broadcast_that_lacks_a_segment_is_told() -> None:
    with _open(_log(5, lost=9)) as reader:
        assert tables_of(reader.batches())["can0.Engine"]["speed"].to_pylist() == [0, 2, 3, 4]
        told = [one for one in reader.problems() if one.code == "broken_transport"]
    assert [one.stream for one in told] == ["can0"]
