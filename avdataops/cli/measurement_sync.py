"""``avdataops measurements sync``: how well the streams of a drive lie on one clock."""

import click
import pyarrow as pa

from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.model.errors import NotFound
from avdataops.signals.sync_picture import sync_picture
from avdataops.signals.sync_view import COLUMNS, quality_rows, sync_view
from avdataops.tables.kinds import kind
from avdataops.wiring.stored_tables import read_table
from avdataops.wiring.workspace import Workspace

PICTURE = ".svg"


@click.command()
@click.argument("measurement")
@with_sink("table", "json")
@with_workspace
def sync(workspace: Workspace, measurement: str, sink: Sink) -> None:
    """Show how well each stream lies on the reference clock.

    With -o FILE.svg the file gets a picture of it: streams, gaps and jumps of clocks over the
    drive, and the offset of each clock.  The table is written as well.
    """
    name = measurement_id_of(workspace, measurement)
    workspace.catalog.measurement(name)
    quality = _stored(workspace, name, "sync_quality")
    if quality is None:
        raise NotFound(f"'{name}' is not synced yet", hint=f"avdataops run {name} --to sync")
    models = _or_empty(_stored(workspace, name, "clock_models"), "clock_models")
    rows = quality_rows(quality, models)
    if sink.file is None or sink.file.suffix.lower() != PICTURE:
        sink.rows(rows, COLUMNS)
        return
    gaps = _or_empty(_stored(workspace, name, "gaps"), "gaps")
    picture = sync_picture(sync_view(quality, gaps, models), name)
    Sink("svg", sink.file).document({}, picture)
    Sink(sink.style).rows(rows, COLUMNS)
    say(f"drawn in {sink.file}")


def _stored(workspace: Workspace, measurement: str, name: str) -> pa.Table | None:
    """Return the one current table of a kind; None where there is none."""
    found = workspace.catalog.artifacts(measurement, kind=name)
    return read_table(workspace.storage, found[0]) if found else None


def _or_empty(table: pa.Table | None, name: str) -> pa.Table:
    return kind(name).schema.empty_table() if table is None else table
