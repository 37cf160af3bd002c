"""Runs of frames with something wrong, as stretches of time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Drive, Signals, Unknown
from avdataops.signals.arrays import Bools, Pairs
from avdataops.signals.coverage import NOTHING, known_spans, missing
from avdataops.signals.intervals import drop_short, merge_close, union
from avdataops.signals.nullable import floats
from avdataops.signals.timing import median_period_ns

MIN_HOLE_NS = 500_000_000
"""A shorter time without a frame leaves nothing unknown."""


@dataclass(frozen=True, slots=True)
class Spell:
    """Frames ``first`` to ``stop`` (not included) of a stream, and the time that they stand for."""

    first: int
    stop: int
    start_ns: int
    stop_ns: int
    cut: bool
    """There is no frame right before or right after to tell that it began or ended here."""

    @property
    def rows(self) -> slice:
        """The frames."""
        return slice(self.first, self.stop)

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return self.stop - self.first

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return (self.stop_ns - self.start_ns) / 1e9


def spells(frames: Signals, bad: Bools, drive_stop_ns: int) -> Iterator[Spell]:
    """Yield the runs of bad frames; a gap between frames ends a run."""
    t = frames.t_ns
    new = np.append(True, np.diff(t) > frames.max_gap_ns)[: t.size]
    number = np.cumsum(new | np.append(True, np.diff(bad.astype(np.int8)) != 0)[: t.size])
    edges = np.flatnonzero(np.append(True, np.diff(number) != 0)[: t.size])
    for first, stop in zip(edges, np.append(edges, t.size)[1:], strict=True):
        if bad[first]:
            yield spell(frames, int(first), int(stop), drive_stop_ns)


def spell(frames: Signals, first: int, stop: int, drive_stop_ns: int) -> Spell:
    """Return frames as a spell: up to the frame after them, or one period where none follows."""
    t = frames.t_ns
    begun = first == 0 or t[first] - t[first - 1] > frames.max_gap_ns
    unfinished = stop == t.size or t[stop] - t[stop - 1] > frames.max_gap_ns
    period_ns = median_period_ns(t) or 1
    after = t[stop - 1] + period_ns if unfinished else t[stop]
    end_ns = max(min(int(after), drive_stop_ns), int(t[stop - 1]) + 1)
    return Spell(first, stop, int(t[first]), end_ns, bool(begun or unfinished))


def lasting(
    frames: Signals, found: Iterable[Spell], *, merge_ns: int, least_ns: int, drive_stop_ns: int
) -> Iterator[Spell]:
    """Yield spells joined over short breaks (never over a gap), without those that are short."""
    pairs = np.array([(one.start_ns, one.stop_ns) for one in found], dtype=np.int64)
    joined = merge_close(pairs.reshape(-1, 2), min(merge_ns, frames.max_gap_ns))
    for start_ns, stop_ns in drop_short(joined, least_ns):
        first, stop = np.searchsorted(frames.t_ns, (start_ns, stop_ns))
        yield spell(frames, int(first), int(stop), drive_stop_ns)


def told(drive: Drive, column: str) -> dict[str, Signals]:
    """Return the streams of frames for which a column is known at all."""
    return {
        name: frames
        for name, frames in sorted(drive.frames.items())
        if np.isfinite(floats(frames.columns, column, frames.t_ns.size)).any()
    }


def unseen(drive: Drive, streams: Iterable[Signals], column: str, name: str) -> list[Unknown]:
    """Return when no stream has a frame that tells ``column``."""
    spans: Pairs = NOTHING
    for frames in streams:
        known = np.isfinite(floats(frames.columns, column, frames.t_ns.size))
        # A frame tells of its own moment too, and ends what came before it.
        own = known_spans(frames.t_ns, known, frames.max_gap_ns) + np.array([0, 1])
        spans = union(spans, own)
    return missing(drive.start_ns, drive.stop_ns, {name: spans}, MIN_HOLE_NS)
