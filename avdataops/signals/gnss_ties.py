"""Clocks of one measurement tied to UTC, and by UTC to each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from avdataops.signals.clocks import ClockModel, Refusal, chained, inverse
from avdataops.signals.gnss_time import gnss_clock, time_columns, utc_stamps
from avdataops.signals.placed import TimedStream
from avdataops.signals.ties import NO_METHOD, Tie

UTC_CLOCK = "utc"
GNSS_METHOD = "gnss_time"


@dataclass(frozen=True, slots=True)
class GnssClock:
    """What a stream of satellite time says of the clock that recorded it."""

    clock: str
    stream: str
    found: ClockModel | Refusal
    """From the clock to UTC."""


def gnss_clocks(streams: Iterable[TimedStream]) -> dict[str, GnssClock]:
    """Return for each clock the model to UTC by the stream that tells it most often."""
    best: dict[str, TimedStream] = {}
    for stream in sorted(streams, key=lambda one: (-one.timing.rows, one.name)):
        if time_columns(stream.type, stream.table.schema):
            best.setdefault(stream.timing.clock, stream)
    return {clock: _read(clock, stream) for clock, stream in sorted(best.items())}


def tied_by_gnss(
    ties: Mapping[str, Tie], known: Mapping[str, GnssClock], reference: str
) -> dict[str, Tie]:
    """Return the ties with clocks that no motion could tie taken to the reference over UTC."""
    ours = known.get(reference)
    if ours is None or isinstance(ours.found, Refusal):
        return dict(ties)
    back = inverse(ours.found)
    result = {}
    for clock, one in ties.items():
        theirs = known.get(clock)
        if one.method == NO_METHOD and theirs and isinstance(theirs.found, ClockModel):
            model = chained(theirs.found, back)
            result[clock] = Tie(clock=clock, method=GNSS_METHOD, model=model)
        else:
            result[clock] = one
    return result


def on_utc(ties: Mapping[str, Tie], to_utc: ClockModel) -> dict[str, Tie]:
    """Return the ties with UTC as the reference; ``to_utc`` is the old reference's model.

    A clock without a tie stays without one.
    """
    return {clock: _moved(one, to_utc) for clock, one in ties.items()}


def _moved(one: Tie, to_utc: ClockModel) -> Tie:
    if not one.usable:
        return one
    method = GNSS_METHOD if one.method == "reference" else one.method
    return replace(one, method=method, model=chained(one.model, to_utc))


def _read(clock: str, stream: TimedStream) -> GnssClock:
    names = time_columns(stream.type, stream.table.schema)
    utc_ns, recorded_ns = utc_stamps(stream.table.read(list(names)), names)
    return GnssClock(clock, stream.name, gnss_clock(utc_ns, recorded_ns))
