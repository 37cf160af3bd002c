"""What holds for every request before anything looks at it: limits, an id, one line in the log."""

import logging
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avdataops.api.problems import Problem, problem_response, title_of, word_of

MAX_ADDRESS_BYTES = 8192
REQUEST_ID = "X-Request-ID"
_READING, _NOT_ALLOWED = "GET", 405
_MAX_DIGITS = 10
MAX_BODY_BYTES = 64 << 10
_SENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Write:
    """Addresses at which something can be changed."""

    method: str
    paths: re.Pattern[str]


class Guard:
    """Passes on requests that are short, known by an id, and have a body only where one belongs."""

    def __init__(self, app: ASGIApp, *, writes: Sequence[Write] = ()) -> None:
        self._app = app
        self._writes = writes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_ns = time.perf_counter_ns()
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["request_id"] = _id_of(headers)
        status = 500

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answer = MutableHeaders(scope=message)
                answer[REQUEST_ID] = state["request_id"]
                for name, value in _ALWAYS.items():
                    # Pages have a policy of their own.
                    answer.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope, headers)
        try:
            if refused is None:
                await self._app(scope, receive, tell)
            else:
                refused.request_id = state["request_id"]
                # What the client still sends is not worth reading.
                more = {"Connection": "close"}
                if refused.status == _NOT_ALLOWED:
                    more["Allow"] = ", ".join([_READING, *self._methods(scope)])
                told = problem_response(refused, more)
                await told(scope, receive, tell)
        finally:
            _log(scope, status, time.perf_counter_ns() - began_ns)

    def _methods(self, scope: Scope) -> list[str]:
        path = scope["path"]
        return sorted({one.method for one in self._writes if one.paths.fullmatch(path)})

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS_BYTES:
            return _problem(414, f"an address has at most {MAX_ADDRESS_BYTES} bytes")
        if scope["method"] == _READING:
            if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
                return _problem(413, "a request that reads has no body here")
            return None
        allowed = self._methods(scope)
        if scope["method"] not in allowed:
            return _problem(_NOT_ALLOWED, f"this is for {' and '.join([_READING, *allowed])}")
        return _refused_body(headers)


def _id_of(headers: Headers) -> str:
    sent = headers.get(REQUEST_ID, "")
    return sent if _SENT_ID.fullmatch(sent) else secrets.token_hex(16)


def _refused_body(headers: Headers) -> Problem | None:
    # Without length and coding there is no body (RFC 9112 6.3).
    given = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not given.isascii() or not given.isdigit():
        return _problem(411, "say with Content-Length how long the body is")
    # Longer numbers are not made into integers.
    if len(given) > _MAX_DIGITS or int(given) > MAX_BODY_BYTES:
        return _problem(413, f"a body has at most {MAX_BODY_BYTES} bytes")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if int(given) and kind != "application/json":
        return _problem(415, "the body is application/json")
    return None


def _problem(status: int, detail: str) -> Problem:
    return Problem(title=title_of(status), status=status, detail=detail, code=word_of(status))


def _log(scope: Scope, status: int, took_ns: int) -> None:
    # Neither query nor headers: a token may stand there by mistake.
    facts = {
        "method": scope["method"][:16],
        "path": scope["path"][:200],
        "status": status,
        "took_ms": round(took_ns / 1e6, 1),
        "request_id": scope["state"]["request_id"],
        "subject": scope["state"].get("subject"),
    }
    _LOG.info("answered", extra={"facts": facts})
