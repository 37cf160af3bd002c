"""``./run bench memory``: peak memory of extraction does not grow with the file.

Makes recordings of growing size on the fly (cameras, lidar and small messages, then bags of many
small messages), extracts each in a fresh process and prints the peak resident memory.  The bar is
600 MB for any of them.  Prints too how much of a recording is read for one topic.
"""

import argparse
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from avdataops.adapters.local_storage import LocalFile
from avdataops.readers.formats import open_recording
from avdataops.testing import bag1_by_hand as b
from avdataops.testing.reader_suite import CountingFile
from benchmarks.extract import inputs_ros, measure
from benchmarks.extract.cases_ros import OUR_WAY
from benchmarks.extract.environments import CACHE
from benchmarks.pages import put_between

BAR_MB = 600.0
TOPIC = "/lidar/points"
SECTION = "memory"
RESULTS = measure.ROOT / "benchmarks" / "results" / "memory.json"
PAGE = measure.ROOT / "docs" / "extract.md"
_REPEATED_S = 1.0
_CHUNK_MESSAGES = 10_000
_VALUES = 6
_DEFINITION = "time stamp\n" + "".join(f"float64 v{n}\n" for n in range(_VALUES))


def write_mixed(path: Path, size_gb: float) -> int:
    """Write an MCAP file of about this size; return its messages.

    One second of cameras, lidar and small messages is said again and again, at later times.
    """
    from mcap.writer import CompressionType
    from mcap.writer import Writer as McapWriter

    types = inputs_ros.ros(2)
    second = list(inputs_ros.messages(types, inputs_ros.MIXED, _REPEATED_S))
    channels: dict[str, int] = {}
    count = 0
    with path.open("wb") as file:
        writer = McapWriter(file, chunk_size=1 << 20, compression=CompressionType.NONE)
        writer.start(profile="ros2")
        for turn in itertools.count():
            if file.tell() >= size_gb * 1e9:
                break
            for t_ns, topic, kind, data in second:
                if topic not in channels:
                    schema = writer.register_schema(
                        kind, "ros2msg", types.definition(kind).encode()
                    )
                    channels[topic] = writer.register_channel(topic, "cdr", schema)
                later_ns = t_ns + turn * 10**9
                writer.add_message(channels[topic], later_ns, data, later_ns, count)
                count += 1
        writer.finish()
    return count


def write_bag(path: Path, messages: int) -> int:
    """Write a ROS 1 bag of this many messages of 56 bytes; return their number."""
    described = b.connection(0, "/values", "made_msgs/Values", _DEFINITION)
    infos: list[bytes] = []
    with path.open("wb") as file:
        file.write(b.bag_header())
        for first in range(0, messages, _CHUNK_MESSAGES):
            t_ns = inputs_ros.START_NS + 100_000 * np.arange(
                first, min(first + _CHUNK_MESSAGES, messages), dtype=np.int64
            )
            content = described + _records(t_ns)
            infos.append(b.chunk_info(file.tell(), (int(t_ns[0]), int(t_ns[-1])), {0: len(t_ns)}))
            file.write(b.chunk(content, len(content)))
            file.write(_index(t_ns, len(described)))
        at = file.tell()
        file.write(described + b"".join(infos))
        file.seek(0)
        file.write(b.bag_header(at, 1, len(infos)))
    return messages


_HEADER = b.message(0, 0, bytes(8 + 8 * _VALUES))
_TIME_AT = _HEADER.index(b"time=") + len(b"time=")
_DATA_AT = len(_HEADER) - 8 - 8 * _VALUES
_RECORD = np.dtype(
    {
        "names": ["all", "s", "ns", "stamp_s", "stamp_ns", "values"],
        "formats": [("u1", (len(_HEADER),)), "<u4", "<u4", "<u4", "<u4", ("<f8", (_VALUES,))],
        "offsets": [0, _TIME_AT, _TIME_AT + 4, _DATA_AT, _DATA_AT + 4, _DATA_AT + 8],
        "itemsize": len(_HEADER),
    }
)


def _records(t_ns: "np.ndarray[Any, np.dtype[np.int64]]") -> bytes:
    found = np.zeros(len(t_ns), _RECORD)
    found["all"] = np.frombuffer(_HEADER, np.uint8)
    found["s"] = found["stamp_s"] = t_ns // 10**9
    found["ns"] = found["stamp_ns"] = t_ns % 10**9
    found["values"] = t_ns[:, None] % 1_000_003 / 7.0
    return found.tobytes()


def _index(t_ns: "np.ndarray[Any, np.dtype[np.int64]]", first: int) -> bytes:
    entries = np.zeros((len(t_ns), 3), "<u4")
    entries[:, 0], entries[:, 1] = t_ns // 10**9, t_ns % 10**9
    entries[:, 2] = first + len(_HEADER) * np.arange(len(t_ns))
    head = (
        ("op", b.INDEX_DATA),
        ("ver", b.u32(1)),
        ("conn", b.u32(0)),
        ("count", b.u32(len(t_ns))),
    )
    return b.record(head, entries.tobytes())


def one_topic(recording: Path, topic: str) -> tuple[int, int]:
    """Read one topic alone; return the bytes read, and those of the chunks that hold it."""
    from mcap.reader import make_reader

    file = CountingFile(LocalFile(recording))
    with open_recording(file) as reader:
        sum(batch.rows.num_rows for batch in reader.batches([topic]))
    with recording.open("rb") as opened:
        summary = make_reader(opened).get_summary()
    if summary is None:
        raise ValueError(f"{recording.name} has no index")
    ids = {one.id for one in summary.channels.values() if one.topic == topic}
    chunks = [one for one in summary.chunk_indexes if ids & one.message_index_offsets.keys()]
    return file.bytes_read, sum(one.chunk_length for one in chunks)


def main(arguments: list[str]) -> int:
    """Measure, print, and keep the figures; 1 if one is over the bar."""
    parser = argparse.ArgumentParser(prog="./run bench memory", description=__doc__)
    parser.add_argument("--gb", type=float, nargs="*", default=[1.0, 2.0, 4.0, 8.0])
    parser.add_argument("--messages", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--keep", action="store_true", help="put the figures into the docs")
    given = parser.parse_args(arguments)
    CACHE.mkdir(exist_ok=True)
    rows = [_row("camera, lidar, small", "big.mcap", size, write_mixed) for size in given.gb]
    rows += [_row("small", "many.bag", count, write_bag) for count in given.messages]
    if given.keep:
        RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
        put_between(PAGE, SECTION, "```text\n" + "\n".join(map(_line, rows)) + "\n```")
    return int(any(row["peak_mb"] > BAR_MB for row in rows))


def _row(what: str, name: str, size: Any, write: Any) -> dict[str, Any]:
    """Make one recording, extract it, remove both, and return what was measured."""
    folder = CACHE / "memory"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        recording = folder / name
        messages = write(recording, size)
        found = measure.run(OUR_WAY, recording, folder / "out")
        if found["messages"] != messages:
            raise RuntimeError(f"{found['messages']} of {messages} messages came out")
        if recording.suffix == ".mcap":
            read, held = one_topic(recording, TOPIC)
            told = f"{read / 1e6:.0f} of {recording.stat().st_size / 1e6:.0f} MB read"
            print(f"{TOPIC} alone: {told}, its chunks hold {held / 1e6:.0f} MB", flush=True)
        row = {
            "what": what,
            "recording": recording.suffix.strip("."),
            "gb": round(recording.stat().st_size / 1e9, 2),
            "messages": messages,
            "seconds": round(found["seconds"], 1),
            "peak_mb": round(found["peak_mb"]),
            "imported_mb": round(found["imported_mb"]),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(_line(row), flush=True)
    return row


def _line(row: dict[str, Any]) -> str:
    verdict = "met" if row["peak_mb"] <= BAR_MB else "missed"
    size = f"{row['gb']:6.2f} GB {row['messages']:>11,} messages {row['seconds']:7.1f} s"
    peak = f"peak {row['peak_mb']:4.0f} MB, of it {row['imported_mb']:.0f} MB libraries"
    return f"{row['what']:22}{row['recording']:6}{size}  {peak}  {verdict}"
