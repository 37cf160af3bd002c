"""The see_objects step: objects in the pictures of a camera.  Not in the default pipeline."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.stream import Account, Problem
from avdataops.ports.seeing import Seen, Seer
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext, Table
from avdataops.ports.storage import read_all
from avdataops.signals.arrays import Indices
from avdataops.signals.camera_pictures import colour_picture
from avdataops.signals.columns import times
from avdataops.signals.hog_people import hog_seer
from avdataops.signals.onnx_objects import Network, onnx_seer
from avdataops.signals.resample import pick_frames
from avdataops.tables.kinds import kind

_MESSAGE = ("t_ns", "data", "height", "width", "step", "encoding")
_MAX_WEIGHTS_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How many pictures are looked at, and how the network of the user speaks."""

    rate_hz: float = 2.0
    """Pictures looked at per second at most."""
    labels: tuple[str, ...] = ()
    """Classes of the network, in its order; a number without a name is told as class_N."""
    side_px: int = 640
    decode: str = "yolox"
    strides: tuple[int, ...] = (8, 16, 32)
    min_score: float = 0.3
    max_overlap: float = 0.45
    """Defaults of size, score and overlap are those of the published YOLOX networks."""
    hog_min_score: float = 0.5
    """Without weights people alone are looked for, weakly (see signals/hog_people)."""


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows]:
    """Yield the objects of one camera stream; ``t_ns`` is the recorder's time of the frame."""
    parts = inputs.tables["frames"]
    seer = _seer(ctx, inputs, params)
    stamps = [times(table.read(["t_ns"])["t_ns"]) for table in parts]
    all_stamps = np.concatenate([np.empty(0, np.int64), *stamps])
    wanted = np.sort(pick_frames(all_stamps, params.rate_hz))
    output = Output(kind="camera_objects", name=parts[0].artifact.name)
    yield Rows(output, _batch(parts[0].artifact.name, seer, []))
    looked = broken = 0
    for t_ns, message in _messages(parts, wanted):
        picture = colour_picture(message)
        looked += picture is not None
        broken += picture is None
        if picture is not None:
            found = [(t_ns, seen) for seen in seer.see(picture)]
            yield Rows(output, _batch(parts[0].artifact.name, seer, found))
        ctx.progress((looked + broken) / max(wanted.size, 1))
    dropped = {"rate": int(all_stamps.size - wanted.size), "no_picture": broken}
    ctx.account(
        Account(
            stream=parts[0].artifact.name,
            rows_in=int(all_stamps.size),
            rows_out=looked,
            dropped={why: many for why, many in dropped.items() if many},
        )
    )


def _seer(ctx: StepContext, inputs: Inputs, params: Params) -> Seer:
    given = inputs.files.get("model", ())
    if not given:
        text = "no weights are set: people are looked for by a weak method, nothing else is"
        ctx.caveat(Problem(code="weak_method", message=text))
        return hog_seer(params.hog_min_score)
    network = Network(
        labels=params.labels,
        side_px=params.side_px,
        decode=params.decode,
        strides=params.strides,
        min_score=params.min_score,
        max_overlap=params.max_overlap,
    )
    return onnx_seer(read_all(given[0].file, _MAX_WEIGHTS_BYTES), network)


def _messages(parts: tuple[Table, ...], wanted: Indices) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield time and columns of the wanted rows, counted over all parts, in bounded memory."""
    first = 0
    for table in parts:
        columns = [name for name in _MESSAGE if name in table.schema.names]
        for batch in table.batches(columns):
            inside = wanted[(wanted >= first) & (wanted < first + batch.num_rows)] - first
            for row in inside.tolist():
                message = batch.slice(row, 1).to_pylist()[0]
                yield message["t_ns"], message
            first += batch.num_rows


def _batch(stream: str, seer: Seer, found: list[tuple[int, Seen]]) -> pa.RecordBatch:
    rows = [
        {
            "t_ns": t_ns,
            "stream": stream,
            "object_class": seen.object_class,
            "score": seen.score,
            "x_px": seen.x_px,
            "y_px": seen.y_px,
            "width_px": seen.width_px,
            "height_px": seen.height_px,
            "detector": seer.name,
            "weights_sha256": seer.weights_sha256,
            "confidence_class": seer.confidence_class,
        }
        for t_ns, seen in found
    ]
    return pa.RecordBatch.from_pylist(rows, schema=kind("camera_objects").schema)


SEE_OBJECTS = Step(
    name="see_objects",
    version=1,
    split=Split.STREAM,
    needs={
        "frames": Need(kind="stream", where={"topic_class": "camera"}),
        "model": Need(kind="reference", optional=True, doc="ONNX weights that the user brings."),
    },
    makes=("camera_objects",),
    params=Params,
    run=run,
    doc="Objects in camera pictures, by the user's network or weakly without one.",
)
