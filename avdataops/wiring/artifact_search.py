"""Artifacts asked for by what is known of them: kind, topic class, measurement, vehicle, time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from avdataops.model.artifact import Artifact
from avdataops.model.errors import NotFound, shown
from avdataops.model.measurement import Measurement
from avdataops.model.time import TimeRange
from avdataops.ports.catalog import CatalogReader

LOOKED_AT = 200
"""Measurements that one page looks through; after them it ends, found or not."""

_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFilter:
    """All that is given must hold."""

    kind: str | None = None
    topic_class: str | None = None
    measurement: str | None = None
    vehicle: str | None = None
    time: TimeRange | None = None
    """Artifacts that overlap it; those whose time is unknown do not."""

    def holds(self, artifact: Artifact) -> bool:
        """Say whether an artifact is one of those asked for; the kind is asked of the catalog."""
        known = self.topic_class in {None, artifact.attributes.get("topic_class")}
        return known and (self.time is None or _overlaps(artifact, self.time))


def _overlaps(artifact: Artifact, time: TimeRange) -> bool:
    if artifact.start_ns is None or artifact.stop_ns is None:
        return False
    # A single row has no length, but an instant.
    stop_ns = max(artifact.stop_ns, artifact.start_ns + 1)
    return artifact.start_ns < time.stop_ns and time.start_ns < stop_ns


@dataclass(frozen=True, slots=True)
class FoundArtifacts:
    """A page by measurement, kind, name and part; it may be short, or empty, before the end."""

    artifacts: Sequence[Artifact]
    following: str | None
    """Where to go on: the last artifact, or the last measurement looked through; None: the end."""


def find_artifacts(
    catalog: CatalogReader, wanted: ArtifactFilter, after: str | None, limit: int
) -> FoundArtifacts:
    """Return current artifacts, after an artifact or measurement; raises ``NotFound``."""
    found: list[Artifact] = []
    looked_at = 0
    begun, last = _begin(catalog, after)
    if begun is not None and wanted.measurement in {None, begun}:
        found += _matching(catalog, begun, wanted, after)
    for measurement in _measurements(catalog, wanted, last):
        if len(found) > limit:
            break
        if looked_at == LOOKED_AT:
            return FoundArtifacts(found, last)
        looked_at, last = looked_at + 1, measurement.id
        if _may_hold(measurement, wanted):
            found += _matching(catalog, measurement.id, wanted, None)
    if len(found) > limit:
        return FoundArtifacts(found[:limit], found[limit - 1].id)
    return FoundArtifacts(found, None)


def _begin(catalog: CatalogReader, after: str | None) -> tuple[str | None, str | None]:
    """Return the measurement to go on in, and the one after which the others come."""
    if after is None or after.startswith("m_"):
        return None, after
    measurement = catalog.artifact(after).measurement
    return measurement, measurement


def _measurements(
    catalog: CatalogReader, wanted: ArtifactFilter, after: str | None
) -> Iterator[Measurement]:
    if wanted.measurement is not None:
        if after is None:
            yield catalog.measurement(wanted.measurement)
        return
    page = catalog.measurements(vehicle=wanted.vehicle, after=after, limit=_PAGE)
    while page:
        yield from page
        page = catalog.measurements(vehicle=wanted.vehicle, after=page[-1].id, limit=_PAGE)


def _may_hold(measurement: Measurement, wanted: ArtifactFilter) -> bool:
    return wanted.vehicle in {None, measurement.vehicle}


def _matching(
    catalog: CatalogReader, measurement: str, wanted: ArtifactFilter, after: str | None
) -> list[Artifact]:
    every = list(catalog.artifacts(measurement, kind=wanted.kind))
    if after is not None:
        places = [place for place, one in enumerate(every) if one.id == after]
        if not places:
            raise NotFound(f"there is no {shown(after)} here to go on from", hint="begin again")
        every = every[places[0] + 1 :]
    return [one for one in every if wanted.holds(one)]
