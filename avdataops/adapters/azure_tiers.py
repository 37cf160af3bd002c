"""Access tiers of blobs: which are archived, and asking for those."""

import functools
from collections.abc import Mapping, Sequence

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobClient,
    BlobProperties,
    BlobServiceClient,
    RehydratePriority,
    StandardBlobTier,
)

from avdataops.adapters.azure_blob.accounts import account_name, connect, identity
from avdataops.adapters.azure_blob.failures import READER, WRITER, Doing, code_of, failure
from avdataops.adapters.azure_blob.looking import find_blob
from avdataops.adapters.azure_blob.names import place
from avdataops.adapters.azure_blob.patience import Patience
from avdataops.model.errors import ConfigError
from avdataops.model.location import Location, Zone
from avdataops.ports.tiers import Urgency, Warmth

_UNDER_WAY = {"BlobBeingRehydrated"}
_PRIORITY = {
    Urgency.STANDARD: RehydratePriority.STANDARD,
    Urgency.HIGH: RehydratePriority.HIGH,
}


class BlobTiers:
    """``Tiered`` over one account per zone."""

    def __init__(self, services: Mapping[Zone, BlobServiceClient], patience: Patience) -> None:
        self._services = services
        self._patience = patience

    def warmth(self, locations: Sequence[Location]) -> dict[Location, Warmth]:
        """Return how warm each object is; those that do not exist are left out."""
        found: dict[Location, Warmth] = {}
        for at in locations:
            properties = find_blob(self._blob(at), self._patience, self._doing(at, READER))
            if properties is not None:
                found[at] = _warmth(properties)
        return found

    def warm_up(self, at: Location, urgency: Urgency) -> None:
        """Ask for an archived object; nothing happens if it was asked for or can be read."""
        blob, doing = self._blob(at), self._doing(at, WRITER)
        try:
            self._patience.ask(
                lambda: blob.set_standard_blob_tier(
                    StandardBlobTier.HOT, rehydrate_priority=_PRIORITY[urgency]
                ),
                doing,
            )
        except HttpResponseError as error:
            if code_of(error) not in _UNDER_WAY:
                raise failure(error, doing) from None

    def close(self) -> None:
        """Close the connections."""
        for service in self._services.values():
            service.close()

    def _blob(self, at: Location) -> BlobClient:
        if at.zone not in self._services:
            raise ConfigError(f"no storage account is set for zone '{at.zone}'")
        where = place(at)
        return self._services[at.zone].get_blob_client(where.container, where.blob)

    def _doing(self, at: Location, role: str) -> Doing:
        return Doing(f"the tier of {at}", account_name(self._services[at.zone]), role)


def open_blob_tiers(accounts: Mapping[Zone, str], *, client_id: str | None = None) -> BlobTiers:
    """Return the tiers of one account per zone, named as for ``open_blob_storage``."""
    who = functools.cache(functools.partial(identity, client_id))
    services = {zone: connect(zone, account, who) for zone, account in accounts.items()}
    return BlobTiers(services, Patience())


def _warmth(found: BlobProperties) -> Warmth:
    if found.archive_status:
        return Warmth.WARMING
    return Warmth.ARCHIVED if found.blob_tier == StandardBlobTier.ARCHIVE else Warmth.READY
