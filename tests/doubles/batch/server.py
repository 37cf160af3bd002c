"""A Batch account on this machine, for tests: our reading of the service, not the service.

It checks signatures and bodies, keeps the states of pools, jobs and tasks, and really runs the
command lines of tasks.  What it does not know it refuses.  It does not evaluate autoscale
formulas, has no job preparation or multi-instance tasks, and mounts nothing.
"""

import json
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlencode

from tests.doubles.batch.faults import Fault, Faults
from tests.doubles.batch.nodes import Machines, Runner, run_on_node
from tests.doubles.batch.scheduler import Scheduler
from tests.doubles.batch.service import Answer, Call, Service
from tests.doubles.batch.state import Job, Node, Pool, Task
from tests.doubles.batch.wire import Document, Refusal, check_signature

ACCOUNT = "emulator"
KEY = "QmF0Y2ggZG91YmxlIG9uIHRoaXMgbWFjaGluZSBvbmx5"
_LINGER_NOT = struct.pack("ii", 1, 0)


class BatchDouble:
    """The account; use as a context manager, or stop it.  Its children end with it."""

    def __init__(
        self,
        *,
        runner: Runner = run_on_node,
        environment: Mapping[str, str] | None = None,
        identities: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="batch-double-"))
        machines = Machines(
            root=self._folder,
            runner=runner,
            environment=environment or {},
            identities=identities or {},
        )
        self.scheduler = Scheduler(machines)
        self.service = Service(self.scheduler)
        self.faults = Faults()
        double = self

        class Handler(_Handler):
            account = double

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and every process it started."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.scheduler.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add_pool(self, name: str = "execution", *, nodes: int = 1, slots: int = 8) -> Pool:
        """Make a pool with nodes that are ready."""
        with self.scheduler.lock:
            pool = Pool({"id": name, "vmSize": "standard_d2_v3", "taskSlotsPerNode": slots})
            self.scheduler.pools[name] = pool
            for _ in range(nodes):
                self.add_node(name)
            return pool

    def add_node(self, pool: str = "execution", *, dedicated: bool = False) -> str:
        """Add a node and return its id."""
        with self.scheduler.lock:
            found = self.scheduler.pools[pool]
            name = f"tvm-{pool}-{len(found.nodes) + 1}-{len(self.scheduler.attempts)}"
            slots = int(found.body.get("taskSlotsPerNode", 1))
            found.nodes[name] = Node(name, slots, dedicated=dedicated)
            self.scheduler.schedule()
            return name

    def preempt(self, node: str) -> None:
        """Take a Spot node away: its tasks wait again, under the same ids."""
        with self.scheduler.lock:
            self.scheduler.requeue(node)
            for pool in self.scheduler.pools.values():
                pool.nodes.pop(node, None)
            self.scheduler.schedule()

    def lose(self, node: str) -> None:
        """Let a node die unnoticed: its processes are gone, Batch goes on showing them."""
        with self.scheduler.lock:
            for job in self.scheduler.jobs.values():
                for task in job.tasks.values():
                    if task.state == "running" and (task.node or {}).get("nodeId") == node:
                        self.scheduler.free(job, task)

    def starve(self, pool: str, code: str, message: str) -> None:
        """Take all nodes of a pool away and let it fail to get new ones."""
        with self.scheduler.lock:
            found = self.scheduler.pools[pool]
            for node in list(found.nodes):
                self.preempt(node)
            found.resize_errors = [{"code": code, "message": message}]

    def drop_pool(self, pool: str) -> None:
        """Delete a pool."""
        self.service.answer(Call(method="DELETE", path=f"/pools/{pool}", query={}, body={}))

    def job(self, name: str) -> Job:
        """Return a job as it is now."""
        return self.scheduler.jobs[name]

    def task(self, job: str, name: str) -> Task:
        """Return a task as it is now."""
        return self.scheduler.jobs[job].tasks[name]

    def handle(self, call: Call) -> Answer:
        """Carry out a request."""
        return self.service.answer(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    account: BatchDouble

    def log_message(self, *_: object) -> None:
        """Keep the terminal quiet."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        data = self.rfile.read(length)
        path, _, query = self.path.partition("?")
        fault = self.account.faults.take(f"{self.command} {unquote(path)}")
        try:
            if fault is not None and not fault.commit:
                self._spoil(fault)
                return
            answer = self._carry_out(path, query, data)
        except Refusal as refusal:
            body = json.dumps(refusal.body()).encode()
            self._send(refusal.status, body, refusal.retry_after_s)
            return
        if fault is not None:
            self._cut()
            return
        data = answer.data or (json.dumps(answer.body).encode() if answer.body else b"")
        self._send(answer.status, data)

    def _carry_out(self, path: str, query: str, data: bytes) -> Answer:
        headers = {name.lower(): value for name, value in self.headers.items()}
        check_signature(self.command, (path, query), headers, (ACCOUNT, KEY))
        given = {name: values[0] for name, values in parse_qs(query).items()}
        if given.get("api-version") is None:
            raise Refusal(400, "MissingRequiredQueryParameter", "api-version")
        call = Call(method=self.command, path=unquote(path), query=given, body=_parsed(data))
        answer = self.account.handle(call)
        if answer.body and "odata.nextLink" in answer.body:
            rest = given | {"$skiptoken": answer.body["odata.nextLink"]}
            link = f"{self.account.endpoint}{path}?{urlencode(rest)}"
            answer.body["odata.nextLink"] = link
        return answer

    def _spoil(self, fault: Fault) -> None:
        if not fault.status:
            self._cut()
            return
        told = "This request was chosen to fail."
        raise Refusal(fault.status, fault.code, told, retry_after_s=fault.retry_after_s)

    def _cut(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, body: bytes, retry_after_s: float | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; odata=minimalmetadata")
        self.send_header("Content-Length", str(len(body)))
        if retry_after_s is not None:
            self.send_header("Retry-After", str(retry_after_s))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _parsed(data: bytes) -> Document:
    try:
        found = json.loads(data or b"{}")
    except ValueError as error:
        raise Refusal(400, "InvalidRequestBody", f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Refusal(400, "InvalidRequestBody", "not an object")
    return found
