"""A service on the net that knows the weather of a place and time."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Ask:
    """All that a service is told of a drive."""

    lat_deg: float
    """Rounded: no drive can be followed by it."""
    lon_deg: float
    start_ns: int
    """Begin of a period of the service."""


class WeatherService(Protocol):
    """One service; its documents are read by the enricher of weather."""

    @property
    def name(self) -> str:
        """Name of the source, as in ``weather_source``."""

    @property
    def period_ns(self) -> int:
        """Length of the time that one document answers for, counted from the Unix epoch."""

    def document(self, ask: Ask) -> bytes | None:
        """Return what the service says, checked against its promised shape.

        None where it cannot know: too long ago, or not yet.  Raises ``TransientError`` when it does
        not answer, ``InputError`` for an answer that is no use, ``PermissionDenied`` for a key that
        it refuses and ``ConfigError`` for an address that is not its own.
        """
