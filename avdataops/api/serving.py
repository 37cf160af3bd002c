"""The API on a socket: where it may listen, who may ask, and how it ends."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from avdataops.api.access import Checker
from avdataops.api.connections import TimedConnection
from avdataops.api.entra import EntraTokens, keys_url_of
from avdataops.api.local_token import local_token
from avdataops.api.signing_keys import SigningKeys, fetch_from
from avdataops.model.errors import ConfigError
from avdataops.settings import ApiSettings

MAX_CONNECTIONS = 256
_MAX_HEAD_BYTES = 32 << 10
_KEEP_ALIVE_S = 5
_GRACE_S = 10
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Where:
    """An address to listen on; port 0 is any free one."""

    host: str = "127.0.0.1"
    port: int = 8787


def open_checker(settings: ApiSettings, workspace: Path) -> Checker:
    """Return what knows good tokens: of Entra ID where it is set, else of this workspace.

    Raises ``ConfigError`` for half of the settings of Entra ID.
    """
    if settings.tenant is None and settings.audience is None and settings.jwks_url is None:
        return local_token(workspace)
    for name in ("tenant", "audience"):
        if getattr(settings, name) is None:
            raise ConfigError(
                f"setting 'api.{name}' is missing: the others of Entra ID are there",
                hint=f"set AVDATAOPS_API__{name.upper()}",
            )
    tenant, audience = str(settings.tenant), str(settings.audience)
    url = settings.jwks_url or keys_url_of(tenant)
    return EntraTokens(tenant, audience, SigningKeys(fetch_from(url)), settings.domains)


def listen(where: Where, settings: ApiSettings) -> socket.socket:
    """Return a listening socket.

    Raises ``ConfigError`` for an address that others can reach while no Entra ID says who they
    are or while a test's keys would, and for one that cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            where.host, where.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"'{where.host}' is no address to listen on") from error
    from_here = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
    if not from_here and (settings.tenant is None or settings.jwks_url is not None):
        raise ConfigError(
            f"the API does not listen on '{where.host}' without Entra ID: others could reach it",
            hint="set AVDATAOPS_API__TENANT and AVDATAOPS_API__AUDIENCE, or --host 127.0.0.1",
        )
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"cannot listen on {where.host} port {where.port}: {error.strerror}",
            hint="name another with --port; 0 takes any free one",
        ) from error
    return listening


def address_of(listening: socket.socket) -> str:
    """Return the address that clients of this machine use."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: FastAPI, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until SIGTERM or SIGINT, which then go to whoever had handled them before.

    Requests that have begun get ten seconds to end.  ``ready`` is called just before the first.
    """
    config = uvicorn.Config(
        app,
        http=TimedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
    )
    ready()
    uvicorn.Server(config).run(sockets=[listening])
