"""The proxy does what it is told, counted on both of its sides."""

import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.doubles.fault_proxy import (
    Fault,
    FaultProxy,
    Kind,
    Seen,
    at_request,
    from_request,
    in_front_of,
    nothing,
)

ANSWER = b"0123456789" * 100


class Server(ThreadingHTTPServer):
    """Answers everything and notes the bodies that came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[bytes] = []
        self.hosts: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        self.server.hosts.append(self.headers["Host"])
        self.send_response(201)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.send_header("x-kept", "yes")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(ANSWER)

    do_GET = do_HEAD = do_PUT  # noqa: N815  the names that are called

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name it overrides
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as started:
        thread = threading.Thread(target=started.serve_forever, args=(0.01,))
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultProxy]:
    with in_front_of(int(server.server_address[1])) as started:
        yield started


def ask(
    proxy: FaultProxy, method: str = "PUT", body: bytes = b"abc", path: str = "/a%20b?comp=block"
) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    try:
        connection.request(method, path, body or None, {"Host": "dialled:1"})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_without_a_plan_everything_passes(server: Server, proxy: FaultProxy) -> None:
    answer, body = ask(proxy)
    assert (answer.status, body, answer.getheader("x-kept")) == (201, ANSWER, "yes")
    assert (server.bodies, server.hosts) == ([b"abc"], ["dialled:1"])
    assert proxy.seen == [Seen(0, "PUT", "/a%20b", {"comp": "block"}, 3)]


def test_a_head_keeps_its_length(proxy: FaultProxy) -> None:
    answer, body = ask(proxy, "HEAD", b"")
    assert (answer.getheader("Content-Length"), body) == (str(len(ANSWER)), b"")


def test_an_answer_of_its_own_does_not_reach_the_server(server: Server, proxy: FaultProxy) -> None:
    proxy.follow(at_request(0, Fault(kind=Kind.ANSWER, status=429, retry_after="5")))
    answer, body = ask(proxy)
    assert (answer.status, answer.getheader("Retry-After")) == (429, "5")
    assert b"<Code>TooManyRequests</Code>" in body
    assert server.bodies == []
    assert ask(proxy)[0].status == 201


@pytest.mark.parametrize(("kind", "heard"), [(Kind.RESET_BEFORE, 0), (Kind.RESET_AFTER, 1)])
def test_a_reset_is_before_or_after_the_deed(
    server: Server, proxy: FaultProxy, kind: Kind, heard: int
) -> None:
    proxy.follow(from_request(0, Fault(kind=kind)))
    with pytest.raises((ConnectionResetError, HTTPException)):
        ask(proxy)
    assert len(server.bodies) == heard


def test_a_truncated_answer_ends_in_the_middle(server: Server, proxy: FaultProxy) -> None:
    proxy.follow(from_request(0, Fault(kind=Kind.TRUNCATED)))
    with pytest.raises((IncompleteRead, ConnectionResetError)):
        ask(proxy)
    assert len(server.bodies) == 1


def test_a_slow_answer_takes_its_time(proxy: FaultProxy) -> None:
    proxy.follow(from_request(0, Fault(kind=Kind.SLOW, seconds=0.3)))
    began = time.monotonic()
    assert ask(proxy)[1] == ANSWER
    assert time.monotonic() - began >= 0.2


def test_wrong_bytes_differ_in_one_bit(server: Server, proxy: FaultProxy) -> None:
    proxy.follow(from_request(0, Fault(kind=Kind.WRONG_ANSWER)))
    _, body = ask(proxy)
    assert sum((one ^ other).bit_count() for one, other in zip(body, ANSWER, strict=True)) == 1
    proxy.follow(from_request(0, Fault(kind=Kind.WRONG_REQUEST)))
    ask(proxy)
    assert server.bodies == [b"abc", b"acc"]
    ask(proxy, body=b"")
    assert server.bodies[-1] == b""


def test_requests_are_counted_from_each_new_plan(proxy: FaultProxy) -> None:
    ask(proxy)
    proxy.follow(at_request(1, Fault(kind=Kind.ANSWER, status=500)))
    assert [ask(proxy)[0].status for _ in range(3)] == [201, 500, 201]
    assert [seen.number for seen in proxy.seen] == [0, 1, 2]
    proxy.follow(nothing)
    assert proxy.seen == []


def test_a_plan_may_look_at_the_request(proxy: FaultProxy) -> None:
    busy = Fault(kind=Kind.ANSWER, status=503)
    proxy.follow(lambda seen: busy if seen.query.get("comp") == "blocklist" else None)
    assert ask(proxy)[0].status == 201
    assert ask(proxy, path="/x?comp=blocklist")[0].status == 503
