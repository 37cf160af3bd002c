"""Storage whose objects may be too cold to read."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from avdataops.model.location import Location


class Warmth(StrEnum):
    """Whether an object can be read now."""

    READY = "ready"
    ARCHIVED = "archived"
    """It must be asked for, and takes hours."""
    WARMING = "warming"
    """It was asked for."""


class Urgency(StrEnum):
    """How soon an archived object is wanted; the sooner the dearer."""

    STANDARD = "Standard"
    """Within 15 hours."""
    HIGH = "High"
    """Within an hour where the objects are small."""


class Tiered(Protocol):
    """Access tiers of stored objects."""

    def warmth(self, locations: Sequence[Location]) -> dict[Location, Warmth]:
        """Return how warm each object is; those that do not exist are left out."""

    def warm_up(self, at: Location, urgency: Urgency) -> None:
        """Ask for an archived object; nothing happens if it was asked for or can be read."""
