"""How others read ROS recordings.  Each function imports what it needs and nothing of ours."""

import dataclasses
import subprocess
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

_AHEAD = 8


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        # Constants of a message class show up among its fields; they are no columns.
        named = [f.name for f in dataclasses.fields(value) if "ClassVar" not in str(f.type)]
        return {name: _plain(getattr(value, name)) for name in named}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if hasattr(value, "dtype") and value.dtype == "uint8":
        return value.tobytes()
    return value.tolist() if hasattr(value, "tolist") else value


def rosbags_rows(recording: Path, out: Path) -> int:
    """Deserialise with rosbags into a dict per message, then one Parquet file per topic.

    Blobs are written as we write them, without a codec, so that codecs do not decide.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from rosbags.highlevel import AnyReader

    rows: dict[str, list[object]] = {}
    with AnyReader([recording]) as reader:
        for connection, t_ns, raw in reader.messages():
            message = _plain(reader.deserialize(raw, connection.msgtype))
            rows.setdefault(connection.topic, []).append({"t_ns": t_ns, "message": message})
    for topic, messages in rows.items():
        table = pa.Table.from_pylist(messages)
        message = table.schema.field("message").type
        blobs = {f"message.{one.name}" for one in message if pa.types.is_binary(one.type)}
        first = pa.BufferOutputStream()
        pq.write_table(table.slice(0, 0), first)
        paths = [one.path for one in pq.ParquetFile(first.getvalue()).schema]
        codecs = {path: "NONE" if path in blobs else "zstd" for path in paths}
        name = topic.strip("/").replace("/", "~")
        pq.write_table(table, out / f"{name}.parquet", compression=codecs)
    return sum(len(messages) for messages in rows.values())


def rosbags_objects(recording: Path, out: Path) -> int:
    """Deserialise with rosbags and keep nothing."""
    del out
    from rosbags.highlevel import AnyReader

    count = 0
    with AnyReader([recording]) as reader:
        for connection, _, raw in reader.messages():
            reader.deserialize(raw, connection.msgtype)
            count += 1
    return count


def mcap_ros2_objects(recording: Path, out: Path) -> int:
    """Decode with mcap and mcap-ros2-support and keep nothing."""
    del out
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    with recording.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        return sum(1 for _ in reader.iter_decoded_messages())


def rerun_convert(recording: Path, out: Path) -> int:
    """Convert with Rerun's command into its own format; it does not tell how many messages."""
    command = [str(Path(sys.executable).parent / "rerun"), "mcap", "convert", str(recording)]
    subprocess.run([*command, "-o", str(out / "out.rrd")], check=True, capture_output=True)  # noqa: S603 - the peer's command
    return 0


def raw_chunks(recording: Path, out: Path) -> int:
    """Decompress the chunks of an MCAP file with two threads and write the bytes verbatim.

    No way that decodes can be faster with two threads, so this is the ceiling.
    """
    import pyarrow as pa
    from mcap.reader import make_reader
    from mcap.records import ChunkIndex

    with recording.open("rb") as file:
        summary = make_reader(file).get_summary()

    def load(one: ChunkIndex) -> bytes:
        with recording.open("rb") as file:
            file.seek(one.chunk_start_offset)
            packed = file.read(one.chunk_length)[-one.compressed_size :]
        if not one.compression:
            return packed
        codec = pa.Codec(one.compression)
        return bytes(codec.decompress(packed, one.uncompressed_size, asbytes=True))

    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(2) as pool, (out / "raw").open("wb") as target:
        for chunk in summary.chunk_indexes if summary else ():
            waiting.append(pool.submit(load, chunk))
            if len(waiting) > _AHEAD:
                target.write(waiting.popleft().result())
        for one in waiting:
            target.write(one.result())
    return 0
