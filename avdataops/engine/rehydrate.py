"""Asks for the archived raw data of a measurement, and counts what can be read already."""

from avdataops.model.location import Zone
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.tiers import Tiered, Urgency, Warmth


def rehydrate(
    tiers: Tiered | None, catalog: CatalogReader, measurement: str, urgency: Urgency
) -> dict[str, int]:
    """Return how many raw objects are ``waiting`` and ``ready``, having asked for the cold ones.

    Repeatable: what was asked for is not asked for again.  Where there are no ``tiers``, all is
    ready.  Raises ``NotFound`` for an unknown measurement.
    """
    catalog.measurement(measurement)
    made = [one for one in catalog.artifacts(measurement) if one.location.zone is Zone.RAW]
    if tiers is None:
        return {"waiting": 0, "ready": len(made)}
    found = tiers.warmth([artifact.location for artifact in made])
    for at, warmth in found.items():
        if warmth is Warmth.ARCHIVED:
            tiers.warm_up(at, urgency)
    ready = sum(1 for warmth in found.values() if warmth is Warmth.READY)
    return {"waiting": len(found) - ready, "ready": ready}
