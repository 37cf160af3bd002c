"""``avdataops info FILE``."""

from pathlib import Path

import click

from avdataops.adapters.local_storage import LocalFile
from avdataops.cli.output import Sink, with_sink
from avdataops.model.documents import to_document
from avdataops.model.errors import InputError
from avdataops.model.stream import Stream
from avdataops.model.time import format_time
from avdataops.ports.lineage_views import printable
from avdataops.ports.reading import Sidecars
from avdataops.readers.formats import open_recording, recognise

LOOK_AT = 1_000_000
"""Frames of a bus log that are counted: it has no index, and this takes well under a second."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dbc", type=_FILE, multiple=True, help="DBC of a CAN bus; can be repeated.")
@with_sink("table", "json")
def info(file: Path, dbc: tuple[Path, ...], sink: Sink) -> None:
    """Show what is inside a recording, from its header and index."""
    if not file.is_file():
        raise InputError(f"there is no file '{file}'")
    opened = LocalFile(file)
    known = recognise(opened.read_at(0, 4096))
    texts = {path.name: path.read_bytes() for path in dbc}
    with open_recording(opened, Sidecars(dbc=texts, look_at=LOOK_AT)) as r:
        streams = [
            {
                "name": stream.name,
                "topic": stream.topic,
                "type": stream.type,
                "rows": stream.rows,
                "rate_hz": stream.rate_hz or _seen_rate(stream),
                "parent": stream.parent,
            }
            for stream in r.streams
        ]
        document = {
            "format": known.name if known else None,
            "bytes": opened.size,
            "start_ns": r.time.start_ns if r.time else None,
            "end_ns": r.time.stop_ns if r.time else None,
            "clock": r.clock,
            "streams": streams,
            "attachments": list(r.attachments),
            "problems": [to_document(problem) for problem in r.problems()],
        }
        text = [f"{file.name}: {document['format']}, {opened.size:,} bytes, clock {r.clock}"]
        if r.time:
            text.append(
                f"{format_time(r.time.start_ns)} to {format_time(r.time.stop_ns)}"
                f"  ({r.time.duration_s:.3f} s)"
            )
        text += [f"problem [{problem.code}]: {problem.message}" for problem in r.problems()]
    for stream in streams:
        rate = f"{stream['rate_hz']:.1f} Hz" if stream["rate_hz"] else ""
        rows = "?" if stream["rows"] is None else f"{stream['rows']:,}"
        text.append(f"  {rows:>10} {rate:>10}  {stream['name']}  ({stream['type']})")
    sink.document(document, "\n".join(map(printable, text)))


def _seen_rate(stream: Stream) -> float | None:
    """Return the rate of a stream that was not counted to its end."""
    rate = stream.attributes.get("rate_hz")
    return float(rate) if rate is not None else None
