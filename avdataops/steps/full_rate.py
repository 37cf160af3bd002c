"""The full_rate step: what downsampling left out, kept around the scenes that are worth it.

A second pass over the recorded streams: where ``keep_ranges`` says that something happened, every
message stays as it was recorded, neither filtered nor thinned.  Streams that downsampling leaves
whole (object lists, child rows) and raw bus frames are not kept twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.model.errors import NothingToDo
from avdataops.model.stream import Account
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext, Table
from avdataops.signals.arrays import Indices, Pairs, Times
from avdataops.signals.columns import Nature, batch_of, holds_frames, natures, times
from avdataops.signals.intervals import inside
from avdataops.signals.message_times import recorded_times, reference_times
from avdataops.signals.rows import in_time_order, picked_rows, unified_schema

RAW_TYPE = "can/frames"
RECORDED = pa.field("recorded_t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"})

Parts = tuple[Table, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FullRateParams:
    """What of the messages is kept; how long around scenes is a parameter of detect_scenes."""

    payloads: bool = False
    """Keep pictures, clouds and other long lists too, so that the stretches stand without the raw
    zone.  Else ``part`` and ``row`` find them there, as for all frames."""


def run(ctx: StepContext, inputs: Inputs, params: FullRateParams) -> Iterator[Rows]:
    """Yield every message of one stream that lies in a stretch to keep, in order of time.

    ``t_ns`` is on the reference clock, by the message's own stamp where that was found to tell (not
    for frames, which are found by their arrival); ``recorded_t_ns`` is the recorder's.  A stream
    whose clock is not tied to the reference lies in no stretch.  Raises ``NothingToDo`` when no
    message is to be kept.
    """
    parts = in_time_order(inputs.tables["stream"])
    facts = parts[0].artifact.attributes
    name = parts[0].artifact.name
    whole = facts.get("parent") or facts.get("topic_class") == "objects"
    if whole or facts.get("type") == RAW_TYPE:
        raise NothingToDo(f"'{name}' is kept whole by downsampling, or is decoded elsewhere")
    schema = unified_schema([table.schema for table in parts])
    is_frames = holds_frames(schema, facts.get("topic_class", ""))
    stamps = () if is_frames else inputs.tables.get("stamps", ())
    at = reference_times(parts, inputs.tables["sync_quality"], stamps)
    if at is None:
        ctx.account(_account(name, recorded_times(parts).size, 0, "clock_unknown"))
        raise NothingToDo(f"the clock of '{name}' is not tied to that of the scenes")
    stretches = _stretches(inputs)
    kept = np.flatnonzero(inside(stretches, at))
    kept = kept[np.argsort(at[kept], kind="stable")]
    ctx.account(_account(name, at.size, kept.size, "no_scene_near"))
    ctx.fact("stretches", len(stretches))
    if kept.size == 0:
        raise NothingToDo(f"no message of '{name}' is near a scene")
    rows = _picked(parts, _columns(schema, params), kept)
    yield from _placed(parts, rows, at[kept])


def _stretches(inputs: Inputs) -> Pairs:
    rows = [table.read(["t_ns", "t_end_ns"]) for table in inputs.tables["keep_ranges"]]
    whole = pa.concat_tables(rows)
    return np.column_stack([times(whole[name]) for name in ("t_ns", "t_end_ns")])


def _columns(schema: pa.Schema, params: FullRateParams) -> pa.Schema:
    kinds = natures(schema)
    left = set() if params.payloads else {n for n, kind in kinds.items() if kind == Nature.PAYLOAD}
    return pa.schema([field for field in schema if field.name not in {"ts", *left}])


def _picked(parts: Parts, schema: pa.Schema, kept: Indices) -> Iterator[pa.RecordBatch]:
    batches = (
        (table.artifact.part, batch)
        for table in parts
        for batch in table.batches([n for n in schema.names if n in table.schema.names])
    )
    return picked_rows(batches, schema, kept)


def _placed(parts: Parts, rows: Iterator[pa.RecordBatch], at: Times) -> Iterator[Rows]:
    """Yield the rows with their time on the reference clock before that of the recorder."""
    first = parts[0].artifact
    shared = {name: text for name, text in first.attributes.items() if name != "recording"}
    output = Output(kind="full_rate", name=first.name, attributes=tuple(sorted(shared.items())))
    done = 0
    for batch in rows:
        table = pa.Table.from_batches([batch])
        place = table.schema.get_field_index("t_ns")
        table = table.append_column(RECORDED, pc.cast(table["t_ns"], pa.int64()))
        t = pa.array(at[done : done + batch.num_rows], pa.int64())
        yield Rows(output, batch_of(table.set_column(place, table.schema.field(place), t)))
        done += batch.num_rows


def _account(name: str, rows_in: int, rows_out: int, why: str) -> Account:
    lost = rows_in - rows_out
    return Account(
        stream=name, rows_in=rows_in, rows_out=rows_out, dropped={why: lost} if lost else {}
    )


FULL_RATE = Step(
    name="full_rate",
    version=1,
    split=Split.STREAM,
    needs={
        "stream": Need(kind="stream", doc="All parts of one stream, as recorded."),
        "keep_ranges": Need(kind="keep_ranges", doc="Stretches around scenes."),
        "sync_quality": Need(kind="sync_quality", doc="Where each stream lies in time."),
        "stamps": Need(kind="stamp_models", optional=True, doc="What messages' own stamps are."),
    },
    makes=("full_rate",),
    params=FullRateParams,
    run=run,
    doc="Keep every message around the scenes that are worth it.",
)
