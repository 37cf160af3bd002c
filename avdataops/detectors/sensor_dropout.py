"""Sensors that fell silent while they should have delivered."""

from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, margin, number

PERIODIC = ("camera", "lidar", "radar", "imu", "gnss", "objects", "vehicle", "can")
"""Topic classes of sensors that deliver all the time."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of a dropout.

    A gap longer than three median periods and 0.2 s is the field's habit for periodic sensors; the
    other values are the product's own defaults.
    """

    min_periods: float = 3.0
    min_gap_s: float = 0.2
    min_rate_hz: float = 0.5
    """Slower streams are events or heartbeats."""
    max_silent_share: float = 0.5
    """A stream that is silent for longer than this share of its life comes in bursts."""
    min_edge_s: float = 2.0
    """Before a stream's first message or after its last, recorders start and stop one by one."""


def find(drive: Drive, params: Params) -> Detection:
    """Return the dropouts of each periodic sensor; its actor is the name of the stream.

    Unknown only where the timing of no such stream was measured.
    """
    streams = sorted(
        name
        for name, kind in drive.classes.items()
        if kind in PERIODIC and name in drive.periods_ns
    )
    if not streams:
        nothing = Unknown(
            start_ns=drive.start_ns, stop_ns=drive.stop_ns, reason="no timing of any sensor"
        )
        return settle((), (nothing,))
    return settle((scene for name in streams for scene in _dropouts(drive, name, params)), ())


def _dropouts(drive: Drive, stream: str, params: Params) -> Iterator[Found]:
    period_ns = drive.periods_ns[stream]
    gaps = drive.gaps.get(stream, ())
    if period_ns <= 0 or NS_PER_S / period_ns < params.min_rate_hz:
        return
    inner = [(start, stop) for start, stop in gaps if not _at_edge(drive, start, stop)]
    edges = sum(stop - start for start, stop in gaps) - sum(stop - start for start, stop in inner)
    alive_ns = drive.stop_ns - drive.start_ns - edges
    if sum(stop - start for start, stop in inner) > params.max_silent_share * alive_ns:
        return
    least_ns = max(params.min_periods * period_ns, params.min_gap_s * NS_PER_S)
    for start, stop in gaps:
        edge = _at_edge(drive, start, stop)
        needed = max(least_ns, params.min_edge_s * NS_PER_S) if edge else least_ns
        if stop - start > needed:
            yield Found(
                type="sensor_dropout",
                actor=stream,
                start_ns=start,
                stop_ns=stop,
                confidence=confidence(margin(stop - start, needed)),
                truncated=edge,
                evidence={
                    "duration_s": number((stop - start) / NS_PER_S),
                    "period_s": number(period_ns / NS_PER_S),
                    "missed_messages": number(round((stop - start) / period_ns) - 1),
                    "topic_class": drive.classes[stream],
                    "place": _place(drive, start, stop),
                },
            )


def _place(drive: Drive, start_ns: int, stop_ns: int) -> str:
    """Return whether the stream had not begun, had ended, or fell silent in between."""
    if start_ns <= drive.start_ns:
        return "start"
    return "end" if stop_ns >= drive.stop_ns else "middle"


def _at_edge(drive: Drive, start_ns: int, stop_ns: int) -> bool:
    return _place(drive, start_ns, stop_ns) != "middle"


SENSOR_DROPOUT = Detector(
    name="sensor_dropout",
    version=1,
    types=("sensor_dropout",),
    params=Params,
    find=find,
    doc="A periodic sensor silent for more than three periods and 0.2 s.",
)
