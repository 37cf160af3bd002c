"""How much of the time the wipers move."""

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Bools, Floats, Times, segments
from avdataops.signals.intervals import true_runs
from avdataops.signals.nullable import is_text, words
from avdataops.signals.witnesses import Witness, witness

_WIPING = ("interval", "slow", "fast")


def wiping(drive: Drive, *, window_s: float, min_share: float) -> Witness:
    """Return when wipers moved more than a share of the window around.

    The window reaches beyond the wiping; what is said does not.
    """
    t, moves = _moves(drive)
    busy = np.zeros(t.size, dtype=np.bool_)
    for start, stop in segments(t, drive.ego.max_gap_ns):
        inside = moves[start:stop]
        much = share_around(t[start:stop], inside, window_s) > min_share
        for first, last in true_runs(much):
            moved = np.flatnonzero(inside[first:last])
            if moved.size:
                busy[start + first + moved[0] : start + first + moved[-1] + 1] = True
    everything = np.ones(t.size, dtype=np.bool_)
    return witness("wiper", t, everything, busy, drive.ego.max_gap_ns)


def most_wiping(drive: Drive, start_ns: int, stop_ns: int, *, window_s: float) -> float | None:
    """Return the largest share of a window that wipers moved in a stretch; None if unknown."""
    t, moves = _moves(drive)
    most: float | None = None
    for start, stop in segments(t, drive.ego.max_gap_ns):
        inside = (t[start:stop] >= start_ns) & (t[start:stop] <= stop_ns)
        if inside.any():
            shares = share_around(t[start:stop], moves[start:stop], window_s)[inside]
            most = max(most or 0.0, float(shares.max()))
    return most


def _moves(drive: Drive) -> tuple[Times, Bools]:
    status = words(drive.ego.columns, "wiper_status", drive.ego.t_ns.size)
    known = is_text(status)
    return drive.ego.t_ns[known], np.isin(status[known].astype(str), _WIPING)


def share_around(t: Times, mask: Bools, window_s: float) -> Floats:
    """Return the share of true samples in the whole window around each sample.

    At the ends of data the window is shifted inwards, and in data shorter than the window the
    share is still that of the whole window: washing the screen at the start is no rain either.
    """
    half_ns = round(window_s / 2 * NS_PER_S)
    first = np.clip(t - half_ns, t[0], max(int(t[0]), int(t[-1]) - 2 * half_ns))
    low = np.searchsorted(t, first, side="left")
    high = np.searchsorted(t, first + 2 * half_ns, side="left")
    counted = np.append(0, np.cumsum(mask))
    period_ns = float(np.median(np.diff(t))) if t.size > 1 else np.inf
    whole = np.maximum(high - low, 2 * half_ns / period_ns)
    return np.asarray((counted[high] - counted[low]) / np.maximum(whole, 1.0))
