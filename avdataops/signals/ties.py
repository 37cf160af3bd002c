"""Clocks of one measurement tied to one reference, by a motion that both sides recorded."""

from collections.abc import Mapping
from dataclasses import dataclass

from avdataops.signals.arrays import Times
from avdataops.signals.clocks import ClockModel, Refusal, apply
from avdataops.signals.logger_clocks import (
    SPEED_GATES,
    YAW_RATE_GATES,
    Gates,
    logger_clock,
)
from avdataops.signals.mapping import Reading

COMPARED: Mapping[str, tuple[str, Gates]] = {
    "yaw_rate": ("yaw_rate_radps", YAW_RATE_GATES),
    "speed": ("ego_speed_mps", SPEED_GATES),
}
"""Method -> canonical signal and what its comparison must show; in order of preference."""
NO_METHOD = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """How one clock relates to the reference."""

    clock: str
    method: str
    """``reference``, ``yaw_rate``, ``speed`` or ``none``."""
    model: ClockModel | None = None
    refused: str | None = None
    """Why no offset could be known."""
    assumed: bool = False
    """Its times are taken as the reference's because the user said so."""

    @property
    def usable(self) -> bool:
        """Say whether its times can be told on the reference clock."""
        return self.method != NO_METHOD or self.assumed

    def to_reference(self, t: Times) -> Times:
        """Return times on the reference clock."""
        return t if self.model is None else apply(self.model, t)

    def offset_ms(self, t_ns: int) -> float | None:
        """Return what is added to a stamp at ``t_ns``; None where that is not known."""
        if not self.usable:
            return None
        if self.model is None:
            return 0.0
        drift_ns = (t_ns - self.model.t0_ns) * self.model.skew_ppm * 1e-6
        return (self.model.offset_ns + drift_ns) / 1e6


def reference_tie(clock: str) -> Tie:
    """Return the tie of the reference to itself."""
    return Tie(clock=clock, method="reference")


def tie(
    clock: str,
    reference: Mapping[str, Reading],
    other: Mapping[str, Reading],
    *,
    max_lag_s: float,
) -> Tie:
    """Return how ``clock`` is tied to the reference by the first comparison that is believed.

    Both mappings hold readings by canonical signal.  All refusals are named when none is.
    """
    reasons = []
    for method, (name, gates) in COMPARED.items():
        if name not in reference or name not in other:
            reasons.append(f"{method}: not on both clocks")
            continue
        a, b = reference[name], other[name]
        found = logger_clock(a.t, a.x, b.t, b.x, max_lag_s=max_lag_s, gates=gates)
        if not isinstance(found, Refusal):
            return Tie(clock=clock, method=method, model=found)
        reasons.append(f"{method}: {found.reason} ({found.message})")
    return Tie(clock=clock, method=NO_METHOD, refused="; ".join(reasons))
