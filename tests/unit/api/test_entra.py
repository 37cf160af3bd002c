"""Tokens of Entra ID: what is good, and every way not to be."""

import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from avdataops.api.access import Caller, Role
from avdataops.api.entra import EntraTokens, issuer_of, keys_url_of, role_of
from avdataops.api.signing_keys import SigningKeys, fetch_from
from tests.unit.api.tenant import (
    AUDIENCE,
    ISSUER,
    TENANT,
    claims,
    key_set,
    published,
    publishing,
    rsa_key,
    signed,
)

OTHER = "00000000-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def tokens() -> Iterator[EntraTokens]:
    with publishing() as tenant:
        tenant.body = key_set(
            published("first", rsa_key("first")), published("second", rsa_key("second"))
        )
        yield EntraTokens(TENANT, AUDIENCE, SigningKeys(fetch_from(tenant.url)))


def part(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def by_hand(head: dict[str, Any], secret: bytes | None = None) -> str:
    """Return a token with this head, HMAC-signed or not signed at all."""
    text = f"{part(head)}.{part(claims())}"
    if secret is None:
        return f"{text}."
    sum_ = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(sum_).rstrip(b'=').decode()}"


def public_pem(name: str) -> bytes:
    key = rsa_key(name).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_a_good_token_tells_who_asks_and_the_role(tokens: EntraTokens) -> None:
    assert tokens.caller(signed()) == Caller("an-object", Role.READER)
    assert tokens.caller(signed("second", "second", roles=["admin"])) == Caller(
        "an-object", Role.ADMIN
    )
    assert tokens.caller(signed(oid=None)) == Caller("a-subject", Role.READER)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": OTHER},
        {"aud": [AUDIENCE]},
        {"aud": f"api://{AUDIENCE}"},
        {"aud": ""},
        {"iss": f"https://sts.windows.net/{TENANT}/"},
        {"iss": f"{ISSUER}/"},
        {"iss": issuer_of(OTHER)},
        {"iss": ISSUER.upper()},
        {"tid": OTHER},
        {"tid": TENANT.upper() + "x"},
        {"exp": "soon"},
        {"sub": 7},
        *({name: None} for name in ("exp", "nbf", "iat", "iss", "aud", "tid", "sub")),
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_now_is_refused(
    tokens: EntraTokens, changed: dict[str, Any]
) -> None:
    assert tokens.caller(signed(**changed)) is None


# Seconds from now, since the names of tests must be the same in every process that collects them.
@pytest.mark.parametrize(("claim", "from_now_s"), [("exp", -120), ("nbf", 600), ("iat", 600)])
def test_a_token_of_another_time_is_refused(
    tokens: EntraTokens, claim: str, from_now_s: int
) -> None:
    changed: dict[str, Any] = {claim: int(time.time()) + from_now_s}
    assert tokens.caller(signed(**changed)) is None


def test_clocks_may_differ_by_less_than_a_minute(tokens: EntraTokens) -> None:
    now = int(time.time())
    assert tokens.caller(signed(exp=now - 50)) is not None
    assert tokens.caller(signed(exp=now - 61)) is None
    assert tokens.caller(signed(nbf=now + 50)) is not None
    assert tokens.caller(signed(nbf=now + 70)) is None


@pytest.mark.parametrize(
    ("key", "kid"),
    [("first", "second"), ("stranger", "first"), ("stranger", "stranger"), ("first", None)],
)
def test_a_token_signed_by_another_key_is_refused(
    tokens: EntraTokens, key: str, kid: str | None
) -> None:
    assert tokens.caller(signed(key, kid)) is None


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "RS512", "PS256", "", 7])
def test_no_other_algorithm_is_taken(tokens: EntraTokens, algorithm: object) -> None:
    head = {"alg": algorithm, "typ": "JWT", "kid": "first"}
    assert tokens.caller(by_hand(head)) is None
    assert tokens.caller(by_hand(head, public_pem("first"))) is None


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_a_right_signature_of_another_kind_is_refused(tokens: EntraTokens, algorithm: str) -> None:
    token = jwt.encode(claims(), rsa_key("first"), algorithm=algorithm, headers={"kid": "first"})
    assert tokens.caller(token) is None


def test_the_public_key_is_no_shared_secret(tokens: EntraTokens) -> None:
    head = {"alg": "HS256", "typ": "JWT", "kid": "first"}
    for secret in (public_pem("first"), public_pem("first").strip()):
        assert tokens.caller(by_hand(head, secret)) is None
    assert tokens.caller(by_hand({**head, "alg": "RS256"}, public_pem("first"))) is None


def test_keys_that_a_token_brings_are_not_used(tokens: EntraTokens) -> None:
    mine = published("first", rsa_key("stranger"))
    for extra in ({"jwk": mine}, {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://127.0.0.1:1"}):
        token = jwt.encode(
            claims(), rsa_key("stranger"), algorithm="RS256", headers={"kid": "first", **extra}
        )
        assert tokens.caller(token) is None


def test_a_changed_token_is_refused(tokens: EntraTokens) -> None:
    head, body, signature = signed().split(".")
    stronger = part(claims(roles=["admin"]))
    assert tokens.caller(f"{head}.{stronger}.{signature}") is None
    assert tokens.caller(f"{head}.{body}.{signature[:-2]}AA") is None
    assert tokens.caller(f"{head}.{body}.") is None
    assert tokens.caller(f"{head}.{body}") is None


@pytest.mark.parametrize(
    "text", ["", ".", "..", "...", "a.b.c", "e30.e30.e30", "bnVsbA.bnVsbA.x", "x" * 8192, "[]"]
)
def test_garbage_is_refused(tokens: EntraTokens, text: str) -> None:
    assert tokens.caller(text) is None


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=200))
def test_any_garbage_is_refused(text: str) -> None:
    unused = SigningKeys(lambda: key_set(published("first", rsa_key("first"))))
    assert EntraTokens(TENANT, AUDIENCE, unused).caller(text) is None


@pytest.mark.parametrize(
    ("given_claims", "role"),
    [
        ({}, None),
        ({"roles": []}, None),
        ({"roles": ["reader"]}, Role.READER),
        ({"roles": ["operator", "reader"]}, Role.OPERATOR),
        ({"roles": ["admin", "other"]}, Role.ADMIN),
        ({"roles": ["Reader", "readers"]}, None),
        ({"roles": "admin"}, None),
        ({"roles": [7, None]}, None),
        ({"roles": [["reader"]]}, None),
        ({"scp": "reader"}, Role.READER),
        ({"scp": "openid operator"}, Role.OPERATOR),
        ({"scp": "User.Read"}, None),
        ({"scp": ["reader"]}, None),
        ({"scp": "reader", "roles": ["admin"]}, Role.READER),
        ({"scp": "admin", "roles": ["reader"]}, Role.READER),
        ({"scp": "User.Read", "roles": ["admin"]}, None),
        ({"scp": "admin", "roles": []}, None),
        ({"groups": ["admin"], "wids": ["admin"]}, None),
    ],
)
def test_the_role_is_the_lower_of_what_was_assigned_and_what_was_delegated(
    given_claims: dict[str, Any], role: Role | None
) -> None:
    assert role_of(given_claims) == role


def test_a_good_token_without_a_role_is_known_but_allowed_nothing(tokens: EntraTokens) -> None:
    assert tokens.caller(signed(roles=None)) == Caller("an-object", None)


def test_refusals_say_in_the_log_what_kind_and_nothing_of_the_token(
    tokens: EntraTokens, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    old = signed(exp=int(time.time()) - 3600, sub="private-subject")
    for token in (old, signed(aud=OTHER), "garbage-that-is-secret", old[:-4]):
        assert tokens.caller(token) is None
    told = "\n".join(f"{one.getMessage()} {vars(one)}" for one in caplog.records)
    assert "ExpiredSignatureError" in told
    assert "InvalidAudienceError" in told
    for secret in (*old.split("."), "private-subject", "garbage-that-is-secret", OTHER):
        assert secret not in told


def test_addresses_are_those_of_the_tenant() -> None:
    assert keys_url_of(TENANT) == (
        f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"
    )
    assert issuer_of(TENANT) == ISSUER
