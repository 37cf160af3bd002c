"""Lays every stream of one recording down as typed columns, in one pass over the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from avdataops.model.artifact import Artifact
from avdataops.model.documents import to_document
from avdataops.model.errors import ConfigError, HostileInput
from avdataops.model.ids import recording_id
from avdataops.model.measurement import Recording
from avdataops.model.run import DAMAGE, piece_name
from avdataops.model.stream import Account, Problem, Stream
from avdataops.ports.reading import Divisible, Reader, Sidecars, StreamBatch
from avdataops.ports.step import Inputs, Need, Output, Rows, Split, Step, StepContext
from avdataops.ports.storage import read_all
from avdataops.readers.formats import open_recording
from avdataops.tables.topics import topic_class

MAX_STREAMS = 20_000
"""More named sources than any honest recording has."""
MAX_PIECES = 256
_DIVISIBLE = frozenset({"mcap", "bag", "db3"})
"""Formats whose readers are ``Divisible``: the plan opens no file."""


@dataclass(frozen=True, slots=True)
class Params:
    """How rows are batched; no effect on what they hold."""

    max_rows: int = 16_384
    """Rows of one stream decoded at a time."""
    piece_bytes: int = 2 << 30
    """Recordings over this size are shared by several tasks, if their format allows it."""
    piece: int = 0
    pieces: int = 1
    """Which share of the recording a task takes; set by the plan."""


@dataclass(slots=True)
class _Tally:
    messages: int = 0
    rows: int = 0
    start_ns: int | None = None
    stop_ns: int | None = None
    dropped: dict[str, int] = field(default_factory=dict)


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Rows]:
    """Yield the rows of every stream; accounts for every message of the recording's index.

    A damaged recording gives what it still holds, with a caveat that says n of m.
    """
    (recording,) = inputs.files["recording"]
    dbc = {given.artifact.name: read_all(given.file) for given in inputs.files.get("dbc", ())}
    with open_recording(recording.file, Sidecars(dbc=dbc)) as reader:
        streams = {stream.name: stream for stream in reader.streams}
        if len(streams) > MAX_STREAMS:
            raise HostileInput(f"'{recording.artifact.name}' claims {len(streams)} streams")
        outputs = {
            name: _output(stream, recording.artifact.name, reader.clock, params)
            for name, stream in streams.items()
        }
        tallies = {name: _Tally() for name in streams}
        expected = sum(stream.rows or 0 for stream in streams.values()) / params.pieces or 1
        read = 0
        for batch in _batches(reader, params):
            _count(tallies[batch.stream], batch)
            read += batch.messages
            ctx.progress(min(read / expected, 1.0))
            yield Rows(outputs[batch.stream], batch.rows, batch.is_last)
        if params.pieces == 1:
            _report(ctx, recording.artifact, reader, tallies)
        else:
            _report_share(ctx, recording.artifact, reader, tallies, params)


def pieces_of(recording: Artifact, params: Params) -> int:
    """Return how many tasks share a recording."""
    if recording.attributes.get("format") not in _DIVISIBLE:
        return 1
    wanted = -(-recording.bytes // max(params.piece_bytes, 1))
    return min(max(wanted, 1), MAX_PIECES)


def _batches(reader: Reader, params: Params) -> Iterator[StreamBatch]:
    if params.pieces == 1:
        return reader.batches(max_rows=params.max_rows)
    if not isinstance(reader, Divisible) or not 0 <= params.piece < params.pieces:
        raise ConfigError(f"there is no share {params.piece + 1} of {params.pieces} to extract")
    return reader.share(params.piece, params.pieces, max_rows=params.max_rows)


def _output(stream: Stream, recording: str, clock: str, params: Params) -> Output:
    attributes = {
        "topic": stream.topic,
        "type": stream.type,
        "topic_class": topic_class(stream.name, stream.type),
        "clock": clock,
        "recording": recording,
        **({"parent": stream.parent} if stream.parent else {}),
        **stream.attributes,
    }
    return Output(
        kind="stream",
        name=stream.name,
        part=piece_name(recording, params.piece, params.pieces),
        attributes=tuple(sorted(attributes.items())),
    )


def _count(tally: _Tally, batch: StreamBatch) -> None:
    tally.messages += batch.messages
    tally.rows += batch.rows.num_rows
    for reason, lost in batch.dropped.items():
        tally.dropped[reason] = tally.dropped.get(reason, 0) + lost
    if batch.rows.num_rows:
        times = batch.rows.column("t_ns").to_numpy()
        low, high = int(times.min()), int(times.max()) + 1
        tally.start_ns = low if tally.start_ns is None else min(low, tally.start_ns)
        tally.stop_ns = high if tally.stop_ns is None else max(high, tally.stop_ns)


def _report(ctx: StepContext, raw: Artifact, reader: Reader, tallies: dict[str, _Tally]) -> None:
    problems = reader.problems()
    explained = {problem.stream for problem in problems if problem.code in DAMAGE}
    for problem in problems:
        ctx.caveat(problem)
    if any(problem.code in DAMAGE for problem in problems):
        ctx.caveat(_partial(reader.streams, tallies))
    for stream in reader.streams:
        if stream.parent is None:
            account = _account(stream, tallies[stream.name])
            ctx.account(account)
            if not account.balanced and not {stream.name, None} & explained:
                ctx.caveat(_miscount(raw.name, account))
    starts = [tally.start_ns for tally in tallies.values() if tally.start_ns is not None]
    stops = [tally.stop_ns for tally in tallies.values() if tally.stop_ns is not None]
    seen = tuple(_seen(stream, tallies[stream.name]) for stream in reader.streams)
    _learn(ctx, raw, reader, seen, (min(starts, default=None), max(stops, default=None)))


def _report_share(
    ctx: StepContext,
    raw: Artifact,
    reader: Reader,
    tallies: dict[str, _Tally],
    params: Params,
) -> None:
    """Account for one share; the first one tells the catalog what the index states of the whole."""
    for problem in reader.problems():
        ctx.caveat(problem)
    for stream in reader.streams:
        if stream.parent is None:
            # The index counts the whole; the messages of a share are those that it met.
            ctx.account(_account(replace(stream, rows=None), tallies[stream.name]))
    if params.piece == 0:
        time = reader.time
        _learn(
            ctx,
            raw,
            reader,
            reader.streams,
            (time.start_ns if time else None, time.stop_ns if time else None),
        )


def _learn(
    ctx: StepContext,
    raw: Artifact,
    reader: Reader,
    streams: tuple[Stream, ...],
    span: tuple[int | None, int | None],
) -> None:
    """Tell the catalog what is in the recording."""
    facts = Recording(
        id=recording_id(ctx.measurement, raw.name, raw.sha256),
        measurement=ctx.measurement,
        name=raw.name,
        bytes=raw.bytes,
        sha256=raw.sha256,
        format=raw.attributes.get("format"),
        start_ns=span[0],
        stop_ns=span[1],
        streams=streams,
        problems=reader.problems(),
    )
    ctx.fact("recordings", [to_document(facts)])


def _partial(streams: tuple[Stream, ...], tallies: dict[str, _Tally]) -> Problem:
    """Say how many messages a damaged recording gave, of how many as far as that is known."""
    sources = [stream for stream in streams if stream.parent is None]
    read = sum(tallies[stream.name].rows for stream in sources)
    known = [stream.rows for stream in sources if stream.rows is not None]
    if len(known) < len(sources) or not sources:
        of = "of a number that only its lost index knew"
        return Problem(code="partial", message=f"read {read} messages, {of}")
    return Problem(
        code="partial",
        message=f"read {read} of {sum(known)} messages",
        lost_rows=max(sum(known) - read, 0),
    )


def _account(stream: Stream, tally: _Tally) -> Account:
    lost = sum(tally.dropped.values())
    return Account(
        stream=stream.name,
        rows_in=stream.rows if stream.rows is not None else tally.messages + lost,
        rows_out=tally.rows,
        dropped=tally.dropped,
    )


def _seen(stream: Stream, tally: _Tally) -> Stream:
    return replace(stream, rows=tally.rows, start_ns=tally.start_ns, stop_ns=tally.stop_ns)


def _miscount(recording: str, account: Account) -> Problem:
    expected = account.rows_in or 0
    return Problem(
        code="count_mismatch",
        message=f"'{recording}' {account.stream}: read {account.rows_out} of {expected} messages",
        stream=account.stream,
        lost_rows=max(expected - account.rows_out - sum(account.dropped.values()), 0),
    )


EXTRACT = Step(
    name="extract",
    version=5,
    split=Split.RECORDING,
    needs={
        "recording": Need(kind="recording", doc="one raw recording"),
        "dbc": Need(
            kind="sidecar", optional=True, where={"role": "dbc"}, doc="DBC files of its buses"
        ),
    },
    makes=("stream",),
    params=Params,
    run=run,
    pieces=pieces_of,
    doc="Every field of every message as typed columns, one table per stream.",
)
