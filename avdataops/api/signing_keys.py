"""The keys that sign a tenant's tokens: fetched, kept, and fetched again when a new one appears."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

from avdataops.model.errors import TransientError

REFRESH_AFTER_S = 3600.0
"""When keys are looked at again; they roll without notice."""
USABLE_S = 24 * 3600.0
"""How long keys hold while no new ones can be had."""
PAUSE_S = 30.0
"""Least time between two fetches: made-up key ids must not become requests to the tenant."""

_TIMEOUT_S = 5.0
_MAX_BYTES = 1 << 20
_MAX_KEYS = 100
_MIN_BITS = 2048
_LOG = logging.getLogger(__name__)

Fetch = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class _Known:
    keys: Mapping[str, RSAPublicKey] = field(default_factory=dict)
    since_s: float = -USABLE_S


class SigningKeys:
    """Keys by their id.  Threads may share it; only a look for an unknown key waits for a fetch."""

    def __init__(self, fetch: Fetch, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock_s = clock_s
        self._turn = threading.Lock()
        self._known = _Known()
        self._asked_s: float | None = None

    def key(self, kid: str) -> RSAPublicKey | None:
        """Return the key, None if the tenant has none of this id.

        Raises ``TransientError`` while no keys are known that may be used.
        """
        if kid not in self._known.keys or self._age_s() > REFRESH_AFTER_S:
            self._refresh(kid)
        if self._age_s() > USABLE_S:
            raise TransientError("the keys of the identity provider cannot be had")
        return self._known.keys.get(kid)

    def _age_s(self) -> float:
        return self._clock_s() - self._known.since_s if self._known.keys else USABLE_S + 1

    def _refresh(self, kid: str) -> None:
        with self._turn:
            if kid in self._known.keys and self._age_s() <= REFRESH_AFTER_S:
                return
            now_s = self._clock_s()
            if self._asked_s is not None and now_s - self._asked_s < PAUSE_S:
                return
            self._asked_s = now_s
            try:
                self._known = _Known(parse_keys(self._fetch()), now_s)
            except (OSError, ValueError) as error:
                _LOG.warning("no signing keys: %s", type(error).__name__)


def parse_keys(text: bytes) -> dict[str, RSAPublicKey]:
    """Return the RSA signing keys of a JSON Web Key Set (RFC 7517) by their ids.

    Keys of other types, for other uses, or with fewer than 2048 bits are left out.  Raises
    ``ValueError`` for what is no key set, or has no usable key.
    """
    document = json.loads(text)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no key set")  # noqa: TRY004 - what came is wrong, not our call
    found = {}
    for entry in entries[:_MAX_KEYS]:
        key = _key_of(entry)
        if key is not None:
            found[str(entry["kid"])] = key
    if not found:
        raise ValueError("no signing key")
    return found


def _key_of(entry: Any) -> RSAPublicKey | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    try:
        key = PyJWK(entry, algorithm="RS256").key
    except (PyJWTError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_BITS else None


class _NoRedirect(HTTPRedirectHandler):
    """The keys are where the settings say, or nowhere."""

    def redirect_request(self, req: Request, *_: object) -> None:
        """Refuse."""
        raise OSError(f"{req.host} redirects")


def fetch_from(url: str) -> Fetch:
    """Return a function that gets the key set at ``url``; it raises ``OSError``."""
    opener = build_opener(_NoRedirect)

    def fetch() -> bytes:
        with opener.open(url, timeout=_TIMEOUT_S) as answer:
            text: bytes = answer.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise OSError("too long for a key set")
        return text

    return fetch
