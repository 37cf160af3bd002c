"""Opens a client for a Batch account."""

import ipaddress
from urllib.parse import urlsplit

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from avdataops.model.errors import ConfigError

EMULATOR_ACCOUNT = "emulator"
"""Name of the account that an emulator's key is for."""


def open_batch(
    endpoint: str, *, key: str | None = None, client_id: str | None = None
) -> BatchClient:
    """Return a client of the account at ``endpoint``.

    A ``key`` is for an emulator on this machine; everywhere else the identity of the machine is
    used (``client_id`` names one of several).  Raises ``ConfigError`` for a key that would leave
    the machine and for an endpoint without TLS.
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"'{endpoint}' is not the endpoint of a Batch account (https://...)")
    local = is_loopback(parts.hostname)
    if key is not None and not local:
        raise ConfigError(
            f"a Batch key is for an emulator on this machine, not for {parts.hostname}",
            hint="remove azure.batch_key; the managed identity is used then",
        )
    if parts.scheme == "http" and not local:
        raise ConfigError(f"the Batch endpoint '{endpoint}' must begin with https://")
    # One place waits and tries again (calls.py); two would multiply.
    if key is not None:
        named = AzureNamedKeyCredential(EMULATOR_ACCOUNT, key)
        return BatchClient(endpoint, named, retry_total=0)
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if client_id is not None:
        return BatchClient(endpoint, ManagedIdentityCredential(client_id=client_id), retry_total=0)
    return BatchClient(endpoint, DefaultAzureCredential(), retry_total=0)


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
