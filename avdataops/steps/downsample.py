"""The downsample step: every stream at the rate that scenes need, and its timing in full.

Signals come out at ``signal_rate_hz`` at most, low-passed, with their extremes.  Frames are picked
at ``frame_rate_hz`` and keep their small columns; their bytes stay in the raw zone, where ``part``
and ``row`` find them.  Object lists keep every message.  Child rows are all kept: from here it
cannot be seen which parents stay, and every parent that stays must find its children.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Account
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext, Table
from avdataops.signals.arrays import Indices, Times
from avdataops.signals.columns import Nature, batch_of, holds_frames, natures
from avdataops.signals.resample import pick_frames
from avdataops.signals.rows import in_time_order, joined, picked_rows, unified_schema
from avdataops.signals.stream_timing import StreamTiming, measure, stamps_of, to_batch
from avdataops.signals.thinning import thin_signals
from avdataops.signals.usable import blank_unusable

RAW_TYPE = "can/frames"

Parts = tuple[Table, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DownsampleParams:
    """How much is kept: 50 and 10 Hz are the rates that the scene definitions are written for."""

    signal_rate_hz: float = 50.0
    """Signals; slower streams stay as they are."""
    frame_rate_hz: float = 10.0
    """Camera, lidar and radar messages per second at most."""
    envelope: bool = True
    """Keep ``<column>_min`` and ``<column>_max`` where a signal was thinned."""


def run(ctx: StepContext, inputs: Inputs, params: DownsampleParams) -> Iterator[Rows]:
    """Yield the thinned table of one stream, all parts joined, and its timing."""
    parts = in_time_order(inputs.tables.get("stream", ()))
    if not parts:
        return
    facts = parts[0].artifact.attributes
    is_child = bool(facts.get("parent"))
    if not is_child:
        yield Rows(_output(parts, "stream_timing"), to_batch(_timing(parts)))
    if facts.get("type") == RAW_TYPE:
        ctx.account(_account(parts, 0, {"raw_only": _all_stamps(parts).size}))
    elif is_child or facts.get("topic_class") == "objects":
        order = np.argsort(_all_stamps(parts), kind="stable")
        yield from _picked(ctx, parts, _schema(parts), order)
    elif holds_frames(_schema(parts), facts.get("topic_class", "")):
        keep = pick_frames(_all_stamps(parts), params.frame_rate_hz)
        yield from _picked(ctx, parts, _without_payload(ctx, parts), keep)
    else:
        yield _signals(ctx, parts, params)


def _stamps(parts: Parts) -> Iterator[Times]:
    for table in parts:
        yield from stamps_of(table.batches(["t_ns"]))


def _all_stamps(parts: Parts) -> Times:
    return np.concatenate([np.empty(0, dtype=np.int64), *_stamps(parts)])


def _timing(parts: Parts) -> StreamTiming | None:
    artifact = parts[0].artifact
    topic_class = artifact.attributes.get("topic_class", "other")
    return measure(artifact.name, topic_class, artifact.attributes.get("clock", ""), _stamps(parts))


def _schema(parts: Parts) -> pa.Schema:
    """Return the columns of all parts; ``ts`` comes anew with every stored table."""
    schema = unified_schema([table.schema for table in parts])
    return pa.schema([field for field in schema if field.name != "ts"])


def _signals(ctx: StepContext, parts: Parts, params: DownsampleParams) -> Rows:
    artifact = parts[0].artifact
    schema = _schema(parts)
    names = ["t_ns", *natures(schema)]
    whole = joined([table.read(_present(table, names)) for table in parts])
    kind = artifact.attributes.get("type", "")
    usable, blanked = blank_unusable(whole, kind)
    if blanked:
        ctx.fact("unusable_values", blanked)
    thinned = thin_signals(usable, params.signal_rate_hz, envelope=params.envelope)
    dropped = {"duplicate": thinned.duplicates, "rate": thinned.beyond_rate}
    ctx.account(_account(parts, thinned.table.num_rows, dropped))
    return Rows(_output(parts, "thinned"), batch_of(thinned.table))


def _without_payload(ctx: StepContext, parts: Parts) -> pa.Schema:
    schema = _schema(parts)
    left = [name for name, kind in natures(schema).items() if kind == Nature.PAYLOAD]
    size = sum(table.artifact.bytes for table in parts)
    ctx.fact("left_in_raw", {"columns": left, "bytes": size})
    return pa.schema([field for field in schema if field.name not in left])


def _picked(ctx: StepContext, parts: Parts, schema: pa.Schema, keep: Indices) -> Iterator[Rows]:
    """Yield the rows at ``keep`` with their place in the raw zone."""
    rows_in = _all_stamps(parts).size
    batches = (
        (table.artifact.part, batch)
        for table in parts
        for batch in table.batches(_present(table, schema.names))
    )
    for batch in picked_rows(batches, schema, keep):
        yield Rows(_output(parts, "thinned"), batch)
    ctx.account(_account(parts, keep.size, {"rate": rows_in - keep.size}))


def _present(table: Table, names: list[str]) -> list[str]:
    there = set(table.schema.names)
    return [name for name in names if name in there]


def _account(parts: Parts, rows_out: int, dropped: dict[str, int]) -> Account:
    counts = [table.artifact.rows for table in parts]
    known = [count for count in counts if count is not None]
    return Account(
        stream=parts[0].artifact.name,
        rows_in=sum(known) if len(known) == len(counts) else None,
        rows_out=rows_out,
        dropped={reason: rows for reason, rows in dropped.items() if rows},
    )


def _output(parts: Parts, kind: str) -> Output:
    artifact = parts[0].artifact
    shared = {name: text for name, text in artifact.attributes.items() if name != "recording"}
    return Output(kind=kind, name=artifact.name, attributes=tuple(sorted(shared.items())))


DOWNSAMPLE = Step(
    name="downsample",
    version=1,
    split=Split.STREAM,
    needs={"stream": Need(kind="stream", doc="All parts of one stream.")},
    makes=("thinned", "stream_timing"),
    params=DownsampleParams,
    run=run,
    doc="Thin one stream to the rates that scenes need, and measure its timing in full.",
)
