"""One stored, immutable table or file."""

from dataclasses import dataclass, field

from avdataops.model.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Made by a run, or brought in from outside (``run`` is None).  Never modified."""

    id: str
    kind: str
    measurement: str | None
    """None for reference data that many measurements share (weather, maps)."""
    name: str
    """Stream, table or file name; with ``kind`` and ``part`` unique in its run."""
    location: Location
    bytes: int
    sha256: str
    run: str | None = None
    rows: int | None = None
    start_ns: int | None = None
    stop_ns: int | None = None
    part: str = ""
    """Distinguishes the pieces of one stream: the recording they come from."""
    attributes: dict[str, str] = field(default_factory=dict)
    """What the next step needs to know: topic, type, topic class, clock, parent."""
