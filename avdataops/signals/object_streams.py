"""Object lists among the streams of a measurement: which tables belong together, and their frame.

Reads stored tables, only the columns that are needed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Account, Problem
from avdataops.ports.step import Table
from avdataops.signals.arrays import Times
from avdataops.signals.columns import times
from avdataops.signals.object_list import needed_columns, object_table
from avdataops.signals.placed import PlacedStream
from avdataops.signals.stamps import STAMP_COLUMN
from avdataops.tables.object_lists import ObjectList, object_list
from avdataops.tables.signals import find_column


@dataclass(frozen=True, slots=True)
class ObjectStream:
    """One object list: the messages, their objects, and the objects' classes."""

    rule: ObjectList
    messages: PlacedStream
    objects: Table
    classes: Table | None

    @property
    def name(self) -> str:
        """Name of the stream of messages."""
        return self.messages.name

    def problem(self) -> Problem | None:
        """Say why its objects cannot be put around the vehicle; None if they can."""
        frame = find_column(self.messages.stream.table.schema, self.rule.frame)
        if frame is None:
            return self._foreign("that is not named")
        found = self.messages.stream.table.read([frame])[frame].unique().to_pylist()
        foreign = sorted({str(name or "") for name in found} - self.rule.ego_frames)
        return self._foreign(f"'{foreign[0]}'") if foreign else None

    def _foreign(self, frame: str) -> Problem:
        text = f"{self.name}: objects in a frame {frame} cannot be put around the vehicle"
        return Problem(code="foreign_frame", message=text, stream=self.name)

    def read(self) -> tuple[pa.Table, Account]:
        """Return its rows of the kind ``objects``, on the reference clock, and where rows went."""
        objects = self.objects.read(needed_columns(self.rule, self.objects.schema))
        classes = self.classes
        labels = (
            None if classes is None else classes.read(needed_columns(self.rule, classes.schema))
        )
        t = self._times(times(objects["t_ns"]))
        rows = object_table(self.rule, self.name, t, objects, labels)
        lost = objects.num_rows - rows.num_rows
        account = Account(
            stream=self.objects.artifact.name,
            rows_in=self.objects.artifact.rows,
            rows_out=rows.num_rows,
            dropped={"no_place": lost} if lost else {},
        )
        return rows, account

    def _times(self, received: Times) -> Times:
        """Return the times of the messages that were received at ``received``."""
        table = self.messages.stream.table
        names = [name for name in ("t_ns", STAMP_COLUMN) if name in table.schema.names]
        messages = table.read(names)
        known = times(messages["t_ns"])
        if known.size == 0:
            return self.messages.tie.to_reference(received)
        order = np.argsort(known, kind="stable")
        place = np.minimum(np.searchsorted(known[order], received), known.size - 1)
        of_message = self.messages.message_times(messages)[order][place]
        # An object without its message in the list has no other time than its own.
        own = known[order][place] == received
        return np.where(own, of_message, self.messages.tie.to_reference(received))


def object_streams(
    streams: Iterable[PlacedStream], tables: Iterable[Table]
) -> Iterator[ObjectStream]:
    """Yield the object lists of known message types whose objects are there."""
    by_name = {table.artifact.name: table for table in tables}
    for stream in streams:
        rule = object_list(stream.stream.type)
        objects = by_name.get(rule.child(stream.name)) if rule else None
        if rule is not None and objects is not None:
            yield ObjectStream(rule, stream, objects, by_name.get(rule.classes(stream.name)))
