"""The ego table: for each canonical signal the best source of the drive, on the sync grid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from avdataops.model.time import NS_PER_S
from avdataops.signals.arrays import Floats, Times
from avdataops.signals.columns import T_FIELD, float_array
from avdataops.tables.signals import Match, Signal, signals

YAW_RATE = "yaw_rate_radps"
STANDING_MPS = 0.1
"""As in the definition of a standstill."""
MIN_STANDING_SHARE = 0.01
"""Less standing than this share of the drive says too little about a sensor's zero."""
MOVING_MPS = 2.0
DEAD_S = 30.0
"""A rate or an acceleration that keeps one value for so long of driving was never measured."""
_MEASURED = (YAW_RATE, "accel_x_mps2", "accel_y_mps2")
_MIN_COVERAGE = 0.5
"""A preferred source with less than this share of the widest one's ticks is passed over."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One stream's values for one canonical signal, on the grid."""

    match: Match
    values: Floats

    @property
    def coverage(self) -> int:
        """How many ticks are known."""
        return int(np.count_nonzero(np.isfinite(self.values)))

    @property
    def source(self) -> str:
        """Where the values are from, as ``stream.column`` with all columns of the reading."""
        return ", ".join(f"{self.match.stream}.{name}" for name in self.match.columns.values())


def choose(offers: Iterable[Offer]) -> Offer | None:
    """Return the best source of one signal, whatever the order of the offers; None without one.

    Of those that cover at least half as much as the widest, the one with the preferred rule;
    then the wider one; then the first by name of its stream.
    """
    known = [offer for offer in offers if offer.coverage]
    if not known:
        return None
    widest = max(offer.coverage for offer in known)
    wide = (offer for offer in known if offer.coverage >= _MIN_COVERAGE * widest)
    return min(wide, key=lambda o: (o.match.rank, -o.coverage, o.match.stream))


def measured(offers: Iterable[Offer], ticks: Times) -> tuple[list[Offer], list[Offer]]:
    """Return the offers that are measurements, and those with one value while the vehicle moved.

    Fields that nobody fills stay at zero, and zero would be taken for driving straight on.  No
    inertial sensor repeats a value for half a minute of driving.  Without a speed nothing is told.
    """
    given = list(offers)
    speed = choose(offer for offer in given if offer.match.signal.name == "ego_speed_mps")
    if speed is None or ticks.size <= 1:
        return given, []
    moving = np.abs(speed.values) > MOVING_MPS
    least = DEAD_S * NS_PER_S / float(np.median(np.diff(ticks)))
    split: tuple[list[Offer], list[Offer]] = ([], [])
    for offer in given:
        driven = np.count_nonzero(moving & np.isfinite(offer.values)) >= least
        is_dead = (
            offer.match.signal.name in _MEASURED
            and driven
            and np.nanmin(offer.values) == np.nanmax(offer.values)
        )
        split[bool(is_dead)].append(offer)
    return split


def ego_table(ticks: Times, offers: Iterable[Offer]) -> pa.Table:
    """Return one column per canonical signal; those without a source are null throughout.

    Field metadata: ``unit``, ``method``, ``source`` where there is one, ``bias_removed`` where a
    sensor's zero was.
    """
    by_signal: dict[str, list[Offer]] = {}
    for offer in offers:
        by_signal.setdefault(offer.match.signal.name, []).append(offer)
    best = {name: choose(by_signal.get(name, ())) for name in signals()}
    bias = _rate_bias(best)
    fields, arrays = [T_FIELD], [pa.array(ticks)]
    for signal in signals().values():
        chosen = best[signal.name]
        values = np.full(ticks.size, np.nan) if chosen is None else chosen.values
        facts = {}
        if signal.name == YAW_RATE and bias:
            values, facts = values - bias, {"bias_removed": f"{bias:.6f}"}
        fields.append(_field(signal, chosen, facts))
        arrays.append(_column(signal, values))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _rate_bias(best: Mapping[str, Offer | None]) -> float:
    """Return what an inertial yaw rate says while the wheels stand; 0 where that cannot be told.

    A gyroscope's zero drifts with temperature by tenths of a degree per second, enough to turn a
    straight road into a bend; a car that stands does not turn.
    """
    rate, speed = best.get(YAW_RATE), best.get("ego_speed_mps")
    if rate is None or speed is None or rate.match.candidate.reading != "level_rate":
        return 0.0
    standing = (np.abs(speed.values) <= STANDING_MPS) & np.isfinite(rate.values)
    if np.count_nonzero(standing) < MIN_STANDING_SHARE * rate.coverage:
        return 0.0
    return float(np.median(rate.values[standing]))


def _field(signal: Signal, best: Offer | None, facts: Mapping[str, str]) -> pa.Field:
    metadata = {"unit": signal.unit, "method": signal.method, **facts}
    if best is not None:
        metadata["source"] = best.source
    return pa.field(signal.name, pa.string() if signal.is_text else pa.float64(), metadata=metadata)


def _column(signal: Signal, values: Floats) -> pa.Array:
    if not signal.is_text:
        return float_array(values)
    known = np.isfinite(values)
    place = pa.array(np.where(known, values, 0).astype(np.int64), mask=~known)
    return pa.array(list(signal.words), pa.string()).take(place)
