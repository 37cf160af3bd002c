"""The account: databases, containers, and what each request does to them."""

import itertools
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.cosmos.batches import run_batch
from tests.doubles.cosmos.charges import read_charge, write_charge
from tests.doubles.cosmos.containers import Container, Precondition, Stored
from tests.doubles.cosmos.patching import patched
from tests.doubles.cosmos.queries import answer, asked_of, plan
from tests.doubles.cosmos.refusals import Refused

RANGES = 3
"""Physical partitions of every container: enough that clients must merge."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; raises ``Refused`` (400)."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refused(400, f"the body is not JSON: {error}") from error

    def says(self, header: str) -> bool:
        """Say whether a header is there and true."""
        return self.headers.get(header, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; a ``body`` of None is empty."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def operation_of(request: Request) -> str | None:
    """Return the name of what a request does to documents, or None if it does nothing to them."""
    if "/docs" not in request.path or request.says("x-ms-cosmos-is-query-plan-request"):
        return None
    if request.method == "POST":
        return _post_of(request)
    if request.method == "GET" and request.path.endswith("/docs"):
        return "feed"
    names = {"GET": "read", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}
    return names.get(request.method)


def _post_of(request: Request) -> str:
    if request.says("x-ms-cosmos-is-batch-request"):
        return "batch"
    if request.says("x-ms-documentdb-isquery"):
        return "query"
    return "upsert" if request.says("x-ms-documentdb-is-upsert") else "create"


class Service:
    """All databases of one account.  Each request is served alone."""

    def __init__(self, *, consistency: str = "Strong") -> None:
        self._turn = threading.RLock()
        self._databases: dict[str, dict[str, Container]] = {}
        self.consistency = consistency
        self.clock_offset_s = 0.0
        """Added to the clock: how tests let time pass."""

    def now(self) -> float:
        """Return the time of the service in seconds."""
        return time.time() + self.clock_offset_s

    def container(self, database: str, container: str) -> Container:
        """Return a container; raises ``Refused`` (404)."""
        try:
            return self._databases[database][container]
        except KeyError as error:
            raise Refused(404, "Owner resource does not exist", sub_status=1003) from error

    def scans(self, database: str) -> list[str]:
        """Return the statements that looked at paths without an index, each with its path."""
        return [scan for one in self._databases[database].values() for scan in one.scans]

    def serve(self, request: Request, address: str) -> Reply:
        """Return the answer; raises ``Refused``."""
        parts = [part for part in request.path.split("/") if part]
        with self._turn:
            match parts:
                case []:
                    return Reply(200, self._account(address))
                case ["dbs"]:
                    return self._create_database(request)
                case ["dbs", database]:
                    return self._database(request, database)
                case ["dbs", database, "colls"]:
                    return self._create_container(request, database)
                case ["dbs", database, "colls", name, *rest]:
                    return _on_container(request, self.container(database, name), rest)
        raise Refused(404, f"the double does not know {request.path}")

    def _account(self, address: str) -> dict[str, Any]:
        here = [{"name": "here", "databaseAccountEndpoint": address}]
        return {
            "id": "double",
            "_rid": "double",
            "_self": "",
            "media": "//media/",
            "addresses": "//addresses/",
            "_dbs": "//dbs/",
            "writableLocations": here,
            "readableLocations": here,
            "enableMultipleWriteLocations": False,
            "userConsistencyPolicy": {"defaultConsistencyLevel": self.consistency},
        }

    def _create_database(self, request: Request) -> Reply:
        name = request.json()["id"]
        if request.method != "POST":
            raise Refused(405, "the double only creates databases")
        if name in self._databases:
            raise Refused(409, "the database exists")
        self._databases[name] = {}
        return Reply(201, {"id": name, "_rid": name, "_self": f"dbs/{name}/"})

    def _database(self, request: Request, name: str) -> Reply:
        if name not in self._databases:
            raise Refused(404, "Owner resource does not exist", sub_status=1003)
        if request.method == "DELETE":
            del self._databases[name]
            return Reply(204)
        return Reply(200, {"id": name, "_rid": name, "_self": f"dbs/{name}/"})

    def _create_container(self, request: Request, database: str) -> Reply:
        if database not in self._databases:
            raise Refused(404, "Owner resource does not exist", sub_status=1003)
        definition = request.json()
        name = definition["id"]
        if name in self._databases[database]:
            raise Refused(409, "the container exists")
        if definition["partitionKey"].get("kind") != "Hash":
            raise Refused(400, "the double only knows partition keys of kind Hash")
        rid = f"{database}.{name}"
        definition |= {"_rid": rid, "_self": f"dbs/{database}/colls/{name}/"}
        self._databases[database][name] = Container(definition, self.now, RANGES)
        return Reply(201, definition)


def _on_container(request: Request, container: Container, rest: list[str]) -> Reply:
    match rest:
        case []:
            return Reply(200, container.definition)
        case ["pkranges"]:
            return _ranges(request, container)
        case ["docs"]:
            return _on_list(request, container)
        case ["docs", item]:
            return _on_item(request, container, item)
    raise Refused(404, f"the double does not know {request.path}")


def _ranges(request: Request, container: Container) -> Reply:
    etag = '"ranges-1"'
    # The client asks until it is told that nothing is new.
    if request.headers.get("if-none-match") == etag:
        return Reply(304, headers={"etag": etag})
    edges = ["", *(f"{0xFF * n // RANGES:02X}" for n in range(1, RANGES)), "FF"]
    ranges = [
        {"id": str(n), "minInclusive": low, "maxExclusive": high, "_rid": f"range{n}"}
        for n, (low, high) in enumerate(itertools.pairwise(edges))
    ]
    body = {"_rid": container.definition["_rid"], "PartitionKeyRanges": ranges}
    return Reply(200, body, {"etag": etag})


def _key(request: Request) -> str:
    text = request.headers.get("x-ms-documentdb-partitionkey")
    if text is None:
        raise Refused(400, "PartitionKey value must be supplied for this operation.")
    found = json.loads(text)
    if len(found) != 1 or not isinstance(found[0], str):
        raise Refused(400, "the double wants one partition key that is text")
    return json.dumps(found)


def _precondition(request: Request) -> Precondition:
    return Precondition(request.headers.get("if-match"), request.headers.get("if-none-match"))


def _on_list(request: Request, container: Container) -> Reply:
    if request.says("x-ms-cosmos-is-query-plan-request"):
        return Reply(200, plan(request.json()["query"]))
    operation = operation_of(request)
    if operation == "feed":
        return _changes(request, container)
    if operation == "query":
        return _query(request, container)
    if operation == "batch":
        status, results, charge = run_batch(container, _key(request), request.json())
        return Reply(status, results, _charged(charge))
    if operation == "upsert":
        there = container.find(_key(request), request.json().get("id", "")) is not None
        stored = container.upsert(_key(request), request.json(), _precondition(request))
        return _written(200 if there else 201, stored)
    if operation == "create":
        return _written(201, container.create(_key(request), request.json()))
    raise Refused(405, f"the double does not know {request.method} of documents")


def _query(request: Request, container: Container) -> Reply:
    page = answer(container, asked_of(request.json(), request.headers))
    headers = _charged(page.charge)
    if page.continuation:
        headers["x-ms-continuation"] = page.continuation
    if page.unindexed:
        headers["x-ms-double-unindexed"] = ", ".join(page.unindexed)
    body = {"_rid": "r", "Documents": page.rows, "_count": len(page.rows)}
    return Reply(200, body, headers)


def _changes(request: Request, container: Container) -> Reply:
    """Return what changed after the sequence number in If-None-Match, latest versions only."""
    if "a-im" not in request.headers:
        raise Refused(400, "the double lists documents by query or change feed only")
    if "x-ms-start-epk" in request.headers:
        raise Refused(400, "the double does not know ranges of hashed keys")
    since = int(request.headers.get("if-none-match", "0").strip('"') or 0)
    partition = request.headers.get("x-ms-documentdb-partitionkeyrangeid")
    alive = [stored for _, stored in container.alive(None, partition)]
    fresh = sorted((one for one in alive if one.lsn > since), key=lambda one: one.lsn)
    page = fresh[: int(request.headers.get("x-ms-max-item-count") or 100)]
    etag = f'"{page[-1].lsn if page else since}"'
    if not page:
        return Reply(304, headers={"etag": etag, **_charged(1.0)})
    body = {"_rid": "r", "Documents": [one.shown() for one in page], "_count": len(page)}
    return Reply(200, body, {"etag": etag, **_charged(1.0)})


def _on_item(request: Request, container: Container, item: str) -> Reply:
    key, precondition = _key(request), _precondition(request)
    if request.method == "GET":
        stored = container.read(key, item)
        if precondition.if_none_match == stored.etag:
            return Reply(304, headers={"etag": stored.etag, **_charged(1.0)})
        headers = {"etag": stored.etag, **_charged(read_charge(stored.bytes))}
        return Reply(200, stored.shown(), headers)
    if request.method == "PUT":
        return _written(200, container.replace(key, item, request.json(), precondition))
    if request.method == "PATCH":
        changed = patched(container.read(key, item).body, request.json())
        return _written(200, container.replace(key, item, changed, precondition))
    if request.method == "DELETE":
        container.delete(key, item, precondition)
        return Reply(204, headers=_charged(5.0))
    raise Refused(405, f"the double does not know {request.method} of a document")


def _written(status: int, stored: Stored) -> Reply:
    headers = {"etag": stored.etag, **_charged(write_charge(stored.bytes))}
    return Reply(status, stored.shown(), headers)


def _charged(charge: float) -> dict[str, str]:
    return {"x-ms-request-charge": str(charge)}
