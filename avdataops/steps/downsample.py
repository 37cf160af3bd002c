"""The downsample step: every stream at the rate that scenes need, and its timing in full.

Signals come out at ``signal_rate_hz`` at most, low-passed, with their envelope; streams of states
keep their changes.  Frames are picked at ``frame_rate_hz``, videos at their key frames only; they
keep their small columns and what their payload tells, while its bytes stay in the raw zone, where
``part`` and ``row`` find them.  Object lists keep every message.  Child rows are all kept: from
here it cannot be seen which parents stay, and every parent that stays must find its children.

Signals whose messages carry better stamps than their arrival are on those, taken to the recorder's
clock; frames and objects keep the time of arrival here, by which they are found in the raw zone.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Account, Problem
from avdataops.model.time import NS_PER_S
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext, Table
from avdataops.signals.arrays import Indices, Times
from avdataops.signals.chunked_thinning import ThinnedChunks, thin_in_chunks
from avdataops.signals.clock_table import stamp_table
from avdataops.signals.columns import Nature, batch_of, holds_frames, natures, times
from avdataops.signals.ordered_rows import in_stated_columns, ordered_rows
from avdataops.signals.payloads import Look
from avdataops.signals.resample import pick_frames
from avdataops.signals.rows import (
    in_given_order,
    in_time_order,
    joined,
    picked_rows,
    unified_schema,
)
from avdataops.signals.stamps import (
    STAMP_COLUMN,
    Stamps,
    at_message_times,
    judge_stamps,
    stamps_in,
)
from avdataops.signals.stream_timing import StreamTiming, measure, stamps_of, to_batch
from avdataops.signals.thinning import Thinned, thin_signals
from avdataops.signals.usable import blank_unusable, may_be_unusable
from avdataops.signals.video import codec_in, key_frame_rows

RAW_TYPE = "can/frames"
# Numbers of a stream that is thinned whole, in one pass instead of six: 32 MB of them.
_WHOLE_VALUES = 4_000_000

Parts = tuple[Table, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DownsampleParams:
    """How much is kept: 50 and 10 Hz are the rates that the scene definitions are written for."""

    signal_rate_hz: float = 50.0
    """Signals; slower streams stay as they are."""
    frame_rate_hz: float = 10.0
    """Camera, lidar and radar messages per second at most."""
    envelope: bool = True
    """Keep ``<column>_min``, ``_max`` and ``_mean`` where a signal was thinned."""
    heartbeat_s: float = 0.066
    """A stream of states keeps its changes and, at the latest this often, a row without one.  The
    sync step holds a state for three periods of what is left, and 0.2 s at least; a third of that
    lets no state live longer, and no shorter, than with every row kept."""
    payload_facts: bool = True
    """Read the payload of frames once, for its hash and for brightness and sharpness of pictures;
    else it is not read, except to find the key frames of a video."""
    voxel_m: float = 0.0
    """Edge of the cells that lidar clouds are thinned to, beside the whole cloud in the raw zone
    (0.2 m for a look, 0.4 m for maps as in LIO-SAM); 0 keeps none, as do frames without
    ``payload_facts``.  Labels need every point: their packages are made from the raw zone."""


def run(ctx: StepContext, inputs: Inputs, params: DownsampleParams) -> Iterator[Rows]:
    """Yield the thinned table of one stream, all parts joined, and its timing."""
    parts = in_time_order(inputs.tables.get("stream", ()))
    if not parts:
        return
    facts = parts[0].artifact.attributes
    is_child = bool(facts.get("parent"))
    stamps = None
    if not is_child:
        yield Rows(_output(parts, "stream_timing"), to_batch(_timing(parts)))
        stamps = _judged(parts)
    if stamps is not None:
        yield Rows(_output(parts, "stamp_models"), _stamp_rows(parts, stamps))
    if facts.get("type") == RAW_TYPE:
        ctx.account(_account(parts, 0, {"raw_only": _all_stamps(parts).size}))
    elif is_child or facts.get("topic_class") == "objects":
        order = np.argsort(_all_stamps(parts), kind="stable")
        picked = _picked(parts, _schema(parts), order)
        yield from (Rows(_output(parts, "thinned"), batch) for batch in picked)
        ctx.account(_account(parts, order.size, {}))
    elif holds_frames(_schema(parts), facts.get("topic_class", "")):
        yield from _frames(ctx, parts, params)
    else:
        yield from _signals(ctx, parts, params, stamps)


def _judged(parts: Parts) -> Stamps | None:
    """Return what the messages' own stamps are worth; None for a stream that has none."""
    names = ["t_ns", STAMP_COLUMN]
    if any(STAMP_COLUMN not in table.schema.names for table in parts):
        return None
    both = joined([table.read(names) for table in parts])
    stamped = stamps_in(both)
    return None if stamped is None else judge_stamps(stamped, times(both["t_ns"]))


def _stamp_rows(parts: Parts, stamps: Stamps) -> pa.RecordBatch:
    artifact = parts[0].artifact
    t = _all_stamps(parts)
    span = (int(t.min()), int(t.max()) + 1) if t.size else (0, 0)
    clock = artifact.attributes.get("clock", "")
    return batch_of(stamp_table(artifact.name, clock, span, stamps))


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


def _signals(
    ctx: StepContext, parts: Parts, params: DownsampleParams, stamps: Stamps | None
) -> Iterator[Rows]:
    """Yield the thinned rows; a stream that is not small is never held whole."""
    names = ["t_ns", *natures(_schema(parts))]
    counts = [table.artifact.rows for table in parts]
    if None in counts or sum(filter(None, counts)) * len(names) > _WHOLE_VALUES:
        yield from _large_signals(ctx, parts, params, stamps)
        return
    whole = joined([table.read(_present(table, names)) for table in parts])
    kind = parts[0].artifact.attributes.get("type", "")
    usable, blanked = blank_unusable(at_message_times(whole, stamps), kind)
    if blanked:
        ctx.fact("unusable_values", blanked)
    thinned = thin_signals(
        usable,
        params.signal_rate_hz,
        envelope=params.envelope,
        heartbeat_ns=round(params.heartbeat_s * NS_PER_S),
    )
    ctx.account(_account(parts, thinned.table.num_rows, _dropped(thinned)))
    yield Rows(_output(parts, "thinned"), batch_of(thinned.table))


def _large_signals(
    ctx: StepContext, parts: Parts, params: DownsampleParams, stamps: Stamps | None
) -> Iterator[Rows]:
    """Yield what :func:`_signals` yields, reading the stream several times in chunks."""
    kind = parts[0].artifact.attributes.get("type", "")
    schema = _schema(parts)
    names = list(natures(schema))
    stated = pa.schema([schema.field(name) for name in ("t_ns", *names)])
    always = [STAMP_COLUMN] if stamps is not None else []

    def usable(table: pa.Table) -> pa.Table:
        return blank_unusable(at_message_times(table, stamps), kind)[0]

    if may_be_unusable(kind):
        always = names
        blanked: Counter[str] = Counter()
        for piece in in_stated_columns(parts, stated):
            blanked.update(blank_unusable(piece, kind)[1])
        if blanked:
            ctx.fact("unusable_values", dict(blanked))
    thinned = thin_in_chunks(
        ordered_rows(parts, stated, usable, always=tuple(always)),
        params.signal_rate_hz,
        envelope=params.envelope,
        heartbeat_ns=round(params.heartbeat_s * NS_PER_S),
    )
    ctx.account(_account(parts, thinned.rows, _dropped(thinned)))
    for table in thinned.tables:
        yield Rows(_output(parts, "thinned"), batch_of(table))


def _dropped(thinned: Thinned | ThinnedChunks) -> dict[str, int]:
    return {
        "duplicate": thinned.duplicates,
        "rate": thinned.beyond_rate,
        "unchanged": thinned.unchanged,
    }


def _frames(ctx: StepContext, parts: Parts, params: DownsampleParams) -> Iterator[Rows]:
    """Yield the frames that stay, with what their payload tells in place of the payload."""
    schema = _schema(parts)
    payload = [name for name, kind in natures(schema).items() if kind == Nature.PAYLOAD]
    size = sum(table.artifact.bytes for table in parts)
    ctx.fact("left_in_raw", {"columns": payload, "bytes": size})
    t = _all_stamps(parts)
    able = _decodable(ctx, parts, t.size)
    keep = able[pick_frames(t[able], params.frame_rate_hz)]
    dropped = {"between_key_frames": t.size - able.size, "rate": able.size - keep.size}
    ctx.account(_account(parts, keep.size, dropped))
    if params.payload_facts:
        is_camera = parts[0].artifact.attributes.get("topic_class") == "camera"
        look = Look(payload=tuple(payload), pictures=is_camera, voxel_m=params.voxel_m)
        told = (look.at(batch) for batch in _picked(parts, schema, np.sort(keep)))
        frames = in_given_order(told, keep)
    else:
        small = pa.schema([field for field in schema if field.name not in payload])
        frames = _picked(parts, small, keep)
    yield from (Rows(_output(parts, "thinned"), batch) for batch in frames)


def _decodable(ctx: StepContext, parts: Parts, count: int) -> Indices:
    """Return the rows of frames that need no other frame: all, or the key frames of a video."""
    codec = codec_in(parts)
    keys = None if codec is None else key_frame_rows(parts, codec)
    if keys is not None and keys.size:
        return keys
    if codec is not None and count:
        name = parts[0].artifact.name
        text = f"'{name}' is {codec} video without a key frame: none of its frames can be decoded"
        ctx.caveat(Problem(code="no_key_frame", message=text, stream=name))
    return np.arange(count, dtype=np.int64)


def _picked(parts: Parts, schema: pa.Schema, keep: Indices) -> Iterator[pa.RecordBatch]:
    """Yield the rows at ``keep`` with their place in the raw zone."""
    batches = (
        (table.artifact.part, batch)
        for table in parts
        for batch in table.batches(_present(table, schema.names))
    )
    yield from picked_rows(batches, schema, keep)


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
    version=2,
    split=Split.STREAM,
    needs={"stream": Need(kind="stream", doc="All parts of one stream.")},
    makes=("thinned", "stream_timing", "stamp_models"),
    params=DownsampleParams,
    run=run,
    doc="Thin one stream to the rates that scenes need, and measure its timing in full.",
)
