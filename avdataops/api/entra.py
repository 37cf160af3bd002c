"""Access tokens of Entra ID: RS256, one tenant, one audience, version 2.0.

https://learn.microsoft.com/entra/identity-platform/access-tokens (validation) and
.../access-token-claims-reference (claims).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt

from avdataops.api.access import Caller, Role
from avdataops.api.signing_keys import SigningKeys

_ALGORITHM = "RS256"
_LEEWAY_S = 60
_REQUIRED = ["exp", "nbf", "iat", "iss", "aud", "tid", "sub"]
_ROLES = {role.name.lower(): role for role in Role}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EntraTokens:
    """Takes tokens that the tenant issued for this API and no other."""

    tenant: str
    audience: str
    """Client id of the API's app registration."""
    keys: SigningKeys
    domains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """App role or scope -> vehicles whose data it opens; empty: all are open to every role."""

    def caller(self, token: str) -> Caller | None:
        """Return whose token it is; None, with the kind of fault in the log, if it is not good.

        The token and what it claims are never logged.  Raises ``TransientError`` while the
        tenant's keys cannot be had.
        """
        try:
            claims = self._claims(token)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            _LOG.info("a token was refused: %s", type(error).__name__)
            return None
        subject = claims.get("oid", claims["sub"])
        return Caller(str(subject)[:64], role_of(claims), vehicles_of(claims, self.domains))

    def _claims(self, token: str) -> dict[str, object]:
        head = jwt.get_unverified_header(token)
        kid = head.get("kid")
        if head.get("alg") != _ALGORITHM or not isinstance(kid, str):
            raise jwt.InvalidAlgorithmError
        key = self.keys.key(kid)
        if key is None:
            raise jwt.InvalidKeyError
        claims: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=self.audience,
            issuer=issuer_of(self.tenant),
            leeway=_LEEWAY_S,
            options={"require": _REQUIRED, "strict_aud": True},
        )
        if claims["tid"] != self.tenant:
            raise jwt.InvalidIssuerError
        return claims


def issuer_of(tenant: str) -> str:
    """Return who issues the version 2.0 tokens of a tenant."""
    return f"https://login.microsoftonline.com/{tenant}/v2.0"


def keys_url_of(tenant: str) -> str:
    """Return where a tenant publishes the keys that sign its tokens."""
    return f"https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys"


def role_of(claims: Mapping[str, object]) -> Role | None:
    """Return the highest role that a token gives, or None.

    ``roles`` is what was assigned to the user or application, ``scp`` what an application may do
    for its user: where both stand, the lower one holds.
    """
    given = [
        _highest(names)
        for names in (claims.get("roles"), _words(claims.get("scp")))
        if names is not None
    ]
    known = [role for role in given if role is not None]
    return min(known) if given and len(known) == len(given) else None


def vehicles_of(
    claims: Mapping[str, object], domains: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Return the vehicles whose data a token opens; None for all: no domains, or an admin.

    Where ``roles`` and ``scp`` both stand, both must name a domain.
    """
    if not domains or role_of(claims) is Role.ADMIN:
        return None
    given = [
        {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
        for names in (claims.get("roles"), _words(claims.get("scp")))
        if names is not None
    ]
    opened = set(domains).intersection(*given) if given else set()
    return tuple(sorted({one for name in opened for one in domains[name]}))


def _words(scopes: object) -> list[str] | None:
    return scopes.split() if isinstance(scopes, str) else None


def _highest(names: object) -> Role | None:
    if not isinstance(names, list):
        return None
    known = (_ROLES[name] for name in names if isinstance(name, str) and name in _ROLES)
    return max(known, default=None)
