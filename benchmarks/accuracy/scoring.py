"""From matched drives to figures: F1 with its interval, onsets, false alarms, overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.matching import Event, Matched, Scene, temporal_iou

ROUNDS = 1000
"""Of the bootstrap; the interval's ends are then known to about 0.005."""
_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts and errors of one type in one drive."""

    hits: int = 0
    missed: int = 0
    false: int = 0
    excused: int = 0
    onset_errors_s: tuple[float, ...] = ()
    """Found minus true, of hits that began while data was there."""
    overlaps: tuple[float, ...] = ()
    known_s: float = 0.0
    whole_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Figures of one type over all drives; None where nothing was there to measure."""

    events: int
    f1: float | None
    f1_low: float | None
    f1_high: float | None
    precision: float | None
    recall: float | None
    recall_with_unknown: float | None
    """With events in unknown time counted as missed."""
    onset_bias_s: float | None
    """Mean of found minus true."""
    onset_spread_s: float | None
    """Standard deviation."""
    onset_p95_s: float | None
    """95th percentile of the size."""
    temporal_iou: float | None
    false_alarms_per_h: float | None
    coverage: float | None
    """Share of the time in which the detector could tell."""


def tally(
    events: Sequence[Event],
    scenes: Sequence[Scene],
    outcome: Matched,
    *,
    known_s: float,
    whole_s: float,
) -> Tally:
    """Return the counts of one drive."""
    pairs = [(events[row], scenes[column]) for row, column in outcome.pairs]
    return Tally(
        hits=len(pairs),
        missed=len(outcome.missed),
        false=len(outcome.false),
        excused=len(outcome.excused),
        onset_errors_s=tuple(b.start_s - a.start_s for a, b in pairs if a.onset_known),
        overlaps=tuple(temporal_iou(a, b) for a, b in pairs if not a.cut),
        known_s=known_s,
        whole_s=whole_s,
    )


def score(tallies: Sequence[Tally], *, seed: int) -> Score:
    """Return the figures over drives; intervals are 95 %, by resampling whole drives.

    Events of one drive share its sensors and its motion, so drives are drawn, not events (Geurts
    et al. 2022 draw strata of drives the same way).
    """
    counts = np.array([(t.hits, t.missed, t.false) for t in tallies], dtype=np.float64)
    hits, missed, false = (float(x) for x in counts.reshape(-1, 3).sum(axis=0))
    excused = sum(t.excused for t in tallies)
    errors = np.array([e for t in tallies for e in t.onset_errors_s])
    overlaps = np.array([o for t in tallies for o in t.overlaps])
    known_s, whole_s = sum(t.known_s for t in tallies), sum(t.whole_s for t in tallies)
    low, high = f1_interval(counts.reshape(-1, 3), seed)
    return Score(
        events=int(hits + missed + excused),
        f1=_share(2 * hits, 2 * hits + missed + false),
        f1_low=low,
        f1_high=high,
        precision=_share(hits, hits + false),
        recall=_share(hits, hits + missed),
        recall_with_unknown=_share(hits, hits + missed + excused),
        onset_bias_s=_figure(errors.mean()) if errors.size else None,
        onset_spread_s=_figure(errors.std()) if errors.size else None,
        onset_p95_s=_figure(np.percentile(np.abs(errors), 95)) if errors.size else None,
        temporal_iou=_figure(overlaps.mean()) if overlaps.size else None,
        false_alarms_per_h=_share(false * _SECONDS_PER_HOUR, known_s),
        coverage=_share(known_s, whole_s),
    )


def f1_interval(counts: NDArray[np.float64], seed: int) -> tuple[float | None, float | None]:
    """Return the 95 % interval of F1; ``counts`` has hits, missed and false of each drive."""
    drives = len(counts)
    if drives == 0 or not counts.any():
        return None, None
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(drives, np.full(drives, 1.0 / drives), size=ROUNDS)
    hits, missed, false = (drawn @ counts).T
    whole = 2 * hits + missed + false
    f1 = 2 * hits[whole > 0] / whole[whole > 0]
    if f1.size == 0:
        return None, None
    low, high = np.percentile(f1, (2.5, 97.5))
    return _figure(low), _figure(high)


def _share(part: float, whole: float) -> float | None:
    return _figure(part / whole) if whole > 0 else None


def _figure(value: float) -> float:
    """Return a value with as many digits as a reader can use; the same on every platform."""
    return round(float(value), 4) + 0.0
