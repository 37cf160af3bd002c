"""What a detector is, and what it sees of a measurement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Signals:
    """Named columns on one time axis; NaN (or None for text) is unknown."""

    t_ns: Times
    columns: Mapping[str, npt.NDArray[Any]]
    max_gap_ns: int
    """Ticks further apart than this are not neighbours."""

    def get(self, name: str) -> npt.NDArray[Any] | None:
        """Return a column, or None if the drive has no such signal at all."""
        return self.columns.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSpan:
    """A stretch over which one clock kept its rate against the recorder's."""

    start_ns: int
    stop_ns: int
    skew_ppm: float | None = None
    """How much faster the recorder runs; None where no model was had."""
    stepped: bool = False
    """It begins with a step."""
    step_ms: float | None = None
    """How far the clock jumped ahead there; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One synchronised, enriched measurement, all on the reference clock."""

    measurement: str
    start_ns: int
    stop_ns: int
    ego: Signals
    """Canonical ego signals (schemas/signals.json) on the sync grid."""
    context: Signals | None = None
    """1 Hz environment: sun, weather, road."""
    objects: Signals | None = None
    """Object list in ego frame, one row per object and stamp: track_id, class, x_m, y_m, …"""
    around: Signals | None = None
    """What is around the ego, tick by tick: counts by class and distance, nearest, most urgent."""
    scenes: "Mapping[str, Detection]" = field(default_factory=dict)
    """Scene type -> what was said about it before; a type that nobody looked for is absent."""
    frames: Mapping[str, Signals] = field(default_factory=dict)
    """Stream of a camera, lidar or radar -> its frames: ``payload`` (numbers the distinct ones),
    ``luma`` (0 to 255) and ``sharpness`` (variance of the Laplacian) of pictures."""
    gaps: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Stream -> gaps (start_ns, stop_ns) in its messages."""
    periods_ns: Mapping[str, int] = field(default_factory=dict)
    """Stream -> median period."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """Stream -> topic class."""
    clocks: Mapping[str, tuple[ClockSpan, ...]] = field(default_factory=dict)
    """Stream that carries stamps of its own, or recorder's clock -> what was modelled of it."""
    derived: dict[Any, Any] = field(init=False, default_factory=dict, compare=False, repr=False)
    """What several detectors derive from the same columns is derived once and kept here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One scene as a detector reports it."""

    type: str
    start_ns: int
    stop_ns: int
    confidence: float
    evidence: Mapping[str, float | str | bool | None]
    actor: str | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A stretch in which the detector could not tell: unknown is not false."""

    start_ns: int
    stop_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Detection:
    """What a detector says about a whole drive."""

    found: tuple[Found, ...] = ()
    unknown: tuple[Unknown, ...] = ()


CANDIDATE_SHARE = 0.7
"""Candidates reach this share of a threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One threshold that kept evidence can be held against later, without a rerun."""

    param: str
    """Name of the threshold in the detector's parameters."""
    evidence: str
    """Name of the peak value in the evidence of what was found."""
    op: Literal["<=", ">="]
    """How the evidence must compare with the threshold."""
    also: tuple[str, ...] = ()
    """Parameters that must move with the threshold, such as the lower end of a hysteresis."""
    types: tuple[str, ...] = ()
    """Scene types that the gate decides on; empty: all of the detector."""

    def holds(self, value: float, threshold: float) -> bool:
        """Say whether evidence of this ``value`` passes the ``threshold``."""
        return value <= threshold if self.op == "<=" else value >= threshold

    def loosened(self, threshold: float) -> float:
        """Return the threshold that candidates must reach."""
        is_peak = (self.op == ">=") == (threshold > 0)
        return threshold * CANDIDATE_SHARE if is_peak else threshold / CANDIDATE_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """Finder of one family of scenes; one file each, one row in the table."""

    name: str
    version: int
    types: tuple[str, ...]
    """Scene types that it may report."""
    params: type
    """Frozen dataclass of thresholds with units in the names; sources in its docstring."""
    find: Callable[[Drive, Any], Detection]
    gates: tuple[Gate, ...] = ()
    """Thresholds that can be moved afterwards; what reaches most of them is kept as candidate."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Scene type -> tag of ASAM OpenLABEL 1.0.0; a type that is absent has no word there."""
    doc: str = ""
