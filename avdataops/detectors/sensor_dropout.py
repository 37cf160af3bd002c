"""Sensors that fell silent while they should have delivered."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Unknown
from avdataops.signals.coverage import settle
from avdataops.signals.evidence import confidence, margin, number

PERIODIC = ("camera", "lidar", "radar", "imu", "gnss", "objects", "vehicle", "can")
"""Topic classes of sensors that deliver all the time."""
_COMMANDS = re.compile(
    r"(?:^|.*[^a-z])(?:cmd|commands?|requests?|set_?points?|targets?|goals?|ctrl_?cmd)(?:[^a-z].*|$)",
    re.IGNORECASE,
)
"""Streams that ask for something: they are silent while nobody asks, and are no sensors."""
_OWNER = re.compile(r"(.*)[/.][^/.]+")
"""What a stream's name begins with up to the last part: one device, or one bus."""


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
    good_s: float = 2.0
    """A sensor is back after this long without a gap, as a receiver is after an outage: single
    messages on the way are no recovery."""
    good_periods: float = 10.0
    """And after this many periods, so that a slow stream must deliver more than two messages."""


@dataclass(frozen=True, slots=True)
class _Silence:
    """One stretch in which a stream delivered nothing, or next to nothing."""

    stream: str
    start_ns: int
    stop_ns: int
    longest_ns: int
    """Of the gaps in it."""
    gaps: int
    needed_ns: float


def find(drive: Drive, params: Params) -> Detection:
    """Return the dropouts of each periodic sensor; its actor is the name of the stream.

    Streams of one device that fall silent together are one dropout: a receiver that sends nine
    messages has failed once.  The actor is then the stream that comes most often, and all are in
    the evidence.  Unknown only where the timing of no such stream was measured.
    """
    streams = sorted(
        name
        for name, kind in drive.classes.items()
        if kind in PERIODIC and name in drive.periods_ns and not _COMMANDS.fullmatch(name)
    )
    if not streams:
        nothing = Unknown(
            start_ns=drive.start_ns, stop_ns=drive.stop_ns, reason="no timing of any sensor"
        )
        return settle((), (nothing,))
    silences = [one for name in streams for one in _silences(drive, name, params)]
    return settle((_scene(drive, group) for group in _together(drive, silences)), ())


def _silences(drive: Drive, stream: str, params: Params) -> Iterator[_Silence]:
    """Yield when a stream was silent, from its last good message to the first good one."""
    period_ns = drive.periods_ns[stream]
    gaps = drive.gaps.get(stream, ())
    if period_ns <= 0 or NS_PER_S / period_ns < params.min_rate_hz:
        return
    if _comes_in_bursts(drive, gaps, params):
        return
    least_ns = max(params.min_periods * period_ns, params.min_gap_s * NS_PER_S)
    good_ns = max(params.good_s * NS_PER_S, params.good_periods * period_ns)
    open_one: _Silence | None = None
    for start, stop in gaps:
        edge = _at_edge(drive, start, stop)
        needed = max(least_ns, params.min_edge_s * NS_PER_S) if edge else least_ns
        if stop - start <= needed:
            continue
        one = _Silence(stream, start, stop, stop - start, 1, needed)
        if open_one is not None and start - open_one.stop_ns < good_ns:
            open_one = _joined(open_one, one)
            continue
        if open_one is not None:
            yield open_one
        open_one = one
    if open_one is not None:
        yield open_one


def _comes_in_bursts(drive: Drive, gaps: tuple[tuple[int, int], ...], params: Params) -> bool:
    inner = [(start, stop) for start, stop in gaps if not _at_edge(drive, start, stop)]
    edges = sum(stop - start for start, stop in gaps) - sum(stop - start for start, stop in inner)
    alive_ns = drive.stop_ns - drive.start_ns - edges
    return sum(stop - start for start, stop in inner) > params.max_silent_share * alive_ns


def _joined(one: _Silence, other: _Silence) -> _Silence:
    return _Silence(
        stream=one.stream,
        start_ns=one.start_ns,
        stop_ns=other.stop_ns,
        longest_ns=max(one.longest_ns, other.longest_ns),
        gaps=one.gaps + other.gaps,
        needed_ns=max(one.needed_ns, other.needed_ns),
    )


def _together(drive: Drive, silences: list[_Silence]) -> Iterator[list[_Silence]]:
    """Yield silences of one device that are mostly at one time, the most frequent stream first."""
    by_owner: dict[str, list[_Silence]] = defaultdict(list)
    for one in silences:
        owner = _OWNER.fullmatch(one.stream)
        by_owner[owner[1] if owner and owner[1] else one.stream].append(one)
    for items in by_owner.values():
        items.sort(key=lambda one: (drive.periods_ns[one.stream], one.stream, one.start_ns))
        groups: list[list[_Silence]] = []
        for one in items:
            group = next((g for g in groups if _same_time(g[0], one)), None)
            if group is None:
                groups.append([one])
            else:
                group.append(one)
        yield from groups


def _same_time(one: _Silence, other: _Silence) -> bool:
    """Say whether two streams were silent together for most of the longer silence."""
    shared = min(one.stop_ns, other.stop_ns) - max(one.start_ns, other.start_ns)
    longer = max(one.stop_ns - one.start_ns, other.stop_ns - other.start_ns)
    return one.stream != other.stream and 2 * shared > longer


def _scene(drive: Drive, group: list[_Silence]) -> Found:
    first = group[0]
    period_ns = drive.periods_ns[first.stream]
    length_ns = first.stop_ns - first.start_ns
    return Found(
        type="sensor_dropout",
        actor=first.stream,
        start_ns=first.start_ns,
        stop_ns=first.stop_ns,
        confidence=confidence(margin(first.longest_ns, first.needed_ns)),
        truncated=_at_edge(drive, first.start_ns, first.stop_ns),
        evidence={
            "duration_s": number(length_ns / NS_PER_S),
            "longest_gap_s": number(first.longest_ns / NS_PER_S),
            "period_s": number(period_ns / NS_PER_S),
            "missed_messages": number(round(length_ns / period_ns) - first.gaps),
            "topic_class": drive.classes[first.stream],
            "streams": " ".join(one.stream for one in group),
            "place": _place(drive, first.start_ns, first.stop_ns),
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
    version=2,
    types=("sensor_dropout",),
    params=Params,
    find=find,
    doc="A periodic sensor silent for more than three periods and 0.2 s.",
)
