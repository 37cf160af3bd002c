"""Rain, from the weather's providers, the wipers and the vehicle's rain sensor."""

from dataclasses import dataclass

import numpy as np

from avdataops.model.time import NS_PER_S
from avdataops.ports.detecting import Detection, Detector, Drive, Found, Signals
from avdataops.signals.arrays import Bools, Floats, Pairs, Times, segments
from avdataops.signals.coverage import NO_SIGNALS, NOTHING, known_spans, missing, settle
from avdataops.signals.episodes import Trigger, episodes
from avdataops.signals.evidence import highest, middle, number
from avdataops.signals.intervals import (
    intersect,
    merge_close,
    subtract,
    total_ns,
    true_runs,
    union,
)
from avdataops.signals.nullable import floats, is_text, words

_WIPING = ("interval", "slow", "fast")
_BOTH, _ALONE, _AGAINST = 0.9, 0.6, 0.4
"""Confidence of at least two sources, of a single one, and of one that another contradicts."""
_SURE_SHARE = 0.5
"""A source speaks for a scene when it was true, or known, for this share of it."""


@dataclass(frozen=True, slots=True)
class Params:
    """Thresholds of rain.

    0.1 mm/h is the least rain (WMO-No. 8); so are the classes light, moderate from 2.5, heavy from
    10 and violent from 50 mm/h.  Wiping more than 20 % of a minute is a field habit, so that
    washing the screen is no rain.  Two sources are asked for a confidence of 0.8 or more.
    """

    min_mmph: float = 0.1
    wiper_window_s: float = 60.0
    wiper_share: float = 0.2
    merge_s: float = 60.0
    moderate_mmph: float = 2.5
    heavy_mmph: float = 10.0
    violent_mmph: float = 50.0


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    known: Pairs
    raining: Pairs


def find(drive: Drive, params: Params) -> Detection:
    """Return stretches of rain; unknown where no source says anything.

    One source that says rain is enough; that it does not rain takes one source that says so and
    none against it.
    """
    wipers = _without(_wipers(drive, params), _snow(drive))
    sources = (_provider(drive, params), _sensor(drive, params), wipers)
    known = NOTHING
    rain = NOTHING
    for source in sources:
        known = union(known, source.known)
        rain = union(rain, source.raining)
    wet = intersect(merge_close(rain, round(params.merge_s * NS_PER_S)), known)
    found = [_scene(drive, int(a), int(b), known, sources, params) for a, b in wet]
    unknown = missing(
        drive.start_ns,
        drive.stop_ns,
        {"source of rain": known},
        (drive.context or drive.ego).max_gap_ns,
    )
    return settle(found, unknown)


def _provider(drive: Drive, params: Params) -> _Source:
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    amount = floats(context.columns, "precipitation_mmph", t.size)
    said = floats(context.columns, "rain", t.size)
    # An amount with snow is no rain; the provider's own word counts first.
    raining = np.where(np.isfinite(said), said > 0, amount >= params.min_mmph)
    known = np.isfinite(said) | np.isfinite(amount)
    return _source("provider", t, known, raining, context.max_gap_ns)


def _snow(drive: Drive) -> Pairs:
    """Return when the provider says that it snows and does not rain."""
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    snows, rains = (floats(context.columns, name, t.size) for name in ("snow", "rain"))
    snowing = (snows > 0) & ~(rains > 0)
    return known_spans(t, snowing, context.max_gap_ns) if snowing.any() else NOTHING


def _without(source: _Source, spans: Pairs) -> _Source:
    """Return a source that says nothing in some spans: wipers clear snow as well as rain."""
    return _Source(source.name, subtract(source.known, spans), subtract(source.raining, spans))


def _sensor(drive: Drive, params: Params) -> _Source:
    t = drive.ego.t_ns
    amount = floats(drive.ego.columns, "rain_intensity", t.size)
    known = np.isfinite(amount)
    return _source("rain_sensor", t, known, amount >= params.min_mmph, drive.ego.max_gap_ns)


def _wipers(drive: Drive, params: Params) -> _Source:
    """Return rain by wipers that moved more than the share of a minute around."""
    t, gap_ns = drive.ego.t_ns, drive.ego.max_gap_ns
    status = words(drive.ego.columns, "wiper_status", t.size)
    known = is_text(status)
    t, wiping = t[known], np.isin(status[known].astype(str), _WIPING)
    raining = np.zeros(t.size, dtype=np.bool_)
    for start, stop in segments(t, gap_ns):
        share = _share_around(t[start:stop], wiping[start:stop], params.wiper_window_s)
        busy = share > params.wiper_share
        for first, last in true_runs(busy):
            # The window reaches beyond the wiping; the scene does not.
            moved = np.flatnonzero(wiping[start + first : start + last])
            if moved.size:
                raining[start + first + moved[0] : start + first + moved[-1] + 1] = True
    return _source("wiper", t, np.ones(t.size, dtype=np.bool_), raining, gap_ns)


def _share_around(t: Times, mask: Bools, window_s: float) -> Floats:
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


def _source(name: str, t: Times, known: Bools, raining: Bools, gap_ns: int) -> _Source:
    wet = (raining & known)[known].astype(np.float64)
    trigger = Trigger(on=1.0, off=0.5, max_gap_ns=gap_ns)
    pairs = [(one.start_ns, one.stop_ns) for one in episodes(t[known], wet, trigger)]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return _Source(name, known_spans(t, known, gap_ns), found)


def _scene(
    drive: Drive,
    start: int,
    stop: int,
    known: Pairs,
    sources: tuple[_Source, ...],
    params: Params,
) -> Found:
    whole = np.array([[start, stop]], dtype=np.int64)
    speaking = [s for s in sources if _share(s.known, whole) >= _SURE_SHARE]
    agreeing = [s for s in sources if _share(s.raining, whole) >= _SURE_SHARE]
    alone = _AGAINST if len(speaking) > len(agreeing) else _ALONE
    context = drive.context or NO_SIGNALS
    amount, age, distance = (
        _within(context, name, whole)
        for name in ("precipitation_mmph", "weather_age_s", "weather_distance_km")
    )
    sensed = _within(drive.ego, "rain_intensity", whole)
    most = highest(np.append(amount, sensed))
    return Found(
        type="rain",
        start_ns=start,
        stop_ns=stop,
        confidence=_BOTH if len(agreeing) > 1 else alone,
        truncated=bool(start in known[:, 0] or stop in known[:, 1]),
        evidence={
            "sources": " ".join(s.name for s in sources if _share(s.raining, whole) > 0),
            "sources_known": " ".join(s.name for s in sources if _share(s.known, whole) > 0),
            "max_precipitation_mmph": highest(amount),
            "mean_precipitation_mmph": middle(amount),
            "max_rain_sensor_mmph": highest(sensed),
            "wiper_share": _wiper_share(sources, whole),
            "weather_age_s": highest(age),
            "weather_distance_km": highest(distance),
            "severity": None if most is None else _severity(most, params),
        },
    )


def _share(pairs: Pairs, whole: Pairs) -> float:
    return total_ns(intersect(pairs, whole)) / total_ns(whole)


def _wiper_share(sources: tuple[_Source, ...], whole: Pairs) -> float | None:
    wiper = next(source for source in sources if source.name == "wiper")
    return number(_share(wiper.raining, whole)) if _share(wiper.known, whole) > 0 else None


def _within(signals: Signals, name: str, whole: Pairs) -> Floats:
    t = signals.t_ns
    inside = (t >= whole[0, 0]) & (t <= whole[0, 1])
    return np.asarray(floats(signals.columns, name, t.size)[inside])


def _severity(most_mmph: float, params: Params) -> str:
    if most_mmph >= params.violent_mmph:
        return "violent"
    if most_mmph >= params.heavy_mmph:
        return "heavy"
    return "moderate" if most_mmph >= params.moderate_mmph else "light"


RAIN = Detector(
    name="rain",
    version=2,
    types=("rain",),
    params=Params,
    find=find,
    doc="0.1 mm/h or more by a provider or the rain sensor, or wipers on for 20 % of a minute.",
)
