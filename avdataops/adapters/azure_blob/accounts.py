"""Opening storage accounts: identities in the cloud, keys for emulators only."""

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobServiceClient

from avdataops.adapters.azure_blob.reading import RANGE_BYTES
from avdataops.adapters.azure_blob.writing import BLOCK_BYTES
from avdataops.model.errors import ConfigError
from avdataops.model.location import Zone

_CONNECT_S = 10
_READ_S = 60
_EMULATOR = "UseDevelopmentStorage=true"


def identity(client_id: str | None) -> TokenCredential:
    """Return who we are in the cloud: a managed identity, or what the environment offers."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if client_id:
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential()


def connect(zone: Zone, account: str, who: Callable[[], TokenCredential]) -> BlobServiceClient:
    """Return a client for an account: an https endpoint, or an emulator's connection string.

    ``who`` is asked for the identity only if it is needed.  Raises ``ConfigError``, which does not
    quote ``account``: it may hold a key.
    """
    if "=" in account.partition("?")[0]:
        return _emulator(zone, account)
    try:
        parts = urlsplit(account)
        plain = parts.scheme == "https" and parts.hostname and not parts.username
    except ValueError:
        plain = None
    if not plain or parts.query or parts.fragment:
        raise _refused(
            zone, "an https address of a blob endpoint, without a signature, is wanted there"
        )
    return BlobServiceClient(account, who(), **_options())


def account_name(service: BlobServiceClient) -> str:
    """Return the account's name, also for an endpoint of another form than the usual."""
    named = service.account_name
    return str(named or (urlsplit(service.url).hostname or "").partition(".")[0])


def _emulator(zone: Zone, text: str) -> BlobServiceClient:
    try:
        service = BlobServiceClient.from_connection_string(text, **_options())
    except ValueError:
        raise _refused(zone, "it is no connection string") from None
    host = urlsplit(service.url).hostname or ""
    if not _is_loopback(host) and _key(service) != emulator_key():
        raise _refused(
            zone,
            f"connection strings are for emulators on this machine, and '{host}' is none; "
            "give the https address of the blob endpoint",
        )
    return service


def emulator_key() -> str:
    """Return the key that every Azurite is published with; it protects nothing."""
    return _key(BlobServiceClient.from_connection_string(_EMULATOR))


def _key(service: BlobServiceClient) -> str:
    return str(getattr(service.credential, "account_key", ""))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _options() -> dict[str, Any]:
    return {
        # ``Patience`` repeats; see there.
        "retry_total": 0,
        "connection_timeout": _CONNECT_S,
        "read_timeout": _READ_S,
        "max_single_put_size": BLOCK_BYTES,
        "max_single_get_size": RANGE_BYTES,
        "max_chunk_get_size": RANGE_BYTES,
    }


def _refused(zone: Zone, why: str) -> ConfigError:
    return ConfigError(
        f"setting 'azure.storage.{zone}': {why}", hint="avdataops config show --origin"
    )
