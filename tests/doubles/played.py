"""A server on this machine that plays back answers of HTTP services."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of the server."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip_s: float = 0.0
    """Wait before each byte."""
    length: int | None = None
    """Told instead of the real one."""


@dataclass(slots=True)
class Played:
    """Answers to give in order, the last one for ever; and what was asked."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        """Note a request and return what to answer."""
        self.paths.append(path)
        self.headers.append(headers)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def playing() -> Iterator[Played]:
    """Give a running server."""
    played = Played()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = played.answer(self.path, dict(self.headers.items()))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            length = len(answer.body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            try:
                self._send(answer)
            except OSError:
                return

        def _send(self, answer: Answer) -> None:
            if not answer.drip_s:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                time.sleep(answer.drip_s)
                self.wfile.write(bytes([byte]))

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        played.url = f"http://127.0.0.1:{listening.server_port}/v1"
        try:
            yield played
        finally:
            listening.shutdown()
            thread.join()
