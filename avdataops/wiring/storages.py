"""Settings to storage: folders of this machine, or one Azure account for each zone."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from avdataops.adapters.local_storage import LocalStorage
from avdataops.model.errors import ConfigError
from avdataops.model.location import Zone
from avdataops.ports.storage import Storage
from avdataops.ports.tiers import Tiered
from avdataops.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """Where the zones are: picklable and hashable, and silent about keys when it is shown."""

    workspace: Path
    accounts: tuple[tuple[Zone, str], ...] = field(default=(), repr=False)
    """Blob endpoint or connection string of every zone; empty: folders under ``workspace``."""
    client_id: str | None = None


def place_of(settings: Settings) -> Place:
    """Return where the zones are; raises ``ConfigError`` naming a zone without an account."""
    azure = settings.azure
    if azure.storage:
        for zone in Zone:
            if zone not in azure.storage:
                raise missing(f"azure.storage.{zone}", "the other zones are on Azure")
    accounts = tuple((zone, azure.storage[zone].get_secret_value()) for zone in azure.storage)
    return Place(settings.workspace.resolve(), accounts, azure.client_id)


def open_storage(place: Place) -> Storage:
    """Open the zones of ``place``; folders and containers are made on first use."""
    if not place.accounts:
        return LocalStorage(place.workspace)
    from avdataops.adapters.azure_blob import open_blob_storage

    return open_blob_storage(dict(place.accounts), client_id=place.client_id)


@contextmanager
def storage_at(place: Place) -> Iterator[Storage]:
    """Open the zones of ``place`` for a while."""
    storage = open_storage(place)
    if isinstance(storage, AbstractContextManager):
        with storage:
            yield storage
    else:
        yield storage


@contextmanager
def open_tiers(place: Place) -> Iterator[Tiered | None]:
    """Open the access tiers of ``place``; None where every object is always at hand."""
    if not place.accounts:
        yield None
        return
    from avdataops.adapters.azure_tiers import open_blob_tiers

    with closing(open_blob_tiers(dict(place.accounts), client_id=place.client_id)) as tiers:
        yield tiers


def missing(setting: str, why: str) -> ConfigError:
    """Return the error for a setting that others make necessary, with the ways to set it."""
    variable = f"AVDATAOPS_{setting.replace('.', '__').upper()}"
    return ConfigError(
        f"setting '{setting}' is missing: {why}",
        hint=f"set {variable}, or '{setting}' in avdataops.toml",
    )
