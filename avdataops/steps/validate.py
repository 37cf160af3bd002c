"""Checks one uploaded file against its manifest, opens it, and copies it bit-exact to raw."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.model.documents import to_document
from avdataops.model.errors import InputError, NotFound, UnreadableFile
from avdataops.model.ids import recording_id
from avdataops.model.measurement import Recording, Role
from avdataops.model.run import DAMAGE
from avdataops.ports.files import ReadableFile
from avdataops.ports.step import Bytes, InputFile, Inputs, Need, Output, Split, Step, StepContext
from avdataops.ports.storage import chunks_of
from avdataops.readers.formats import open_recording, recognise

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Params:
    """Validation has nothing to choose."""


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Bytes]:
    """Yield the raw copy of the file.

    Raises ``InputError`` with the fact ``reason_code`` set to one of missing_file,
    size_mismatch, checksum_mismatch, unknown_format, unreadable_recording.
    """
    del params
    (upload,) = inputs.files["upload"]
    _check_bytes(ctx, upload)
    role = Role(upload.artifact.attributes["role"])
    facts: tuple[tuple[str, str], ...] = ()
    if role is Role.RECORDING:
        facts = (("format", _check_recording(ctx, upload)),)
    kind = "recording" if role is Role.RECORDING else "sidecar"
    attributes = (("role", role.value), ("sha256", upload.artifact.sha256), *facts)
    yield Bytes(Output(kind=kind, name=upload.artifact.name, attributes=attributes), upload.file)


def _check_bytes(ctx: StepContext, upload: InputFile) -> None:
    name, promised = upload.artifact.name, upload.artifact.bytes
    again = f"avdataops upload FOLDER --vehicle '{ctx.vehicle}' (the same folder) repairs it"
    try:
        size = upload.file.size
    except NotFound as error:
        ctx.fact("reason_code", "missing_file")
        raise InputError(f"'{name}' is in the manifest but not in landing", hint=again) from error
    if size != promised:
        ctx.fact("reason_code", "size_mismatch")
        raise InputError(f"'{name}' has {size} bytes, the manifest promises {promised}", hint=again)
    found = _sha256(ctx, upload.file)
    if found != upload.artifact.sha256:
        ctx.fact("reason_code", "checksum_mismatch")
        raise InputError(
            f"'{name}' has SHA-256 {found[:12]}…, the manifest promises "
            f"{upload.artifact.sha256[:12]}…: its bytes changed after the upload was hashed",
            hint=again,
        )


def _sha256(ctx: StepContext, file: ReadableFile) -> str:
    digest, done = hashlib.sha256(), 0
    for chunk in chunks_of(file):
        digest.update(chunk)
        done += len(chunk)
        ctx.progress(done / file.size / 2)
    return digest.hexdigest()


def _check_recording(ctx: StepContext, upload: InputFile) -> str:
    name = upload.artifact.name
    without = (
        f"remove or convert '{name}' and upload the folder again: it becomes a new measurement"
    )
    found = recognise(upload.file.read_at(0, HEAD_BYTES))
    if found is None:
        ctx.fact("reason_code", "unknown_format")
        raise UnreadableFile(f"'{name}' is of no known recording format", hint=without)
    try:
        with open_recording(upload.file) as reader:
            time, streams, problems = reader.time, reader.streams, reader.problems()
    except InputError as error:
        ctx.fact("reason_code", "unreadable_recording")
        raise UnreadableFile(f"'{name}': {error.message}", hint=error.hint or without) from error
    for problem in problems:
        if problem.code in DAMAGE | {"unindexed"}:
            ctx.caveat(problem)
    facts = Recording(
        id=recording_id(ctx.measurement, name, upload.artifact.sha256),
        measurement=ctx.measurement,
        name=name,
        bytes=upload.artifact.bytes,
        sha256=upload.artifact.sha256,
        format=found.name,
        start_ns=time.start_ns if time else None,
        stop_ns=time.stop_ns if time else None,
        streams=streams,
        problems=problems,
    )
    ctx.fact("recordings", [to_document(facts)])
    return str(found.name)


VALIDATE = Step(
    name="validate",
    version=1,
    split=Split.RECORDING,
    needs={"upload": Need(kind="upload", doc="one uploaded file")},
    makes=("recording", "sidecar"),
    params=Params,
    run=run,
    doc="Manifest, size, SHA-256, format and opening checked; bit-exact copy to raw.",
)
