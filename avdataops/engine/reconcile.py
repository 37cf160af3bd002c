"""Finds measurements that wait although nobody works on them: what an event missed or a crash left.

Events are hints that may come late, twice or never; what lies in landing and what the catalog
knows is the truth.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.engine.arrivals import read_manifest
from avdataops.engine.landing import MANIFEST
from avdataops.model.errors import Busy, InputError, NotFound
from avdataops.model.location import Zone
from avdataops.model.measurement import Measurement, State
from avdataops.ports.catalog import CatalogReader
from avdataops.ports.leases import Leases
from avdataops.ports.storage import Storage

_LANDED = re.compile(rf"(m_[0-9a-f]{{24}})/{re.escape(MANIFEST)}")
_PAGE = 500


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """One measurement on which nobody works."""

    since_ns: int
    """When it last changed as far as is known; 0 if its manifest cannot be read."""
    measurement: str


def waiting(storage: Storage, catalog: CatalogReader) -> tuple[Waiting, ...]:
    """Return what waits, oldest first: landed and not in the catalog, or pending there.

    A running measurement is among them, since its orchestrator may have died; whether it lives is
    for ``idle`` to say.  Complete and quarantined ones are not.
    """
    found = {}
    for state in (State.PENDING, State.RUNNING):
        for facts in _all(catalog, state):
            found[facts.id] = Waiting(_last_change_ns(catalog, facts), facts.id)
    for measurement in _landed(storage):
        if measurement not in found and not _is_known(catalog, measurement):
            found[measurement] = Waiting(_created_ns(storage, measurement), measurement)
    return tuple(sorted(found.values()))


def idle(leases: Leases, measurement: str) -> bool:
    """Say whether nobody holds the measurement at this moment."""
    try:
        with leases.hold(measurement):
            return True
    except Busy:
        return False


def _all(catalog: CatalogReader, state: State) -> Iterator[Measurement]:
    after = None
    while page := catalog.measurements(state=state, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def _last_change_ns(catalog: CatalogReader, facts: Measurement) -> int:
    return max([facts.created_ns, *(record.ended_ns for record in catalog.runs(facts.id))])


def _landed(storage: Storage) -> Iterator[str]:
    for stored in storage.list(Zone.LANDING):
        match = _LANDED.fullmatch(stored.location.key)
        if match and stored.bytes:
            yield match[1]


def _is_known(catalog: CatalogReader, measurement: str) -> bool:
    try:
        catalog.measurement(measurement)
    except NotFound:
        return False
    return True


def _created_ns(storage: Storage, measurement: str) -> int:
    try:
        return read_manifest(storage, measurement).created_ns
    except (InputError, NotFound):
        # Named all the same: running it says what is wrong with it, and sets it aside.
        return 0
