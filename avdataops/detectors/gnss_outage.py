"""Stretches without a usable satellite position."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Gate
from avdataops.signals.arrays import Bools, Floats, Pairs, Times, segments
from avdataops.signals.coverage import known_spans, missing, settle
from avdataops.signals.evidence import highest, integral, number
from avdataops.signals.intervals import drop_short, intersect, merge_close, true_runs
from avdataops.signals.nullable import floats

_FIX = 0
"""Least value of ``gnss_fix`` that is a position (sensor_msgs/NavSatStatus)."""
_RECEIVER = ("lat_", "lon_", "alt_", "gnss_")
"""Columns that come from the receiver alone."""
_SAID, _SILENT = 0.95, 0.8
"""Confidence by the receiver's own word, and by its silence, which a cable may explain."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of an outage: the product's own defaults for its data-quality family."""

    max_sigma_m: float = 5.0
    """A worse horizontal standard deviation is no usable position."""
    max_silence_s: float = 2.0
    max_silence_periods: float = 2.5
    """Without a position for longer than both, whatever the receiver says of its fix: a single
    message missed at 1 Hz is no outage."""
    good_s: float = 2.0
    """An outage is over after this long of good positions."""
    min_s: float = 0.5
    """A shorter flicker of the receiver's word is none."""


@dataclass(frozen=True, slots=True)
class _Receiver:
    """What the receiver says at ticks where anything was recorded."""

    t: Times
    lost: Bools
    """There is no position."""
    no_fix: Bools
    sigma_m: Floats
    speed_mps: Floats

    def rows(self, start: int, stop: int) -> "_Receiver":
        """Return a stretch of it."""
        part = slice(start, stop)
        return _Receiver(
            self.t[part],
            self.lost[part],
            self.no_fix[part],
            self.sigma_m[part],
            self.speed_mps[part],
        )


def find(drive: Drive, params: Params) -> Detection:
    """Return the outages; unknown in a drive without satellite positions, and where ticks lack.

    A missing position is the event itself here, as long as anything else was recorded.
    """
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    position, sigma, fix, speed = (
        floats(drive.ego.columns, name, t.size)
        for name in ("lat_deg", "gnss_sigma_m", "gnss_fix", "ego_speed_mps")
    )
    # Positions may be withheld or cut out; then the receiver's word of its fix has to do.
    known = np.isfinite(position) if np.isfinite(position).any() else np.isfinite(fix)
    no_fix = fix < _FIX
    recorded = _recorded(drive) & bool(known.any())
    receiver = _Receiver(
        t[recorded], ~known[recorded], no_fix[recorded], sigma[recorded], speed[recorded]
    )
    found: list[Found] = []
    silence_ns = _silence_ns(drive, params)
    for start, stop in segments(receiver.t, gap_ns):
        found.extend(_outages(receiver.rows(int(start), int(stop)), silence_ns, params))
    spans = {"satellite position": known_spans(t, recorded, gap_ns)}
    return settle(found, missing(drive.start_ns, drive.stop_ns, spans, gap_ns))


def _recorded(drive: Drive) -> Bools:
    """Say at which ticks something was recorded, so that silence is the receiver's own."""
    size = drive.ego.t_ns.size
    others = [
        np.isfinite(column)
        for name, column in drive.ego.columns.items()
        if column.dtype != object and not name.startswith(_RECEIVER)
    ]
    by_others = np.logical_or.reduce([np.zeros(size, dtype=np.bool_), *others])
    if not by_others.any():
        return np.ones(size, dtype=np.bool_)
    return np.asarray(by_others | np.isfinite(floats(drive.ego.columns, "lat_deg", size)))


def _silence_ns(drive: Drive, params: Params) -> int:
    """Return the longest silence that is normal, by the slowest stream that is still a position."""
    limit_ns = params.max_silence_s * NS_PER_S
    periods = [
        period_ns
        for stream, period_ns in drive.periods_ns.items()
        if drive.classes.get(stream) == "gnss" and period_ns <= limit_ns
    ]
    return round(max(limit_ns, params.max_silence_periods * max(periods, default=0)))


def _outages(receiver: _Receiver, silence_ns: int, params: Params) -> list[Found]:
    """Return the outages of one stretch without a gap in the recording."""
    t = receiver.t
    poor = receiver.sigma_m > params.max_sigma_m
    silent = drop_short(_times(t, receiver.lost), silence_ns + 1)
    said = _times(t, receiver.no_fix | poor)
    bad = merge_close(np.concatenate((silent, said)), round(params.good_s * NS_PER_S))
    return [
        _scene(receiver, int(start), int(stop), silent, params)
        for start, stop in drop_short(bad, round(params.min_s * NS_PER_S))
    ]


def _times(t: Times, mask: Bools) -> Pairs:
    """Return when ``mask`` is true: until the first tick after, or the last tick there is."""
    runs = true_runs(mask)
    return np.column_stack((t[runs[:, 0]], t[np.minimum(runs[:, 1], t.size - 1)]))


def _scene(receiver: _Receiver, start: int, stop: int, silent: Pairs, params: Params) -> Found:
    inside = (receiver.t >= start) & (receiver.t < stop)
    t, speed, sigma = receiver.t[inside], receiver.speed_mps[inside], receiver.sigma_m[inside]
    causes = {
        "no fix": bool(receiver.no_fix[inside].any()),
        "poor accuracy": bool((sigma > params.max_sigma_m).any()),
        "no position": bool(len(intersect(silent, np.array([[start, stop]])))),
    }
    return Found(
        type="gnss_outage",
        start_ns=start,
        stop_ns=stop,
        confidence=_SAID if causes["no fix"] or causes["poor accuracy"] else _SILENT,
        truncated=bool(start == receiver.t[0] or stop == receiver.t[-1]),
        evidence={
            "duration_s": number((stop - start) / NS_PER_S),
            "dead_reckoned_m": number(integral(t, np.abs(speed))),
            "max_sigma_m": highest(sigma),
            "ego_speed_mps": number(float(speed[0])) if speed.size else None,
            "cause": ", ".join(cause for cause, holds in causes.items() if holds),
        },
    )


GNSS_OUTAGE = Detector(
    name="gnss_outage",
    version=1,
    types=("gnss_outage",),
    params=Params,
    find=find,
    gates=(Gate(param="min_s", evidence="duration_s", op=">="),),
    doc="No fix, worse than 5 m, or no position for more than 2 s.",
)
