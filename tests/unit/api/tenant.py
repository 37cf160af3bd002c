"""A tenant that signs tokens with real keys and publishes them on this machine."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

TENANT = "11111111-2222-3333-4444-555555555555"
AUDIENCE = "99999999-8888-7777-6666-555555555555"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the private key of this name, the same within one run of the tests."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def published(kid: str, key: rsa.RSAPrivateKey, **more: Any) -> dict[str, Any]:
    """Return a key as its tenant publishes it."""
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": kid,
        "n": _number(numbers.n),
        "e": _number(numbers.e),
        **more,
    }


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_set(*entries: dict[str, Any]) -> bytes:
    """Return a key set as bytes."""
    return json.dumps({"keys": entries}).encode()


def claims(**changed: Any) -> dict[str, Any]:
    """Return what a good token claims; None takes a claim out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "tid": TENANT,
        "sub": "a-subject",
        "oid": "an-object",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "ver": "2.0",
        "roles": ["reader"],
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(key: str = "first", kid: str | None = "first", **changed: Any) -> str:
    """Return a token signed by a key of ours."""
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**changed), rsa_key(key), algorithm="RS256", headers=headers)


@dataclass(slots=True)
class Publisher:
    """What the tenant's address answers, and how often it was asked."""

    body: bytes = field(default_factory=lambda: key_set(published("first", rsa_key("first"))))
    status: int = 200
    location: str | None = None
    asked: int = 0
    url: str = ""


@contextmanager
def publishing() -> Iterator[Publisher]:
    """Serve keys on a free port."""
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked += 1
            self.send_response(publisher.status)
            if publisher.location:
                self.send_header("Location", publisher.location)
            self.send_header("Content-Length", str(len(publisher.body)))
            self.end_headers()
            self.wfile.write(publisher.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        publisher.url = f"http://127.0.0.1:{server.server_port}/keys"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield publisher
        server.shutdown()
        thread.join()
