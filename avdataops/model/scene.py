"""A stretch of one measurement that somebody cares about."""

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was around the ego when a scene began; None is unknown."""

    ego_speed_mps: float | None = None
    light: str | None = None
    """day, twilight or night."""
    weather: str | None = None
    """snow, rain, fog or dry: the first that a report names."""
    precipitation_mmph: float | None = None
    visibility_m: float | None = None
    temperature_c: float | None = None
    road_class: str | None = None
    """OSM highway value."""
    way_id: int | None = None
    """OSM way."""
    speed_limit_mps: float | None = None
    lanes: int | None = None
    junction_distance_m: float | None = None
    """In a straight line, as the following."""
    crossing_distance_m: float | None = None
    traffic_signal_distance_m: float | None = None
    school_distance_m: float | None = None

    def known(self) -> dict[str, float | str]:
        """Return what is known, by name."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in given.items() if value is not None}


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
    surroundings: Surroundings = Surroundings()
    """As its detection found them in the context of the drive."""
