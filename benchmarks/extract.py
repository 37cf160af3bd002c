"""Extraction to Parquet against the usual Python way, interleaved in fresh processes.

Prints the median wall time of each, peak resident memory and the ratio of medians.  The input is
a sample drive made on the fly.  Both sides write every field of every message.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sample_data import write_drive


def ours(recording: Path, dbc: Path, out: Path) -> int:
    """Extract with avdataops' reader and table writer; return the rows written."""
    from avdataops.adapters.local_storage import LocalFile
    from avdataops.engine.table_files import TableWriter
    from avdataops.ports.reading import Sidecars
    from avdataops.readers.formats import open_recording
    from avdataops.tables.kinds import kind

    writers: dict[str, TableWriter] = {}
    sidecars = Sidecars(dbc={dbc.name: dbc.read_bytes()})
    with open_recording(LocalFile(recording), sidecars) as reader:
        for batch in reader.batches(max_rows=16_384):
            if batch.stream not in writers:
                path = out / f"{len(writers)}.parquet"
                writers[batch.stream] = TableWriter(path, kind("stream"), batch.rows.schema, {})
            writers[batch.stream].write(batch.rows)
    for writer in writers.values():
        writer.close()
    return sum(writer.rows for writer in writers.values())


def rosbags_rows(recording: Path, dbc: Path, out: Path) -> int:
    """Deserialise with rosbags into a dict per message, then one Parquet file per topic."""
    del dbc
    import dataclasses

    import pyarrow as pa
    import pyarrow.parquet as pq
    from rosbags.highlevel import AnyReader

    def plain(value: object) -> object:
        if dataclasses.is_dataclass(value):
            # Constants of a message class show up among its fields; they are no columns.
            named = [f.name for f in dataclasses.fields(value) if "ClassVar" not in str(f.type)]
            return {name: plain(getattr(value, name)) for name in named}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if hasattr(value, "dtype") and value.dtype == "uint8":
            return value.tobytes()
        return value.tolist() if hasattr(value, "tolist") else value

    rows: dict[str, list[object]] = {}
    with AnyReader([recording]) as reader:
        for connection, t_ns, raw in reader.messages():
            message = plain(reader.deserialize(raw, connection.msgtype))
            rows.setdefault(connection.topic, []).append({"t_ns": t_ns, "message": message})
    for number, messages in enumerate(rows.values()):
        pq.write_table(
            pa.Table.from_pylist(messages), out / f"{number}.parquet", compression="zstd"
        )
    return sum(len(messages) for messages in rows.values())


def asammdf_frames(recording: Path, dbc: Path, out: Path) -> int:
    """Decode the buses with asammdf, then one Parquet file per group."""
    from asammdf import MDF

    rows = 0
    with MDF(recording) as log:
        decoded = log.extract_bus_logging(database_files={"CAN": [(str(dbc), 0)]})
        for number, frame in enumerate(decoded.iter_groups(ignore_value2text_conversions=True)):
            frame.to_parquet(out / f"{number}.parquet", compression="zstd")
            rows += len(frame)
        for number, frame in enumerate(log.iter_groups()):
            frame.astype(str, errors="ignore").to_parquet(out / f"raw{number}.parquet")
            rows += len(frame)
    return rows


WAYS: dict[str, Callable[[Path, Path, Path], int]] = {
    "avdataops": ours,
    "rosbags": rosbags_rows,
    "asammdf": asammdf_frames,
}
MODULES = {
    "avdataops": (
        "avdataops.engine.table_files",
        "avdataops.readers.formats",
        "avdataops.readers.mdf4.reader",
        "avdataops.readers.rosbag.mcap",
        "avdataops.readers.rosbag.reader",
        "cantools",
        "asammdf",
    ),
    "rosbags": ("rosbags.highlevel", "pyarrow.parquet"),
    "asammdf": ("asammdf", "canmatrix", "pyarrow.parquet"),
}
"""Imported before the clock starts: this compares extraction, not start-up."""

CASES = (
    ("sensors.mcap", "rosbags"),
    ("body.bag", "rosbags"),
    ("localization.db3", "rosbags"),
    ("chassis.mf4", "asammdf"),
)


def main(arguments: list[str]) -> int:
    """Compare, and print a table."""
    parser = argparse.ArgumentParser(prog="./run bench extract", description=__doc__)
    parser.add_argument("--duration", type=float, default=120.0, help="seconds of drive")
    parser.add_argument("--runs", type=int, default=3, help="of each, interleaved")
    parser.add_argument("--one", nargs=3, metavar=("WAY", "RECORDING", "DBC"))
    given = parser.parse_args(arguments)
    if given.one:
        return _one(given.one[0], Path(given.one[1]), Path(given.one[2]))
    with tempfile.TemporaryDirectory() as folder:
        drive = write_drive(Path(folder), duration_s=given.duration)
        print(f"{'recording':18} {'MB':>6} {'ours s':>8} {'peer s':>8} {'ratio':>6}  peak MB  peer")
        for name, peer in CASES:
            _compare(drive.drive / name, drive.dbc, peer, given.runs)
    return 0


def _compare(recording: Path, dbc: Path, peer: str, runs: int) -> None:
    seconds: dict[str, list[float]] = {"avdataops": [], peer: []}
    peak: dict[str, float] = {}
    for _ in range(runs):
        for way, times in seconds.items():
            command = [sys.executable, "-m", "benchmarks", "extract"]
            command += ["--one", way, str(recording), str(dbc)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
            result = json.loads(done.stdout.splitlines()[-1])
            times.append(result["seconds"])
            peak[way] = max(peak.get(way, 0), result["peak_mb"])
    own, other = (statistics.median(seconds[way]) for way in ("avdataops", peer))
    print(
        f"{recording.name:18} {recording.stat().st_size / 1e6:6.1f} {own:8.2f} {other:8.2f} "
        f"{other / own:6.1f}  {peak['avdataops']:.0f}/{peak[peer]:.0f}  {peer}"
    )


def _one(way: str, recording: Path, dbc: Path) -> int:
    import resource
    import time
    from importlib import import_module

    with tempfile.TemporaryDirectory() as out:
        for name in MODULES[way]:
            import_module(name)
        began = time.perf_counter()
        rows = WAYS[way](recording, dbc, Path(out))
        seconds = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"way": way, "rows": rows, "seconds": seconds, "peak_mb": peak_mb}))
    return 0
