"""An HTTP proxy that does to requests and answers what networks and busy services do.

It stands in front of one server on this machine.  A plan says, for every request as it comes,
which fault happens to it; what was asked is noted.  Signatures stay valid, since the service signs
path and headers and not the port that was dialled.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

_FORWARD_S = 60.0
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Kind(StrEnum):
    """What goes wrong."""

    ANSWER = "answer"
    """The proxy answers ``status`` itself; the server hears nothing."""
    RESET_BEFORE = "reset before"
    """The connection breaks; the server hears nothing."""
    RESET_AFTER = "reset after"
    """The server does what was asked, and the connection breaks before its answer."""
    SLOW = "slow"
    """The answer's body comes in pieces with pauses that add up to ``seconds``."""
    TRUNCATED = "truncated"
    """The connection ends in the middle of the answer's body."""
    WRONG_ANSWER = "wrong answer"
    """One bit of the answer's body is turned over."""
    WRONG_REQUEST = "wrong request"
    """One bit of the request's body is turned over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    kind: Kind
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.2


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, numbered from 0 since the plan was set."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    bytes: int


Plan = Callable[[Seen], Fault | None]


def nothing(_: Seen) -> None:
    """Let everything pass."""


def at_request(number: int, fault: Fault) -> Plan:
    """Let ``fault`` happen to one request."""
    return lambda seen: fault if seen.number == number else None


def from_request(number: int, fault: Fault) -> Plan:
    """Let ``fault`` happen to one request and all after it."""
    return lambda seen: fault if seen.number >= number else None


@dataclass(slots=True)
class FaultProxy:
    """A running proxy."""

    port: int = 0
    plan: Plan = nothing
    seen: list[Seen] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def follow(self, plan: Plan) -> None:
        """Forget what was seen and do as ``plan`` says from now on."""
        with self._lock:
            self.plan, self.seen = plan, []

    def meet(self, handler: BaseHTTPRequestHandler, size: int) -> Fault | None:
        """Note one request and return what is to happen to it."""
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, True).items()}
        with self._lock:
            seen = Seen(len(self.seen), str(handler.command), parts.path, query, size)
            self.seen.append(seen)
            return self.plan(seen)


@contextmanager
def in_front_of(port: int) -> Iterator[FaultProxy]:
    """Run a proxy on a free port in front of ``127.0.0.1:port``."""
    proxy = FaultProxy()
    handler = type("Handler", (_Handler,), {"proxy": proxy, "target": port})
    server = _Server(("127.0.0.1", 0), handler)
    proxy.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are the purpose of this server."""


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultProxy
    target: int
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name it overrides
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.meet(self, len(body))
        kind = fault.kind if fault else None
        if fault and kind is Kind.ANSWER:
            self._answer_itself(fault)
        elif kind is Kind.RESET_BEFORE:
            self._reset()
        else:
            sent = _flipped(body) if kind is Kind.WRONG_REQUEST else body
            answer, data = self._forward(sent)
            if kind is Kind.RESET_AFTER:
                self._reset()
            else:
                self._pass_on(answer, data, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815  the names that are called

    def _forward(self, body: bytes) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.target, timeout=_FORWARD_S)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in _HOP_BY_HOP | {"expect"}:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def _pass_on(self, answer: HTTPResponse, data: bytes, fault: Fault | None) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        kind = fault.kind if fault else None
        if kind is Kind.TRUNCATED:
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self._reset()
        elif fault and kind is Kind.SLOW:
            self._trickle(data, fault.seconds)
        else:
            self.wfile.write(_flipped(data) if kind is Kind.WRONG_ANSWER else data)

    def _trickle(self, data: bytes, seconds: float) -> None:
        pieces, pause = 4, threading.Event()
        size = max(1, -(-len(data) // pieces))
        for start in range(0, len(data), size):
            self.wfile.write(data[start : start + size])
            self.wfile.flush()
            pause.wait(seconds / pieces)

    def _answer_itself(self, fault: Fault) -> None:
        code = {429: "TooManyRequests", 503: "ServerBusy", 403: "AuthorizationPermissionMismatch"}
        name = code.get(fault.status, "InternalError")
        text = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>busy</Message></Error>"
        body = b"" if self.command == "HEAD" else text.encode()
        self.send_response_only(fault.status)
        self.send_header("x-ms-error-code", name)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        if fault.retry_after is not None:
            self.send_header("Retry-After", fault.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """Break the connection so that the other side sees a reset and no orderly end."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        cast("socket.socket", self.connection).setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger
        )
        self.connection.close()


def _flipped(data: bytes) -> bytes:
    """Return ``data`` with one bit in its middle turned over."""
    if not data:
        return data
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
