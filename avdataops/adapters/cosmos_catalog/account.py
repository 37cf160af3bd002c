"""Opens a client of a Cosmos DB account: who asks, and whether the account will do."""

import ipaddress
import logging
import urllib.parse
from typing import Any

from azure.cosmos import CosmosClient

from avdataops.adapters.cosmos_catalog.failures import translated
from avdataops.model.errors import ConfigError

_STRONG_ENOUGH = {"Strong", "BoundedStaleness"}
_PAUSE_S = 0.2
"""Before a read whose connection broke is tried again; throttling has its own waits."""


def open_client(endpoint: str, *, key: str | None, client_id: str | None) -> CosmosClient:
    """Return a client for ``endpoint``, signed in by managed identity or Entra ID.

    A ``key`` is for emulators on this machine only.  Raises ``ConfigError`` for a key in the
    cloud, an endpoint that is none, or an account whose consistency is too weak: readers must
    see what another process has written, or a plan is made from yesterday's catalog.
    """
    _quiet()
    local = _is_local(endpoint)
    if key is not None and not local:
        raise ConfigError(
            f"a key for {endpoint} is refused: keys are for emulators on this machine",
            hint="remove azure.cosmos_key; sign in by managed identity or 'az login'",
        )
    if key is None and local:
        raise ConfigError(
            f"the emulator at {endpoint} needs its key", hint="set AVDATAOPS_AZURE__COSMOS_KEY"
        )
    with translated(endpoint):
        # An emulator gives its own idea of its address, which other machines and ports may not
        # know; there is one region, so nothing is lost by not asking.
        client = CosmosClient(
            endpoint,
            key or _identity(client_id),
            enable_endpoint_discovery=not local,
            retry_backoff_factor=_PAUSE_S,
        )
        policy = client.get_database_account().ConsistencyPolicy or {}
    level = policy.get("defaultConsistencyLevel")
    if level not in _STRONG_ENOUGH:
        client.close()
        raise ConfigError(
            f"the account {endpoint} has the consistency level {level}; the catalog needs Strong",
            hint="az cosmosdb update --default-consistency-level Strong",
        )
    return client


def _quiet() -> None:
    """Keep what the client logs (its health checks after a quick end) from the user's terminal.

    Whoever sets up logging still gets it; without that Python prints warnings by itself.
    """
    logger = logging.getLogger("azure.cosmos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _is_local(endpoint: str) -> bool:
    parts = urllib.parse.urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(
            f"'{endpoint}' is no endpoint of Cosmos DB",
            hint="it looks like https://ACCOUNT.documents.azure.com:443/",
        )
    local = parts.hostname == "localhost" or _is_loopback(parts.hostname)
    if parts.scheme == "http" and not local:
        raise ConfigError(f"'{endpoint}' is not encrypted; use https")
    return local


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _identity(client_id: str | None) -> Any:
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if client_id is not None:
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential()
