"""Azurite, the storage emulator, started for a test session and wiped after it.

``azurite`` is a session fixture; ``python -m tests.doubles.azurite`` starts one for other programs
and prints its connection strings as one JSON line.  Every zone has an account of its own, with a
key made for the occasion.  Azurite has no hierarchical namespace: what differs on a real account
(folders in listings, another order) is tested without it.
"""

import base64
import json
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from avdataops.model.location import Zone
from tests.doubles.node import Missing, find_node, node_modules

PACKAGE = Path(__file__).parents[1] / "azurite"
_READY = re.compile(r"successfully listens on https?://127\.0\.0\.1:(\d+)")
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Azurite:
    """A running emulator."""

    port: int
    keys: Mapping[Zone, str]
    process: int

    def endpoint(self, zone: Zone, port: int | None = None) -> str:
        """Return the blob endpoint of a zone's account, as seen through ``port``."""
        return f"http://127.0.0.1:{port or self.port}/{zone.value}"

    def connection_strings(self, port: int | None = None) -> dict[Zone, str]:
        """Return what ``open_blob_storage`` takes; ``port`` is that of a proxy in front."""
        return {
            zone: f"DefaultEndpointsProtocol=http;AccountName={zone.value};AccountKey={key};"
            f"BlobEndpoint={self.endpoint(zone, port)};"
            for zone, key in self.keys.items()
        }

    def wipe(self) -> None:
        """Remove every container of every account."""
        from azure.storage.blob import BlobServiceClient

        for text in self.connection_strings().values():
            with BlobServiceClient.from_connection_string(text) as service:
                for container in list(service.list_containers()):
                    service.delete_container(container.name)


@contextmanager
def running(*options: str) -> Iterator[Azurite]:
    """Run Azurite on a free port in a temporary folder; raises ``Missing`` where it cannot run."""
    node = find_node()
    program = node_modules(PACKAGE, node) / "azurite/dist/src/blob/main.js"
    keys = {zone: base64.b64encode(secrets.token_bytes(64)).decode() for zone in Zone}
    accounts = ";".join(f"{zone.value}:{key}" for zone, key in keys.items())
    given = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--skipApiVersionCheck"]
    with tempfile.TemporaryDirectory(prefix="azurite-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [node.program, str(program), *given, "--disableTelemetry", "-l", folder, *options],
            env={**os.environ, "AZURITE_ACCOUNTS": accounts},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield Azurite(_port(process), keys, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(process: "subprocess.Popen[str]") -> int:
    """Return the port that Azurite says it listens on; what it prints is read to its end."""
    said: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        if process.stdout is not None:
            with process.stdout as lines:
                for line in lines:
                    said.put(line)
        said.put("")

    threading.Thread(target=read, daemon=True).start()
    heard: list[str] = []
    while not (found := _READY.search("".join(heard))):
        try:
            line = said.get(timeout=_START_S)
        except queue.Empty:
            raise Missing(f"Azurite said nothing for {_START_S:.0f} s") from None
        if not line:
            raise Missing(f"Azurite ended at once: {''.join(heard)[-300:]}")
        heard.append(line)
    return int(found[1])


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One emulator for the session; without Node tests are skipped, but never in CI."""
    context = running()
    try:
        started = context.__enter__()
    except Missing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"Azurite is wanted in CI: {missing}")
        pytest.skip(f"Azurite cannot run here: {missing}")
    try:
        yield started
    finally:
        context.__exit__(None, None, None)


def _main() -> int:
    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    with running() as started:
        zones = {zone.value: text for zone, text in started.connection_strings().items()}
        sys.stdout.write(json.dumps({"port": started.port, "storage": zones}) + "\n")
        sys.stdout.flush()
        signal.pause()
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())
