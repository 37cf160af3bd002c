"""The API on a real socket: where it may listen, and clients that are slow."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.connections import TimedConnection
from avdataops.api.entra import EntraTokens
from avdataops.api.local_token import LocalToken
from avdataops.api.serving import Where, address_of, listen, open_checker
from avdataops.model.errors import ConfigError
from avdataops.settings import ApiSettings
from tests.unit.api.door_kit import TOKEN, app_over
from tests.unit.api.tenant import AUDIENCE, TENANT, publishing, signed

NOBODY = ApiSettings()
ENTRA = ApiSettings(tenant=TENANT, audience=AUDIENCE)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost"])
def test_this_machine_alone_may_be_listened_to_without_entra_id(host: str) -> None:
    with listen(Where(host, 0), NOBODY) as listening:
        address = address_of(listening)
    assert address.startswith(("http://127.", "http://[::1]:"))
    assert not address.endswith(":0")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::ffff:0.0.0.0"])  # noqa: S104 - refused
@pytest.mark.parametrize(
    "settings",
    [NOBODY, ApiSettings(tenant=TENANT, audience=AUDIENCE, jwks_url="http://127.0.0.1:1/keys")],
    ids=["nobody", "keys of a test"],
)
def test_nobody_else_is_listened_to_without_entra_id(host: str, settings: ApiSettings) -> None:
    with pytest.raises(ConfigError, match="does not listen on"):
        listen(Where(host, 0), settings)


def test_with_entra_id_others_may_ask() -> None:
    with listen(Where("0.0.0.0", 0), ENTRA) as listening:  # noqa: S104 - that is what is tested
        assert listening.getsockname()[0] == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("host", ["", "no.such.host.invalid", "256.1.1.1", "x" * 300, "a b"])
def test_what_is_no_address_is_told(host: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        listen(Where(host, 0), NOBODY)


def test_a_port_that_is_taken_is_told() -> None:
    with listen(Where("127.0.0.1", 0), NOBODY) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}") as caught:
            listen(Where("127.0.0.1", port), NOBODY)
    assert "--port" in (caught.value.hint or "")


def test_without_settings_the_token_of_the_workspace_opens(tmp_path: Path) -> None:
    assert isinstance(open_checker(NOBODY, tmp_path), LocalToken)


def test_with_the_settings_of_entra_id_only_its_tokens_do(tmp_path: Path) -> None:
    with publishing() as tenant:
        settings = ENTRA.model_copy(update={"jwks_url": tenant.url})
        checker = open_checker(settings, tmp_path)
        assert isinstance(checker, EntraTokens)
        assert checker.caller(signed()) is not None
        assert checker.caller("x") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (ApiSettings(tenant=TENANT), "audience"),
        (ApiSettings(audience=AUDIENCE), "tenant"),
        (ApiSettings(jwks_url="http://127.0.0.1:1/"), "tenant"),
    ],
)
def test_half_of_the_settings_is_told(tmp_path: Path, settings: ApiSettings, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"'api.{missing}' is missing"):
        open_checker(settings, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant": "common"},
        {"tenant": f"{TENANT}/../x"},
        {"audience": ""},
        {"jwks_url": "https://evil.example/keys"},
        {"jwks_url": "http://127.0.0.1.evil.example:1/keys"},
        {"jwks_url": "http://127.0.0.1:1@evil.example/keys"},
        {"jwks_url": "file:///etc/passwd"},
        {"tenants": TENANT},
    ],
    ids=str,
)
def test_settings_that_would_open_the_door_wider_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ApiSettings.model_validate(wrong)


class Hurried(TimedConnection):
    head_s = 0.3
    answer_s = 5.0
    taken_s = 0.6


@contextmanager
def running(catalog: SqliteCatalog, limit_concurrency: int | None = None) -> Iterator[int]:
    config = uvicorn.Config(
        app_over(catalog),
        http=Hurried,
        ws="none",
        lifespan="off",
        log_config=None,
        limit_concurrency=limit_concurrency,
    )
    server = uvicorn.Server(config)
    with listen(Where("127.0.0.1", 0), NOBODY) as listening:
        thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def port(catalog: SqliteCatalog) -> Iterator[int]:
    with running(catalog) as found:
        yield found


def until_closed(client: socket.socket, limit_s: float = 3.0) -> tuple[bytes, float]:
    """Return what came until the other side closed, and after what time."""
    began_s = time.monotonic()
    client.settimeout(limit_s)
    told = b""
    try:
        while part := client.recv(65536):
            told += part
    except ConnectionResetError:
        pass
    return told, time.monotonic() - began_s


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


REQUEST = f"GET /api/v1/scenes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n".encode()


def drip(client: socket.socket) -> None:
    for byte in REQUEST * 10:
        client.sendall(bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize("sent", [b"", b"GET /", REQUEST])
def test_who_never_finishes_a_request_is_dropped(port: int, sent: bytes) -> None:
    with connect(port) as client:
        client.sendall(sent)
        told, took_s = until_closed(client)
    assert told == b""
    assert 0.2 < took_s < 2.0


def test_one_byte_now_and_then_does_not_buy_time(port: int) -> None:
    began_s = time.monotonic()
    with connect(port) as client, pytest.raises(OSError):  # noqa: PT011 - reset or broken pipe
        drip(client)
    assert time.monotonic() - began_s < 2.0


def test_nor_does_it_after_a_first_good_request(port: int) -> None:
    with connect(port) as client:
        client.sendall(REQUEST + b"\r\n")
        time.sleep(0.1)
        began_s = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011 - reset or broken pipe
            drip(client)
    assert time.monotonic() - began_s < 2.0


def test_a_kept_connection_serves_many_requests(port: int) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        for _ in range(5):
            assert client.get("/api/v1/scenes").status_code == 200
            time.sleep(0.1)


def test_a_body_is_refused_before_it_comes(port: int) -> None:
    with connect(port) as client:
        client.sendall(REQUEST + b"Content-Length: 1000000000\r\n\r\n")
        told, took_s = until_closed(client)
    assert told.startswith(b"HTTP/1.1 413 ")
    assert took_s < 2.0


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET  / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(port: int, sent: bytes) -> None:
    with connect(port) as client:
        client.sendall(sent)
        told, _ = until_closed(client)
    assert told == b"" or told.startswith(b"HTTP/1.1 4")
    assert b"Traceback" not in told


def test_a_path_is_decoded_once(port: int) -> None:
    headers = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n".encode()
    for path in (
        b"/api/v1/measurements/..%2f..%2fetc", b"/api/v1/..;/scenes", b"//api/v1/scenes",
        b"/api/v1/measurements/%252e%252e", b"/api/v1/scenes/", b"/API/v1/scenes",
        b"/api/v1/%73cenes%00",
    ):  # fmt: skip
        with connect(port) as client:
            client.sendall(b"GET " + path + b" HTTP/1.1\r\n" + headers)
            told, _ = until_closed(client)
        assert told.split(b" ")[1] in {b"404", b"422"}, path


def test_more_than_the_limit_at_once_are_told_to_wait(catalog: SqliteCatalog) -> None:
    with running(catalog, limit_concurrency=3) as port:
        waiting = [connect(port) for _ in range(3)]
        time.sleep(0.1)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 503
        for one in waiting:
            one.close()
        time.sleep(0.1)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
