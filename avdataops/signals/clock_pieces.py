"""The one-way model of a clock that steps, resets and drifts with temperature: in pieces."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

import numpy as np

from avdataops.model.errors import InputError
from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Times
from avdataops.signals.clock_steps import find_steps
from avdataops.signals.clocks import PPM, ClockModel, Refusal, apply, one_way_clock

MAX_WINDOW_S = 600.0
"""A quartz keeps its rate for about as long; longer records get windows of 300 to 600 s."""
# More steps than this are a delay without a floor, not a clock that was set.
_STEPS_ALWAYS, _STEPS_PER_S = 6, 1 / 60


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a record over which a clock keeps one line, or no line is known."""

    segment: int
    """Pieces of one segment join without a step; another segment begins with a step."""
    start_ns: int
    """First receive time at which it holds."""
    stop_ns: int
    """Up to here, exclusive, on the receiver's clock."""
    model: ClockModel | None = None
    refused: Refusal | None = None


def piecewise_clock(
    t_sensor: Times, t_receive: Times, *, min_samples: int = 50
) -> tuple[Piece, ...] | Refusal:
    """Return the lines that take sensor times to receive times with the least delay.

    Cut where the least delay steps by more than 20 ms (:func:`find_steps`), which a reset of the
    clock is too.  Each segment has its own lower convex hull
    (:func:`~avdataops.signals.clocks.one_way_clock`); one of more than 600 s has a hull per window
    of 300 to 600 s, and the lines meet in the middle of their difference where windows join.
    A segment that cannot be modelled is a piece with the refusal.

    Rows may come in any order; that of the receive times counts.  Refused as a whole: what
    ``one_way_clock`` refuses of the longest segment when no segment is left, and
    ``no_least_delay`` with more than 6 steps and one a minute.
    """
    if len(t_sensor) != len(t_receive):
        raise InputError(f"{len(t_sensor)} sensor times, but {len(t_receive)} receive times")
    if t_sensor.size < min_samples:
        return Refusal("too_few_samples", f"{t_sensor.size} rows are fewer than {min_samples}")
    order = np.argsort(t_receive, kind="stable")
    sensor, receive = t_sensor[order], t_receive[order]
    delay = receive - sensor
    steps = find_steps(receive, delay - np.min(delay))
    span_s = int(receive[-1] - receive[0]) / NS_PER_S
    if steps.size > _STEPS_ALWAYS + span_s * _STEPS_PER_S:
        return Refusal(
            "no_least_delay", f"the least delay steps {steps.size} times in {span_s:.0f} s"
        )
    edges = [0, *steps.tolist(), sensor.size]
    pieces: list[Piece] = []
    for number, (start, stop) in enumerate(pairwise(edges)):
        until_ns = int(receive[stop]) if stop < receive.size else int(receive[-1]) + 1
        span = (int(receive[start]), until_ns)
        pieces += _segment(number, span, sensor[start:stop], receive[start:stop], min_samples)
    if all(piece.model is None for piece in pieces):
        longest = max(pieces, key=lambda piece: piece.stop_ns - piece.start_ns)
        return longest.refused or Refusal("too_few_samples", "no segment has enough rows")
    return tuple(pieces)


def on_receiver(pieces: Sequence[Piece], t_sensor: Times, t_receive: Times) -> Times:
    """Return sensor times on the receiver's clock; the receive time itself where no line is known.

    Never later than the receive time: no message arrives before it was sent.
    """
    if len(t_sensor) != len(t_receive):
        raise InputError(f"{len(t_sensor)} sensor times, but {len(t_receive)} receive times")
    starts = np.array([piece.start_ns for piece in pieces], dtype=np.int64)
    place = np.maximum(np.searchsorted(starts, t_receive, side="right") - 1, 0)
    result = t_receive.astype(np.int64)
    for number, piece in enumerate(pieces):
        if piece.model is not None:
            rows = np.flatnonzero(place == number)
            result[rows] = np.minimum(apply(piece.model, t_sensor[rows]), t_receive[rows])
    return result


def steps_of(pieces: Sequence[Piece]) -> tuple[tuple[int, int | None], ...]:
    """Return (receive time, step of the sensor's clock) in ns of each step, in order of time.

    Positive when the clock jumped ahead; ``None`` where a side of the step has no model.
    """
    return tuple(
        (new.start_ns, _step_ns(old, new))
        for old, new in pairwise(pieces)
        if new.segment != old.segment
    )


def _step_ns(old: Piece, new: Piece) -> int | None:
    if old.model is None or new.model is None:
        return None
    at = np.array([new.start_ns - new.model.offset_ns], dtype=np.int64)
    return int(apply(old.model, at)[0] - apply(new.model, at)[0])


def _segment(
    number: int, span: tuple[int, int], sensor: Times, receive: Times, min_samples: int
) -> list[Piece]:
    whole = one_way_clock(sensor, receive, min_samples=min_samples)
    if isinstance(whole, Refusal):
        return [Piece(number, *span, refused=whole)]
    lines = _windows(sensor, receive, min_samples)
    if len(lines) <= 1:
        return [Piece(number, *span, model=whole)]
    return _joined(number, span, lines)


@dataclass(frozen=True, slots=True)
class _Line:
    """A model over [start, stop) of the sensor's clock."""

    start_ns: int
    stop_ns: int
    model: ClockModel

    def delay_ns(self, t_ns: int) -> float:
        since_ns = t_ns - self.model.t0_ns
        return self.model.offset_ns + since_ns * self.model.skew_ppm / PPM


def _windows(sensor: Times, receive: Times, min_samples: int) -> list[_Line]:
    """Return the line of each window; none when one of them has no line of its own."""
    first, last = int(np.min(sensor)), int(np.max(sensor))
    count = ceil((last - first) / NS_PER_S / MAX_WINDOW_S)
    edges = [first + (last - first) * number // max(count, 1) for number in range(count + 1)]
    lines = []
    for start, stop in pairwise(edges):
        inside = (sensor >= start) & (sensor <= stop)
        model = one_way_clock(sensor[inside], receive[inside], min_samples=min_samples)
        if isinstance(model, Refusal):
            return []
        lines.append(_Line(start, stop, model))
    return lines


def _joined(number: int, span: tuple[int, int], lines: list[_Line]) -> list[Piece]:
    """Return pieces that meet: at each joint half-way between the lines of its two sides."""
    knots = [lines[0].delay_ns(lines[0].start_ns)]
    for old, new in pairwise(lines):
        knots.append((old.delay_ns(new.start_ns) + new.delay_ns(new.start_ns)) / 2)
    knots.append(lines[-1].delay_ns(lines[-1].stop_ns))
    starts = [span[0]]
    starts += [line.start_ns + round(knot) for line, knot in zip(lines, knots[:-1], strict=True)][
        1:
    ]
    edges = [*starts, span[1]]
    pieces = []
    for place, line in enumerate(lines):
        low, high = knots[place], knots[place + 1]
        skew_ppm = (high - low) / (line.stop_ns - line.start_ns) * PPM
        model = replace(line.model, t0_ns=line.start_ns, offset_ns=round(low), skew_ppm=skew_ppm)
        pieces.append(Piece(number, edges[place], edges[place + 1], model=model))
    return pieces
