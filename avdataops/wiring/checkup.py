"""Is what the settings name on Azure there, and may we use it?  One finding for each thing."""

import functools
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from avdataops.model.errors import AvdataopsError, StorageUnavailable, TransientError
from avdataops.model.location import Location, Zone
from avdataops.ports.storage import Storage, read_all
from avdataops.settings import Settings
from avdataops.wiring.catalogs import open_catalog
from avdataops.wiring.dispatchers import check_batch
from avdataops.wiring.storages import place_of, storage_at

_PROBES = {Zone.RAW: "recordings", Zone.DERIVED: "runs", Zone.LABELED: "labels"}
"""Containers that are used anyway; the other zones have only one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to."""

    name: str
    good: bool
    told: str
    """What was found, or what is wrong and what to do."""


def check_cloud(settings: Settings) -> list[Finding]:
    """Return findings for what is configured on Azure; nothing for what is local."""
    findings: list[Finding] = []
    if settings.azure.storage:
        findings += _storage(settings)
    if settings.azure.cosmos_endpoint:
        findings.append(_finding("catalog", lambda: _catalog(settings)))
    if settings.azure.batch_endpoint or settings.engine == "azure-batch":
        findings.append(_finding("pool", lambda: _pool(settings)))
    return findings


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except AvdataopsError as error:
        told = f"{error.message}; {error.hint}" if error.hint else error.message
        return Finding(name, False, told)


def _storage(settings: Settings) -> list[Finding]:
    try:
        with storage_at(place_of(settings)) as storage:
            checks = {zone: functools.partial(_zone, storage, zone) for zone in Zone}
            return [_finding(f"storage {zone}", check) for zone, check in checks.items()]
    except AvdataopsError as error:
        return [Finding("storage", False, f"{error.message}; {error.hint}")]


def _zone(storage: Storage, zone: Zone) -> str:
    folder = f"{_PROBES[zone]}/doctor" if zone in _PROBES else "doctor"
    at = Location(zone, f"{folder}/{secrets.token_hex(8)}")
    said = b"written by avdataops doctor\n"
    storage.put(at, [said])
    try:
        if read_all(storage.open(at)) != said:
            raise StorageUnavailable(f"{at} does not read back as it was written")
    finally:
        storage.delete(at)
    return "can be read and written"


def _catalog(settings: Settings) -> str:
    with ExitStack() as resources:
        catalog, leases = open_catalog(settings, resources)
        catalog.measurements(limit=1)
        with leases.hold(f"doctor-{secrets.token_hex(4)}"):
            pass
    return f"database '{settings.azure.cosmos_database}' answers and leases can be taken"


def _pool(settings: Settings) -> str:
    endpoint = check_batch(settings.azure)
    from avdataops.adapters.azure_batch import open_batch
    from avdataops.adapters.azure_pool import look_at_pool

    azure = settings.azure
    key = azure.batch_key.get_secret_value() if azure.batch_key else None
    with open_batch(endpoint, key=key, client_id=azure.client_id) as client:
        found = look_at_pool(client, azure.batch_pool)
    if found.trouble:
        raise TransientError(
            f"pool '{azure.batch_pool}' could not change its size ({found.trouble})",
            hint="look at the quota of the Batch account",
        )
    scales = ", grows with its work" if found.scales else ""
    return f"'{azure.batch_pool}' is {found.state} with {found.nodes} nodes{scales}"
