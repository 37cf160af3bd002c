"""One document over HTTP: what is tried again, what is refused, and what is never said."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any

import pytest

from avdataops.adapters.weather_services.fetch import Patience, Request, checked_url, fetch
from avdataops.model.errors import (
    AvdataopsError,
    ConfigError,
    HostileInput,
    InputError,
    PermissionDenied,
    SchemaMismatch,
    TransientError,
)
from tests.doubles.played import Answer, Played, playing

SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "number"}}}
GOOD = Answer(body=b'{"a": 1}')
KEY = "k3y-of-the-fleet"


@pytest.fixture
def server() -> Iterator[Played]:
    with playing() as played:
        yield played


@dataclass
class Fetching:
    """Fetches from an address and keeps the waits."""

    url: str
    waits: list[float] = field(default_factory=list)
    patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        self.patience = Patience(silence_s=0.4, whole_s=0.5, sleep=self.waits.append)

    def get(self) -> dict[str, Any]:
        query = {"apikey": KEY, "lat": "56.2"}
        request = Request(
            base_url=self.url, query=query, headers={"subscription-key": KEY}, schema=SCHEMA
        )
        return fetch(request, self.patience)

    def fails(self, kind: type[AvdataopsError]) -> str:
        with pytest.raises(kind) as told:
            self.get()
        shown = f"{told.value.message} {told.value.hint} {told.value!r}"
        assert KEY not in shown
        assert "56.2" not in shown
        assert type(told.value) is kind
        return told.value.message


def test_a_document_comes_with_one_request(server: Played) -> None:
    server.answers = [GOOD]
    assert Fetching(server.url).get() == {"a": 1}
    assert server.paths == [f"/v1?apikey={KEY}&lat=56.2"]
    assert server.headers[0]["Subscription-Key"] == KEY


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again_with_longer_waits(server: Played, status: int) -> None:
    server.answers = [Answer(status=status)] * 3 + [GOOD]
    fetching = Fetching(server.url)
    assert fetching.get() == {"a": 1}
    assert fetching.waits == [1.0, 2.0, 4.0]


def test_a_lasting_failure_ends_after_four_tries(server: Played) -> None:
    server.answers = [Answer(status=503)]
    fetching = Fetching(server.url)
    assert fetching.fails(TransientError) == "127.0.0.1 does not answer: status 503"
    assert len(server.paths) == 4
    assert fetching.waits == [1.0, 2.0, 4.0]


def test_the_service_may_say_how_long_to_wait(server: Played) -> None:
    until = formatdate(time.time() + 20, usegmt=True)
    server.answers = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=503, headers={"Retry-After": until}),
        Answer(status=503, headers={"Retry-After": "soon"}),
        GOOD,
    ]
    fetching = Fetching(server.url)
    assert fetching.get() == {"a": 1}
    assert fetching.waits == [7.0, pytest.approx(20.0, abs=2.0), 4.0]


def test_a_wait_too_long_is_not_waited(server: Played) -> None:
    server.answers = [Answer(status=429, headers={"Retry-After": "3600"})]
    fetching = Fetching(server.url)
    assert fetching.fails(TransientError).endswith("status 429")
    assert (len(server.paths), fetching.waits) == (1, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_not_followed(server: Played, status: int) -> None:
    server.answers = [Answer(status=status, headers={"Location": f"{server.url}/elsewhere"}), GOOD]
    message = Fetching(server.url).fails(ConfigError)
    assert message == f"127.0.0.1 answers from elsewhere (status {status}), which is not followed"
    assert len(server.paths) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_tried_again(server: Played, status: int) -> None:
    server.answers = [Answer(status=status, body=KEY.encode())]
    Fetching(server.url).fails(PermissionDenied)
    assert len(server.paths) == 1


def test_a_bad_request_is_not_tried_again(server: Played) -> None:
    server.answers = [Answer(status=400, body=b'{"error":true,"reason":"lat 56.2"}')]
    message = Fetching(server.url).fails(InputError)
    assert message == "127.0.0.1 cannot answer this request (status 400)"
    assert len(server.paths) == 1


@pytest.mark.parametrize("length", [None, 10])
def test_an_answer_too_large_is_refused(server: Played, length: int | None) -> None:
    server.answers = [Answer(body=b"x" * (200 << 10), length=length)]
    fetching = Fetching(server.url)
    fetching.patience = replace(fetching.patience, max_bytes=100 << 10)
    if length is None:
        fetching.fails(HostileInput)
    else:
        fetching.fails(SchemaMismatch)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff\xfe", b'{"a": 1', b"[1]", b'{"a": "1"}', b'{"b": 1}', b"null"]
)
def test_an_answer_of_another_shape_is_refused(server: Played, body: bytes) -> None:
    server.answers = [Answer(body=body)]
    Fetching(server.url).fails(SchemaMismatch)
    assert len(server.paths) == 1


def test_an_answer_that_drips_for_ever_is_given_up(server: Played) -> None:
    server.answers = [Answer(body=b"x" * 1000, drip_s=0.05)]
    fetching = Fetching(server.url)
    fetching.patience = replace(fetching.patience, tries=1)
    begun_s = time.monotonic()
    assert fetching.fails(TransientError).endswith("too slow")
    assert time.monotonic() - begun_s < 3.0


def test_a_silent_service_is_given_up(server: Played) -> None:
    server.answers = [Answer(body=b"x", drip_s=1.5)]
    fetching = Fetching(server.url)
    fetching.patience = replace(fetching.patience, tries=2)
    assert fetching.fails(TransientError).endswith("TimeoutError")
    assert len(fetching.waits) == 1


def test_a_service_that_is_not_there_is_given_up() -> None:
    fetching = Fetching("http://127.0.0.1:1/v1")
    assert fetching.fails(TransientError).endswith("ConnectionRefusedError")
    assert len(fetching.waits) == 3


@pytest.mark.parametrize(
    "url", ["https://api.example/v1", "http://127.0.0.1:8080/v1", "http://[::1]/v1", "http://localhost"]
)  # fmt: skip
def test_addresses_that_are_safe(url: str) -> None:
    assert checked_url(f"{url}/", "weather_url") == url


@pytest.mark.parametrize(
    "url",
    ["http://api.example/v1", "http://127.0.0.1.example/", "ftp://localhost/", "file:///etc/passwd",
     "", "api.example", "https://u:p@api.example/", "https://api.example/?k=1", "https:///x"],
)  # fmt: skip
def test_addresses_that_are_not(url: str) -> None:
    with pytest.raises(ConfigError, match="'weather_url'"):
        checked_url(url, "weather_url")
