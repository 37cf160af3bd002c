"""What a drive of the grid is made of, before anything moves: ego, others, road, sky, faults."""

from dataclasses import dataclass, field

from sample_data.grid.motion import Pulse

LENGTH_M = {
    "car": 4.5, "truck": 10.0, "bus": 12.0, "motorcycle": 2.2, "bicycle": 1.8, "pedestrian": 0.6,
    "cone": 0.4,
}  # fmt: skip
WIDTH_M = {
    "car": 1.8, "truck": 2.5, "bus": 2.55, "motorcycle": 0.8, "bicycle": 0.7, "pedestrian": 0.6,
    "cone": 0.4,
}  # fmt: skip
VULNERABLE = ("pedestrian", "bicycle")
STATIC = ("cone",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Another road user, placed by where it is relative to the ego at one moment."""

    name: str
    kind: str = "car"
    at_s: float = 0.0
    """The moment."""
    gap_m: float = 0.0
    """From the ego's front bumper to its rear, along the road."""
    speed_mps: float = 0.0
    """Along the road, at the start of the drive."""
    direction: int = 1
    """-1 drives against the ego."""
    offset_m: float = 0.0
    """Left of the middle of the ego's first lane."""
    accelerate: tuple[Pulse, ...] = ()
    sideways: tuple[Pulse, ...] = ()
    """Speed to the left."""
    wander_m: float = 0.0
    wander_s: float = 9.0
    seen_s: tuple[float, float] = (0.0, 1e9)
    """Hidden before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """The road along the ego's way; its reference is the middle of the ego's first lane."""

    bends: tuple[Pulse, ...] = ()
    """Curvature [1/m] along the way [m], left positive."""
    lane_m: float = 3.5
    lines: bool = True
    """Lane lines are painted."""
    mapped: bool = True
    """The map knows this road."""
    limit_mps: float | None = None
    junctions_m: tuple[float, ...] = ()
    crossings_m: tuple[float, ...] = ()
    signals_m: tuple[float, ...] = ()
    rails_m: tuple[float, ...] = ()
    tunnels_m: tuple[tuple[float, float], ...] = ()
    bridges_m: tuple[tuple[float, float], ...] = ()
    roundabouts_m: tuple[tuple[float, float], ...] = ()
    schools_m: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """Weather and light; one value per drive unless it says otherwise."""

    rain_mmph: tuple[Pulse, ...] = ()
    snow: bool = False
    visibility_m: float = 20_000.0
    fog: tuple[Pulse, ...] = ()
    """Share of the visibility that is lost."""
    sun_deg: tuple[float, float] = (30.0, 30.0)
    """Elevation at the start and at the end."""
    sun_azimuth_deg: float = 180.0
    """Clockwise from north; the road begins towards the east."""
    cloud_okta: float = 2.0
    weather_known: bool = True
    rain_sensor: bool = True
    washes_s: tuple[float, ...] = ()
    """Moments at which the dry screen is washed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong with sensors; spans are in seconds of the drive."""

    silent: tuple[tuple[str, float, float], ...] = ()
    """Stream, and when it delivers nothing; what is measured by it is then unknown."""
    stutters: tuple[tuple[str, float, float], ...] = ()
    """Stream, and when it delivers only one message a second."""
    frozen: tuple[tuple[str, float, float], ...] = ()
    """Stream, and when it repeats its last payload."""
    clock_steps: tuple[tuple[str, float, float], ...] = ()
    """Stream, moment, and step of its clock in seconds."""
    no_fix_s: tuple[tuple[float, float], ...] = ()
    poor_fix_s: tuple[tuple[float, float], ...] = ()
    acceleration: bool = True
    """The vehicle measures its acceleration."""
    drop_share: float = 0.05
    switch_share: float = 0.3
    """Of the tracks, with one change of id, after up to three rows without the object."""
    noise: float = 1.0
    """Times the usual noise of all sensors."""
    worn_share: float = 0.0
    """Of the way, on which one lane line is worn off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One drive."""

    duration_s: float = 60.0
    speed_mps: float = 15.0
    accelerate: tuple[Pulse, ...] = ()
    sideways: tuple[Pulse, ...] = ()
    wander_m: float = 0.0
    wander_s: float = 12.0
    reverses: bool = False
    actors: tuple[Actor, ...] = ()
    road: Road = field(default_factory=Road)
    sky: Sky = field(default_factory=Sky)
    faults: Faults = field(default_factory=Faults)
