"""Stamps that messages carry beside the time of their arrival, and what they are worth."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa

from avdataops.model.errors import ConfigError, did_you_mean
from avdataops.model.time import NS_PER_MS
from avdataops.signals.arrays import Times
from avdataops.signals.clock_pieces import Piece, on_receiver, piecewise_clock
from avdataops.signals.clocks import PPM, Refusal
from avdataops.signals.columns import times

STAMP_COLUMN = "header_stamp_ns"
"""Column of the stamp that a driver or device put into the message."""
MAX_DELAY_NS = 200_000_000
"""A stamp further before its arrival is on another clock, or of a queue that tells nothing."""
# A process that stamps what it just received differs from the recorder by no more (p95 - p5).
_SOFTWARE_SPREAD_NS = 50_000
# Drift that noise makes, and that disciplined clocks have while they are steered.
_COMMON_DRIFT_NS, _COMMON_SKEW_PPM = 1_000_000, 5.0
_MIN_STAMPED_SHARE = 0.95
_SHARES = {"start": 0.5, "mid": 0.0, "end": -0.5}


class StampKind(StrEnum):
    """What the stamps of a stream are."""

    NONE = "none"
    """There are none, or none that a line fits: arrival is all that is known."""
    SOFTWARE = "software"
    """Put on at arrival: they tell no more than the receive time."""
    COMMON = "common"
    """Of the recorder's own, or an equally disciplined, clock: they are the time of the message."""
    OWN = "own"
    """Of a clock of their own, which a one-way model takes to the recorder's."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """The verdict on a stream's stamps."""

    kind: StampKind
    pieces: tuple[Piece, ...] = ()
    """The one-way model, where it was needed to tell; receive times bound the pieces."""
    refused: str | None = None
    """Why no model could be had."""

    def on_recorder(self, t_stamp: Times, t_receive: Times) -> Times:
        """Return the best known time of each message on the recorder's clock.

        A stamp of a common clock that is later than its arrival, or older than 0.2 s, is no time
        of the message; its arrival is taken.
        """
        if self.kind is StampKind.COMMON:
            delay = t_receive - t_stamp
            return np.where((delay >= 0) & (delay <= MAX_DELAY_NS), t_stamp, t_receive)
        if self.kind is StampKind.OWN:
            return on_receiver(self.pieces, t_stamp, t_receive)
        return t_receive


def judge_stamps(t_stamp: Times, t_receive: Times) -> Stamps:
    """Return what a stream's stamps are, by how they lie against the time of arrival.

    ``software``: the delay hardly varies (5th to 95th percentile within 0.05 ms).  ``common``: no
    drift beyond 1 ms and 5 ppm, no step, and a least delay of 0 to 0.2 s.  ``own``: a one-way model
    fits.  Anything else is ``none``, with the refusal, and so is a stream of which more than 5 % of
    the messages carry zero.
    """
    stamped = t_stamp > 0
    if t_stamp.size == 0 or np.count_nonzero(stamped) < _MIN_STAMPED_SHARE * t_stamp.size:
        return Stamps(StampKind.NONE)
    delay = (t_receive - t_stamp)[stamped]
    low, high = np.percentile(delay - delay[0], (5, 95))
    if high - low <= _SOFTWARE_SPREAD_NS:
        return Stamps(StampKind.SOFTWARE)
    found = piecewise_clock(t_stamp[stamped], t_receive[stamped])
    if isinstance(found, Refusal):
        return Stamps(StampKind.NONE, refused=f"{found.reason} ({found.message})")
    return Stamps(StampKind.COMMON if _is_common(found) else StampKind.OWN, found)


def to_middle_ns(reference: str, duration_ms: float) -> int:
    """Return what takes stamps of the start or end of an exposure or sweep to its middle, in ns.

    Raises ``ConfigError`` for a reference other than start, mid and end, or a negative duration.
    """
    if reference not in _SHARES:
        raise ConfigError(
            f"a stamp is of the start, mid or end of a frame, not of '{reference}'"
            f"{did_you_mean(reference, _SHARES)}"
        )
    if duration_ms < 0:
        raise ConfigError(f"a frame takes a time of at least 0 ms, not {duration_ms:g} ms")
    return round(_SHARES[reference] * duration_ms * NS_PER_MS)


def stamps_in(table: pa.Table) -> Times | None:
    """Return a table's stamps, 0 for null; ``None`` when it has no such column."""
    if STAMP_COLUMN not in table.schema.names:
        return None
    column = table[STAMP_COLUMN]
    if not pa.types.is_integer(column.type):
        return None
    return np.asarray(column.fill_null(0).to_numpy(), dtype=np.int64)


def at_message_times(table: pa.Table, stamps: Stamps | None) -> pa.Table:
    """Return a table with ``t_ns`` at the best known time of each message on the same clock."""
    stamped = stamps_in(table)
    if stamps is None or stamped is None:
        return table
    t = stamps.on_recorder(stamped, times(table["t_ns"]))
    place = table.schema.get_field_index("t_ns")
    return table.set_column(place, table.schema.field(place), pa.array(t))


def _is_common(pieces: tuple[Piece, ...]) -> bool:
    """Say whether stamps are on the receiver's clock: constant, small, never negative delay."""
    if pieces[-1].segment:
        return False
    delays = [_ends(piece) for piece in pieces]
    flat = np.array(delays, dtype=np.float64).ravel()
    span_ns = pieces[-1].stop_ns - pieces[0].start_ns
    allowed = _COMMON_DRIFT_NS + span_ns * _COMMON_SKEW_PPM / PPM
    least, most = float(np.min(flat)), float(np.max(flat))
    return most - least <= allowed and least >= -NS_PER_MS and most <= MAX_DELAY_NS


def _ends(piece: Piece) -> tuple[float, float]:
    """Return the least delay [ns] at both ends of a piece."""
    model = piece.model
    if model is None:
        return np.nan, np.nan
    first = piece.start_ns - model.offset_ns - model.t0_ns
    last = piece.stop_ns - model.offset_ns - model.t0_ns
    skew = model.skew_ppm / PPM
    return model.offset_ns + first * skew, model.offset_ns + last * skew
