"""A stretch of one measurement that somebody cares about."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Found by one version of one detector; times are on the measurement's reference clock."""

    id: str
    type: str
    measurement: str
    vehicle: str
    t_start_ns: int
    t_end_ns: int
    detector: str
    detector_version: int
    confidence: float
    """0 to 1: quality of the inputs, margin to the threshold, age of the track."""
    evidence: dict[str, float | str | bool | None] = field(default_factory=dict)
    """Peak values and their names with units, enough to re-threshold; None is unknown."""
    actor: str | None = None
    truncated: bool = False
    """True when a gap or the end of data cut the scene."""
    lat_deg: float | None = None
    lon_deg: float | None = None
    artifact: str | None = None
    """The scenes table that holds this row: the start of its lineage."""
    params: str = ""
    """Fingerprint of the detector's parameters."""
