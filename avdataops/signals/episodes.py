"""Episodes: runs of a Schmitt trigger joined over short pauses, with onsets and cut ends."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times, segments
from avdataops.signals.intervals import Runs, hysteresis, onset_rows


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch of samples, by rows of the arrays it was found in."""

    onset: int
    """First row, gone back to the onset level."""
    trigger: int
    """Row where the trigger went on."""
    last: int
    """Last row, inclusive."""
    start_ns: int
    """Time of ``onset``."""
    stop_ns: int
    """Time when the trigger went off, or of the last sample if data ended first."""
    truncated: bool
    """Data began or ended while it went on."""

    @property
    def rows(self) -> slice:
        """All its rows."""
        return slice(self.onset, self.last + 1)

    @property
    def duration_s(self) -> float:
        """From onset to stop."""
        return (self.stop_ns - self.start_ns) / NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Levels and times of a Schmitt trigger, in the unit of the signal and in ns."""

    on: float
    off: float
    max_gap_ns: int
    merge_ns: int = 0
    """Runs no further apart than this are one, unless data is missing between them."""
    onset: float | None = None
    """Level to which the onset goes back; None leaves it at ``on``."""
    onset_within_ns: int | None = None
    """The onset is at most so long before ``off`` was passed; None goes back however far."""


def episodes(t: Times, x: Floats, trigger: Trigger) -> tuple[Episode, ...]:
    """Return the episodes of known samples ``x`` at increasing ``t``, in order, not overlapping.

    Give known samples only: unknown ones up to ``max_gap_ns`` are bridged by leaving them out,
    longer gaps are never crossed and mark what they cut.  An onset never reaches back into the
    episode before.  Episodes that cover no time are left out.
    Source: scenes are cut at gaps above 0.5 s and onsets go back to a low level so that they are
    what a person would mark.
    """
    gap = trigger.max_gap_ns
    runs = hysteresis(t, x, on=trigger.on, off=trigger.off, max_gap_ns=gap)
    onset = runs.start
    if trigger.onset is not None:
        onset = onset_rows(t, x, runs, level=trigger.onset, max_gap_ns=gap)
    if trigger.onset is not None and trigger.onset_within_ns is not None:
        rise = onset_rows(t, x, runs, level=trigger.off, max_gap_ns=gap)
        onset = np.maximum(onset, np.searchsorted(t, t[rise] - trigger.onset_within_ns))
    first_rows = segments(t, gap)[:, 0]
    times = runs.times(t)
    found: list[Episode] = []
    for group in _groups(runs, times, trigger.merge_ns):
        head, tail = group[0], group[-1]
        row = max(int(onset[head]), found[-1].last + 1 if found else 0)
        cut = bool(row in first_rows or runs.truncated_start[head] or runs.truncated_stop[tail])
        last = int(runs.stop[tail]) - 1
        episode = Episode(
            row, int(runs.start[head]), last, int(t[row]), int(times[tail, 1]), truncated=cut
        )
        if episode.stop_ns > episode.start_ns:
            found.append(episode)
    return tuple(found)


def _groups(runs: Runs, times: Times, merge_ns: int) -> list[range]:
    """Return which runs belong together: close to each other, and no gap of data between."""
    if runs.start.size == 0:
        return []
    apart = (
        (times[1:, 0] - times[:-1, 1] > merge_ns)
        | runs.truncated_stop[:-1]
        | runs.truncated_start[1:]
    )
    edges = [0, *(np.flatnonzero(apart) + 1).tolist(), int(runs.start.size)]
    return [range(a, b) for a, b in pairwise(edges)]
