"""A pipeline of three small steps over text recordings, to test the engine with."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from avdataops.engine.pipeline import Pipeline, Stage
from avdataops.model.errors import InputError
from avdataops.model.scene import Scene
from avdataops.model.stream import Account
from avdataops.ports.step import Bytes, Inputs, Need, Output, Rows, Split, Step, StepContext
from avdataops.ports.storage import read_all
from avdataops.tables.scene_rows import scene_rows

Run = Callable[[StepContext, Inputs, "Params"], Iterator[Rows | Bytes]]
SCHEMA = pa.schema(
    [
        pa.field("t_ns", pa.int64(), nullable=False, metadata={"unit": "ns"}),
        pa.field("value", pa.float64(), metadata={"unit": "1"}),
    ]
)


@dataclass(frozen=True, slots=True)
class Params:
    """One number is enough to change results."""

    scale: float = 1.0


def recording(*lines: tuple[str, int, float]) -> bytes:
    """Return a toy recording: one line per message, as stream, t_ns, value."""
    return "".join(f"{name} {t_ns} {value}\n" for name, t_ns, value in lines).encode()


def rows_of(times_ns: list[int], values: list[float]) -> pa.RecordBatch:
    """Return rows as the toy streams have them."""
    return pa.RecordBatch.from_arrays(
        [pa.array(times_ns, pa.int64()), pa.array(values, pa.float64())], schema=SCHEMA
    )


def stream(name: str, part: str = "", topic_class: str = "imu") -> Output:
    """Return the output that names a stream's table."""
    return Output(kind="stream", name=name, part=part, attributes=(("topic_class", topic_class),))


def toy_step(
    run: Run,
    *,
    name: str = "toy",
    split: Split = Split.RECORDING,
    needs: dict[str, Need] | None = None,
) -> Step:
    """Return a step around a function."""
    return Step(
        name=name,
        version=1,
        split=split,
        needs=needs or {"upload": Need(kind="upload")},
        makes=("recording", "stream", "scenes"),
        params=Params,
        run=run,
    )


def _validate(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Bytes]:
    del params
    (upload,) = inputs.files["upload"]
    if hashlib.sha256(read_all(upload.file)).hexdigest() != upload.artifact.sha256:
        ctx.fact("reason_code", "checksum_mismatch")
        raise InputError(f"'{upload.artifact.name}' has other bytes", hint="upload it again")
    facts = (("sha256", upload.artifact.sha256),)
    yield Bytes(Output(kind="recording", name=upload.artifact.name, attributes=facts), upload.file)


def _spread(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows]:
    (raw,) = inputs.files["recording"]
    found: dict[str, list[tuple[int, float]]] = {}
    for line in read_all(raw.file).decode().splitlines():
        name, t_ns, value = line.split()
        found.setdefault(name, []).append((int(t_ns), float(value) * params.scale))
    for name, messages in found.items():
        for row in messages:
            yield Rows(stream(name, raw.artifact.name), rows_of([row[0]], [row[1]]))
        ctx.account(Account(stream=name, rows_in=len(messages), rows_out=len(messages)))


def _judge(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows]:
    del params
    scenes = []
    for table in inputs.tables["stream"]:
        first = table.artifact
        peak = max(table.read(["value"]).column("value").to_pylist())
        scenes.append(
            Scene(
                id=f"scn_{first.id[4:]}",
                type="peak",
                measurement=ctx.measurement,
                vehicle=ctx.vehicle,
                t_start_ns=first.start_ns or 0,
                t_end_ns=first.stop_ns or 0,
                detector="peak",
                detector_version=1,
                confidence=1.0,
                evidence={"peak": peak, "stream": first.name},
                params="toy",
            )
        )
    yield Rows(Output(kind="scenes", name="scenes"), scene_rows(scenes))


VALIDATE = toy_step(_validate, name="validate")
SPREAD = toy_step(_spread, name="spread", needs={"recording": Need(kind="recording")})
JUDGE = toy_step(
    _judge, name="judge", split=Split.MEASUREMENT, needs={"stream": Need(kind="stream")}
)
TOY_STEPS = {step.name: step for step in (VALIDATE, SPREAD, JUDGE)}
TOY_PIPELINE = Pipeline(name="toy", steps=tuple(Stage(step=name) for name in TOY_STEPS))
