"""A Key Vault with one secret, and the receiver of alerts that this secret points to."""

import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ALERT_NAME = "alert-webhook"
_PATH = "/hook/only-the-vault-tells"


class Webhook:
    """A server on 127.0.0.1; a context manager."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        """Documents that were posted, in order."""
        self.refuse = 0
        """So many next alerts are answered with 503."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        """What the global parameter ``keyVaultUrl`` should be."""

    def __enter__(self) -> Self:
        serve = partial(self._server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def global_parameters(self) -> dict[str, str]:
        """Return the global parameters that lead alerts here."""
        return {"keyVaultUrl": self.url, "alertSecret": ALERT_NAME}

    def read_secret(self, path: str, authorization: str | None) -> tuple[int, dict[str, Any]]:
        """Answer a GET as the vault does."""
        if authorization != "Bearer token for https://vault.azure.net":
            return 401, {"error": {"code": "Unauthorized"}}
        if path != f"/secrets/{ALERT_NAME}?api-version=7.4":
            return 404, {"error": {"code": "SecretNotFound"}}
        return 200, {"value": f"{self.url}{_PATH}", "id": f"{self.url}/secrets/{ALERT_NAME}/1"}

    def receive(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer a POST as a receiver of alerts does."""
        if path != _PATH:
            return 404, {}
        if self.refuse > 0:
            self.refuse -= 1
            return 503, {}
        self.alerts.append(json.loads(body))
        return 200, {}


def _handler(webhook: Webhook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*webhook.read_secret(self.path, self.headers.get("Authorization")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*webhook.receive(self.path, body))

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Stay silent: a URL here would be a secret."""

    return Handler
