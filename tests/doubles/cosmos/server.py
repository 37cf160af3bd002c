"""A wire-level double of Azure Cosmos DB for NoSQL, for tests.

It is *our reading* of the service, put together from its documentation and from what its Python
client sends and expects; it has never been compared with the service request by request.  It
checks the signature of each request, keeps partition keys, etags, atomic batches, time to live
and the change feed, enforces the limits of items and batches, charges request units, splits
every container over several physical partitions so that the client must merge sorted queries,
and runs the SQL subset that the catalog uses.  What it does not know it refuses with 400.

Known not to be modelled: other consistency levels than strong, throughput, hierarchical keys,
unique keys, stored procedures, aggregates, index transformation, partition splits.
"""

import email.utils
import json
import socket
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.doubles.cosmos.faults import Fault, Faults, Kind
from tests.doubles.cosmos.refusals import Refused
from tests.doubles.cosmos.service import Reply, Request, Service, operation_of
from tests.doubles.cosmos.signature import check_signature

KEY = "ZG91YmxlLW9mLWNvc21vcy1mb3ItdGVzdHMtb25seQ=="
"""Key of the double: base64, as the service's are, and no secret."""


class CosmosDouble:
    """A running double; use as a context manager."""

    def __init__(self, *, consistency: str = "Strong") -> None:
        self.service = Service(consistency=consistency)
        self.faults = Faults()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        """Address of the account."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, double: CosmosDouble) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.double = double


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # header and body leave in one piece: two pieces cost 40 ms
    server: _Server

    def _serve(self) -> None:
        request = self._request()
        double = self.server.double
        operation = operation_of(request)
        fault = double.faults.strike(operation) if operation else None
        if fault and fault.kind is Kind.CUT_BEFORE:
            self._cut()
            return
        try:
            check_signature(KEY, request.method, request.path, request.headers)
            if fault and fault.kind is not Kind.CUT_AFTER:
                raise _struck(fault)
            reply = double.service.serve(request, double.endpoint)
        except Refused as refused:
            headers = {"x-ms-substatus": str(refused.sub_status), **refused.headers}
            reply = Reply(refused.status, refused.body, headers)
        if fault and fault.kind is Kind.CUT_AFTER:
            self._cut()
            return
        self._send(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of the base class

    def _request(self) -> Request:
        length = int(self.headers.get("content-length") or 0)
        return Request(
            method=self.command,
            path=urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).rstrip("/"),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )

    def _send(self, reply: Reply) -> None:
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time of the service, which a test may have moved, as HTTP writes it."""
        now = self.server.double.service.now() if timestamp is None else timestamp
        return email.utils.formatdate(now, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Stay silent; tests read what clients raise."""


def _struck(fault: Fault) -> Refused:
    if fault.kind is Kind.THROTTLE:
        wait = {"x-ms-retry-after-ms": str(fault.retry_after_ms)}
        return Refused(429, "Request rate is large.", 3200, wait)
    if fault.kind is Kind.FORBIDDEN:
        return Refused(403, "Request blocked by Auth.")
    return Refused(503, "The service is temporarily unavailable.")
