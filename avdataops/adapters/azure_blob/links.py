"""Links that let anybody who holds them read one object for a short time."""

import threading
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobSasPermissions,
    BlobServiceClient,
    UserDelegationKey,
    generate_blob_sas,
)

from avdataops.adapters.azure_blob.accounts import account_name
from avdataops.adapters.azure_blob.failures import DELEGATOR, Doing, failure
from avdataops.adapters.azure_blob.names import place
from avdataops.adapters.azure_blob.patience import Patience
from avdataops.model.errors import InputError
from avdataops.model.location import Location

MAX_LINK_S = 3600
_KEY_LIFE = timedelta(hours=2)
# The service's clock and ours may differ by this much (Azure, "Create a user delegation SAS").
_SKEW = timedelta(minutes=15)


class LinkMaker:
    """Signs links of one account, with a delegation key that is fetched once and again in time."""

    def __init__(self, service: BlobServiceClient, patience: Patience) -> None:
        self._service = service
        self._patience = patience
        self._lock = threading.Lock()
        self._key: UserDelegationKey | None = None
        self._key_ends = datetime.min.replace(tzinfo=UTC)

    def read_link(self, at: Location, valid_s: int) -> str:
        """Return a link that reads ``at`` for ``valid_s`` seconds; whether it exists is not asked.

        In the cloud it is signed with the identity's delegation key and works over https only.
        Raises ``InputError`` unless 1 <= ``valid_s`` <= ``MAX_LINK_S``.
        """
        if not 1 <= valid_s <= MAX_LINK_S:
            raise InputError(f"a link is valid for 1 to {MAX_LINK_S} seconds, not {valid_s}")
        where = place(at)
        ends = datetime.now(UTC) + timedelta(seconds=valid_s)
        shared = getattr(self._service.credential, "account_key", None)
        signed = generate_blob_sas(
            account_name(self._service),
            where.container,
            where.blob,
            account_key=shared,
            user_delegation_key=None if shared else self._delegation(ends),
            permission=BlobSasPermissions(read=True),
            expiry=ends,
            protocol=None if shared else "https",
        )
        blob = self._service.get_blob_client(where.container, where.blob)
        return f"{blob.url}?{signed}"

    def _delegation(self, ends: datetime) -> UserDelegationKey:
        with self._lock:
            if self._key is None or self._key_ends < ends:
                now = datetime.now(UTC)
                doing = Doing("signing a link", account_name(self._service), DELEGATOR)
                try:
                    self._key = self._patience.ask(
                        lambda: self._service.get_user_delegation_key(now - _SKEW, now + _KEY_LIFE),
                        doing,
                    )
                except HttpResponseError as error:
                    raise failure(error, doing) from None
                self._key_ends = now + _KEY_LIFE
            return self._key
