"""When it rained, by every source that a drive may have: the provider, the rain sensor, wipers."""

from dataclasses import dataclass

import numpy as np

from avdataops.ports.detecting import Drive
from avdataops.signals.arrays import Pairs
from avdataops.signals.coverage import NO_SIGNALS, NOTHING, known_spans
from avdataops.signals.intervals import intersect, merge_close
from avdataops.signals.nullable import floats
from avdataops.signals.wipers import wiping
from avdataops.signals.witnesses import Witness, known_by_any, said_by_any, silenced, witness


@dataclass(frozen=True, slots=True, kw_only=True)
class RainLevels:
    """What each source must show, and which pauses are still the same rain."""

    min_mmph: float
    wiper_window_s: float
    wiper_share: float
    merge_ns: int


def rain_witnesses(drive: Drive, levels: RainLevels) -> tuple[Witness, ...]:
    """Return provider, rain sensor and wipers, which say nothing of rain while it snows."""
    wipers = wiping(drive, window_s=levels.wiper_window_s, min_share=levels.wiper_share)
    return _provider(drive, levels), _sensor(drive, levels), silenced(wipers, _snow(drive))


def rain_spans(witnesses: tuple[Witness, ...], merge_ns: int) -> tuple[Pairs, Pairs]:
    """Return when it rained by any source, and when any source said anything."""
    known = known_by_any(witnesses)
    return intersect(merge_close(said_by_any(witnesses), merge_ns), known), known


def _provider(drive: Drive, levels: RainLevels) -> Witness:
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    amount = floats(context.columns, "precipitation_mmph", t.size)
    said = floats(context.columns, "rain", t.size)
    # An amount with snow is no rain; the provider's own word counts first.
    raining = np.where(np.isfinite(said), said > 0, amount >= levels.min_mmph)
    known = np.isfinite(said) | np.isfinite(amount)
    return witness("provider", t, known, raining, context.max_gap_ns)


def _sensor(drive: Drive, levels: RainLevels) -> Witness:
    t = drive.ego.t_ns
    amount = floats(drive.ego.columns, "rain_intensity", t.size)
    raining = amount >= levels.min_mmph
    return witness("rain_sensor", t, np.isfinite(amount), raining, drive.ego.max_gap_ns)


def _snow(drive: Drive) -> Pairs:
    """Return when the provider says that it snows and does not rain."""
    context = drive.context or NO_SIGNALS
    t = context.t_ns
    snows, rains = (floats(context.columns, name, t.size) for name in ("snow", "rain"))
    snowing = (snows > 0) & ~(rains > 0)
    return known_spans(t, snowing, context.max_gap_ns) if snowing.any() else NOTHING
