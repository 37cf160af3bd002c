"""One JSON document over HTTPS, with patience, limits and no surprises.

Redirects are refused, since they would take a key elsewhere.  Neither key nor place appears in any
message: of an address they show the host alone.
"""

import email.utils
import http.client
import ipaddress
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import jsonschema

from avdataops.model.errors import (
    ConfigError,
    HostileInput,
    InputError,
    PermissionDenied,
    SchemaMismatch,
    TransientError,
)

_CHUNK_BYTES = 64 << 10
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_REFUSED = frozenset({401, 403})
_REDIRECTS, _CLIENT_ERRORS = range(300, 400), range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long, how often and how much."""

    tries: int = 4
    silence_s: float = 10.0
    """Of the connection."""
    whole_s: float = 30.0
    """Of one try."""
    first_wait_s: float = 1.0
    """Before the second try; each further wait is twice as long."""
    max_wait_s: float = 30.0
    """A service that asks for a longer wait is given up for now."""
    max_bytes: int = 2 << 20
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a service."""

    base_url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    schema: Mapping[str, Any]
    """Shape that the answer must have."""

    @property
    def host(self) -> str:
        """For messages."""
        return urlsplit(self.base_url).hostname or "the weather service"


class _Again(Exception):
    """Not an error of the product: a try to be repeated."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def checked_url(url: str, setting: str) -> str:
    """Return the address of a service; raises ``ConfigError`` unless it is safe to use.

    HTTPS only, but for this very machine; no user, query or fragment.
    """
    parts = urlsplit(url)
    plain = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or plain):
        raise ConfigError(f"setting '{setting}' must be an https address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"setting '{setting}' must be an address without user, query or fragment")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetch(request: Request, patience: Patience) -> dict[str, Any]:
    """Return the JSON object that a service answers with; see the port for what is raised."""
    why, wait_s = "", patience.first_wait_s
    for number in range(patience.tries):
        try:
            return _checked(request, _body(request, patience))
        except _Again as again:
            why = str(again)
            asked_s = again.wait_s if again.wait_s is not None else wait_s
            if asked_s > patience.max_wait_s or number + 1 == patience.tries:
                break
            patience.sleep(asked_s)
            wait_s *= 2
    raise TransientError(f"{request.host} does not answer: {why}", hint="run again later")


def _body(request: Request, patience: Patience) -> bytes:
    url = f"{request.base_url}?{urlencode(request.query)}"
    asked = urllib.request.Request(url, headers={"User-Agent": "avdataops", **request.headers})  # noqa: S310 - the scheme was checked
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if _is_loopback(request.host):
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    ends_s = time.monotonic() + patience.whole_s
    try:
        with opener.open(asked, timeout=patience.silence_s) as response:
            return _limited(response, request, patience, ends_s)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error, request.host) from None
    except (OSError, http.client.HTTPException) as error:
        # Messages of the library may hold the address: the class says enough.
        cause = getattr(error, "reason", error)
        raise _Again(type(cause).__name__) from None


def _limited(
    response: http.client.HTTPResponse, request: Request, patience: Patience, ends_s: float
) -> bytes:
    found = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        found += chunk
        if len(found) > patience.max_bytes:
            raise HostileInput(f"{request.host} answers with more than {patience.max_bytes} bytes")
        if time.monotonic() > ends_s:
            raise _Again("too slow")
    return bytes(found)


def _refusal(error: urllib.error.HTTPError, host: str) -> Exception:
    if error.code in _AGAIN:
        return _Again(f"status {error.code}", _retry_after_s(error.headers.get("Retry-After")))
    if error.code in _REFUSED:
        return PermissionDenied(
            f"{host} refuses the key (status {error.code})", hint="set weather_key"
        )
    if error.code in _REDIRECTS:
        return ConfigError(
            f"{host} answers from elsewhere (status {error.code}), which is not followed",
            hint="set weather_url",
        )
    if error.code in _CLIENT_ERRORS:
        return InputError(f"{host} cannot answer this request (status {error.code})")
    return _Again(f"status {error.code}")


def _retry_after_s(text: str | None) -> float | None:
    """Return the wait that a service asks for in seconds or until a date (RFC 9110, 10.2.3)."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, until.timestamp() - time.time())


def _checked(request: Request, body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
        jsonschema.validate(document, request.schema)
    except ValueError:
        raise SchemaMismatch(f"{request.host} answers with something that is no JSON") from None
    except jsonschema.ValidationError as error:
        where = error.json_path
        raise SchemaMismatch(
            f"{request.host} answers in another shape than it promises, at {where}"
        ) from None
    found: dict[str, Any] = document
    return found
