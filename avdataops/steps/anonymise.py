"""The anonymise step: faces and plates in pictures painted over.  Not in the default pipeline."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Account, Problem
from avdataops.model.time import NS_PER_MS
from avdataops.ports.seeing import Seer
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext, Table
from avdataops.ports.storage import read_all
from avdataops.signals.camera_pictures import colour_picture
from avdataops.signals.covered import MAX_BOXES, Look, Region, covered
from avdataops.signals.onnx_objects import Network, onnx_seer
from avdataops.signals.painted import encoded, painted
from avdataops.tables.kinds import kind

_MESSAGE = ("t_ns", "data", "height", "width", "step", "encoding")
_MAX_WEIGHTS_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What is painted over, and how the network of the user speaks."""

    labels: tuple[str, ...] = ("face", "licence_plate")
    """Classes of the network, in its order; a number without a name is told as class_N."""
    classes: tuple[str, ...] = ()
    """Only these are painted over; empty: all that it sees."""
    side_px: int = 640
    decode: str = "yolox"
    strides: tuple[int, ...] = (8, 16, 32)
    min_score: float = 0.1
    """Low, because a missed face is worse than a painted hubcap."""
    max_overlap: float = 0.65
    enlarge: float = 0.15
    """Each side of a box grows by this share of its size."""
    hold_ms: float = 300.0
    """A box covers its place so long before and after: three pictures at 10 Hz."""
    bridge_ms: float = 1000.0
    """Between two boxes of one thing, at most so far apart, all that they span is covered."""


@dataclass(slots=True)
class _Counts:
    pictures: int = 0
    unreadable: int = 0
    with_regions: int = 0
    seen: int = 0
    held: int = 0
    wholly: int = 0
    """Pictures covered as a whole, because too much was seen in them."""


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows]:
    """Yield every picture of one camera stream again, one row per row of the source.

    A picture that cannot be read has no data here and stays ``raw``.  Twice over the stream, in
    bounded memory: once to see, once to paint.
    """
    parts = [one for one in inputs.tables["frames"] if "data" in one.schema.names]
    if not parts:
        return
    seer = _seer(inputs, params)
    counts = _Counts()
    looks = [_look(message, seer, params, counts) for _, message in _messages(parts)]
    order = np.argsort([look.t_ns for look in looks], kind="stable")
    hold_ns, bridge_ns = (round(ms * NS_PER_MS) for ms in (params.hold_ms, params.bridge_ms))
    in_order = [looks[row] for row in order.tolist()]
    regions: dict[int, tuple[Region, ...]] = dict(
        zip(order.tolist(), covered(in_order, params.enlarge, hold_ns, bridge_ns), strict=True)
    )
    for table in parts:
        # A table without rows is one all the same.
        yield Rows(_output(table), pa.RecordBatch.from_pylist([], schema=_SCHEMA))
    row_of: dict[str, int] = {}
    for number, (table, message) in enumerate(_messages(parts)):
        row = row_of.get(table.artifact.part, 0)
        row_of[table.artifact.part] = row + 1
        made = _row(message, regions.pop(number), counts)
        facts = {"row": row, "weights_sha256": seer.weights_sha256, "method": seer.name}
        yield Rows(_output(table), pa.RecordBatch.from_pylist([{**made, **facts}], schema=_SCHEMA))
        ctx.progress((number + 1) / len(looks))
    _tell(ctx, parts[0].artifact.name, seer, counts)


_SCHEMA = kind("anonymised").schema


def _output(table: Table) -> Output:
    return Output(kind="anonymised", name=table.artifact.name, part=table.artifact.part)


def _seer(inputs: Inputs, params: Params) -> Seer:
    network = Network(
        labels=params.labels,
        side_px=params.side_px,
        decode=params.decode,
        strides=params.strides,
        min_score=params.min_score,
        max_overlap=params.max_overlap,
    )
    return onnx_seer(read_all(inputs.files["anonymiser"][0].file, _MAX_WEIGHTS_BYTES), network)


def _messages(parts: Sequence[Table]) -> Iterator[tuple[Table, dict[str, object]]]:
    for table in parts:
        for batch in table.batches([name for name in _MESSAGE if name in table.schema.names]):
            for row in range(batch.num_rows):
                yield table, batch.slice(row, 1).to_pylist()[0]


def _look(message: dict[str, object], seer: Seer, params: Params, counts: _Counts) -> Look:
    picture = colour_picture(message)
    counts.pictures += 1
    counts.unreadable += picture is None
    seen = seer.see(picture) if picture is not None else ()
    wanted = tuple(one for one in seen if not params.classes or one.object_class in params.classes)
    if len(wanted) > MAX_BOXES and picture is not None:
        height, width = picture.shape[:2]
        whole = {"x_px": 0.0, "y_px": 0.0, "width_px": float(width), "height_px": float(height)}
        counts.wholly += 1
        wanted = (type(wanted[0])(object_class="too_many", score=wanted[0].score, **whole),)
    return Look(int(str(message["t_ns"])), wanted)


def _row(
    message: dict[str, object], regions: tuple[Region, ...], counts: _Counts
) -> dict[str, object]:
    picture, data = colour_picture(message), message["data"]
    held = sum(one.held for one in regions)
    made = None
    if picture is not None and isinstance(data, bytes):
        made = encoded(painted(picture, regions), data)
        counts.with_regions += bool(regions)
        counts.held += held
        counts.seen += len(regions) - held
    told = json.dumps([asdict(one) for one in regions], sort_keys=True, separators=(",", ":"))
    return {"t_ns": message["t_ns"], "data": made, "regions": told, "held": held}


def _tell(ctx: StepContext, stream: str, seer: Seer, counts: _Counts) -> None:
    if counts.unreadable:
        text = f"{counts.unreadable} of {counts.pictures} pictures cannot be read and stay raw"
        ctx.caveat(Problem(code="no_picture", message=text, stream=stream))
    if counts.wholly:
        text = f"in {counts.wholly} pictures more than {MAX_BOXES} boxes are seen: all is covered"
        ctx.caveat(Problem(code="too_many_boxes", message=text, stream=stream))
    ctx.fact("pii_status", "anonymised")
    ctx.fact("weights_sha256", seer.weights_sha256)
    ctx.fact("counts", asdict(counts))
    ctx.account(Account(stream=stream, rows_in=counts.pictures, rows_out=counts.pictures))


ANONYMISE = Step(
    name="anonymise",
    version=1,
    split=Split.STREAM,
    needs={
        "frames": Need(kind="stream", where={"topic_class": "camera"}),
        "anonymiser": Need(kind="reference", doc="ONNX weights that the user brings."),
    },
    makes=("anonymised",),
    params=Params,
    run=run,
    doc="Camera pictures with faces and plates painted over, by the user's network.",
)
