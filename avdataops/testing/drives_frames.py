"""Drives whose cameras and lidars freeze, go dark or lose their focus, with exact events."""

from dataclasses import replace

import numpy as np

from avdataops.ports.detecting import Drive, Signals
from avdataops.signals.arrays import Floats
from avdataops.testing.drives import MAX_GAP_NS, at, clock, cruise, drive

FRAME_HZ = 10
Spans = tuple[tuple[float, float], ...]


def frames(
    duration_s: float,
    *,
    frozen_s: Spans = (),
    dark_s: Spans = (),
    bright_s: Spans = (),
    soft_s: Spans = (),
    seed: int = 1,
) -> Signals:
    """Return a camera's frames at 10 Hz; in each span it has the fault from the first frame on.

    Its sharpness is usually about 90, with a spread of a fifth; where soft it is a tenth.
    """
    t_s = clock(duration_s, FRAME_HZ)
    payload = np.arange(float(t_s.size))
    sharpness = 90.0 * np.exp(np.random.default_rng(seed).normal(0.0, 0.2, t_s.size))
    luma = np.full(t_s.size, 110.0)
    for span in frozen_s:
        payload[_within(t_s, span)] = payload[_within(t_s, span)][0]
    for span in dark_s:
        luma[_within(t_s, span)] = 3.0
    for span in bright_s:
        luma[_within(t_s, span)] = 252.0
    for span in soft_s:
        sharpness[_within(t_s, span)] *= 0.1
    columns = {"payload": payload, "luma": luma, "sharpness": sharpness}
    return Signals(np.array([at(s) for s in t_s], dtype=np.int64), columns, MAX_GAP_NS)


def pictured(**streams: Signals) -> Drive:
    """Return a cruise of 40 s with these streams of frames; ``front`` is ``/front``."""
    named = {f"/{name}": one for name, one in streams.items()}
    return replace(drive(cruise(40.0)), frames=named)


def failing_camera() -> Drive:
    """Return a drive whose camera freezes, goes dark and is blurred, one after the other."""
    return pictured(
        front=frames(40.0, frozen_s=((4.0, 7.0),), dark_s=((14.0, 15.5),), soft_s=((25.0, 29.0),))
    )


def _within(t_s: Floats, span: tuple[float, float]) -> slice:
    first, stop = np.searchsorted(t_s, span)
    return slice(int(first), int(stop))
