"""When the messages of a recorded stream were, on the reference clock: a look back after sync."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from avdataops.ports.step import Table
from avdataops.signals.arrays import Times
from avdataops.signals.clock_table import stamps_from
from avdataops.signals.columns import times
from avdataops.signals.stamps import STAMP_COLUMN, at_message_times
from avdataops.signals.sync_quality import to_reference


def recorded_times(parts: Iterable[Table]) -> Times:
    """Return the recorder's time of every message of all parts, as they come."""
    found = [times(table.read(["t_ns"])["t_ns"]) for table in parts]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])


def reference_times(
    parts: tuple[Table, ...], quality: Iterable[Table], stamps: Iterable[Table] = ()
) -> Times | None:
    """Return the time of every message of a stream on the reference clock, as they come.

    ``quality`` are tables of the kind ``sync_quality``, ``stamps`` those of ``stamp_models``: where
    the stream has one, its messages' own stamps count as far as they were found to tell, else when
    they arrived.  None where the stream's clock is not tied to the reference.
    """
    name = parts[0].artifact.name
    judged = [stamps_from(one.read()) for one in stamps if one.artifact.name == name]
    found = [np.empty(0, dtype=np.int64)]
    for table in parts:
        names = [column for column in ("t_ns", STAMP_COLUMN) if column in table.schema.names]
        rows = at_message_times(table.read(names), judged[0] if judged else None)
        found.append(times(rows["t_ns"]))
    rows = pa.concat_tables([table.read() for table in quality])
    return to_reference(rows, name, np.concatenate(found))
