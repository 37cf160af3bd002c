"""Keys of a tenant: fetched, kept, rolled."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from avdataops.api.signing_keys import (
    PAUSE_S,
    REFRESH_AFTER_S,
    USABLE_S,
    SigningKeys,
    fetch_from,
    parse_keys,
)
from avdataops.model.errors import TransientError
from tests.unit.api.tenant import Publisher, key_set, published, publishing, rsa_key


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tenant() -> Iterator[Publisher]:
    with publishing() as publisher:
        yield publisher


@pytest.fixture
def keys(tenant: Publisher, clock: Clock) -> SigningKeys:
    return SigningKeys(fetch_from(tenant.url), clock)


def numbers(key: Any) -> Any:
    return None if key is None else key.public_numbers()


FIRST = published("first", rsa_key("first"))
SECOND = published("second", rsa_key("second"))


def test_a_key_is_fetched_once_and_kept(keys: SigningKeys, tenant: Publisher) -> None:
    assert tenant.asked == 0
    for _ in range(5):
        assert numbers(keys.key("first")) == rsa_key("first").public_key().public_numbers()
    assert tenant.asked == 1


def test_a_key_that_appears_is_found(keys: SigningKeys, tenant: Publisher, clock: Clock) -> None:
    keys.key("first")
    tenant.body = key_set(FIRST, SECOND)
    clock.now_s += PAUSE_S
    assert numbers(keys.key("second")) == rsa_key("second").public_key().public_numbers()


def test_made_up_ids_are_not_passed_on(keys: SigningKeys, tenant: Publisher, clock: Clock) -> None:
    for n in range(50):
        assert keys.key(f"made-up-{n}") is None
    assert tenant.asked == 1
    clock.now_s += PAUSE_S - 0.001
    assert keys.key("made-up") is None
    assert tenant.asked == 1
    clock.now_s += 0.001
    assert keys.key("made-up") is None
    assert tenant.asked == 2


def test_a_key_that_is_withdrawn_is_forgotten(
    keys: SigningKeys, tenant: Publisher, clock: Clock
) -> None:
    keys.key("first")
    tenant.body = key_set(SECOND)
    clock.now_s += REFRESH_AFTER_S
    assert keys.key("first") is not None
    clock.now_s += 1
    assert keys.key("first") is None


@pytest.mark.parametrize("status", [404, 500, 503])
def test_while_the_tenant_fails_known_keys_hold_for_a_day(
    keys: SigningKeys, tenant: Publisher, clock: Clock, status: int
) -> None:
    keys.key("first")
    tenant.status = status
    clock.now_s += USABLE_S
    assert keys.key("first") is not None
    clock.now_s += 1
    with pytest.raises(TransientError):
        keys.key("first")
    tenant.status = 200
    clock.now_s += PAUSE_S
    assert keys.key("first") is not None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b"\xff", b"x" * (1 << 21)]
)
def test_without_any_keys_nobody_is_told_good_or_bad(
    keys: SigningKeys, tenant: Publisher, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tenant.body = body
    for _ in range(3):
        with pytest.raises(TransientError, match="cannot be had"):
            keys.key("first")
    assert tenant.asked == 1
    assert tenant.url not in caplog.text


def test_a_tenant_that_is_not_there_is_temporary(clock: Clock) -> None:
    with publishing() as gone:
        pass
    with pytest.raises(TransientError):
        SigningKeys(fetch_from(gone.url), clock).key("first")


def test_keys_are_not_fetched_from_where_somebody_redirects(
    keys: SigningKeys, tenant: Publisher
) -> None:
    with publishing() as other:
        tenant.status, tenant.location = 302, other.url
        with pytest.raises(TransientError):
            keys.key("first")
        assert other.asked == 0


@pytest.mark.parametrize(
    "wrong",
    [
        "a text",
        {},
        {**FIRST, "kid": None},
        {**FIRST, "kid": 7},
        {**FIRST, "kty": "EC"},
        {**FIRST, "kty": "oct", "k": "c2VjcmV0"},
        {**FIRST, "use": "enc"},
        {**FIRST, "n": "!"},
        {**FIRST, "e": None},
        {**FIRST, "d": "AQAB"},
        published("weak", rsa_key("weak", 1024)),
    ],
)
def test_what_is_no_strong_signing_key_is_left_out(wrong: object) -> None:
    assert list(parse_keys(json.dumps({"keys": [wrong, SECOND]}).encode())) == ["second"]
    with pytest.raises(ValueError, match="no signing key"):
        parse_keys(json.dumps({"keys": [wrong]}).encode())


def test_a_key_without_a_use_is_for_signing() -> None:
    without = {name: value for name, value in FIRST.items() if name != "use"}
    assert list(parse_keys(key_set(without))) == ["first"]
