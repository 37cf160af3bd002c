"""Our own way, through the reader and the table writer that every task uses."""

from pathlib import Path

from avdataops.adapters.local_storage import LocalFile
from avdataops.engine.writing import TableWriters
from avdataops.ports.reading import Sidecars
from avdataops.readers.formats import open_recording
from avdataops.steps.extract import Params
from avdataops.tables.kinds import kind


def to_parquet(recording: Path, out: Path) -> int:
    """Extract every field of every message; return the messages that came out.

    Raises ``RuntimeError`` if not every message that the index counts is accounted for.
    """
    messages = dropped = 0
    dbc = {one.name: one.read_bytes() for one in recording.parent.glob(f"{recording.stem}*.dbc")}
    tables: TableWriters[str] = TableWriters()
    with tables, open_recording(LocalFile(recording), Sidecars(dbc=dbc)) as reader:
        for batch in reader.batches(max_rows=Params().max_rows):
            if batch.stream not in tables.all:
                path = out / f"{len(tables.all)}.parquet"
                facts = {"avdataops.name": batch.stream}
                tables.open(batch.stream, path, kind("stream"), batch.rows.schema, facts)
            tables.write(batch.stream, batch.rows)
            if batch.is_last:
                tables.end(batch.stream)
            messages += batch.messages
            dropped += sum(batch.dropped.values())
        counted = [stream.rows for stream in reader.streams if stream.parent is None]
        tables.end_all()
    known = [rows for rows in counted if rows is not None]
    if len(known) == len(counted) and sum(known) != messages + dropped:
        raise RuntimeError(f"{messages} messages came out of {sum(known)}")
    return messages


def to_arrow(recording: Path, out: Path) -> int:
    """Decode every message and write nothing."""
    del out
    with open_recording(LocalFile(recording)) as reader:
        return sum(batch.messages for batch in reader.batches(max_rows=Params().max_rows))
