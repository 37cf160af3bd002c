"""Transactional batches: one partition key, at most 100 operations and 2 MB, all or nothing."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.doubles.cosmos.charges import read_charge, write_charge
from tests.doubles.cosmos.containers import Container, Precondition, Stored
from tests.doubles.cosmos.patching import patched
from tests.doubles.cosmos.refusals import Refused

MAX_OPERATIONS = 100
MAX_BYTES = 2 * 1024 * 1024

Results = list[dict[str, Any]]


def run_batch(
    container: Container, key: str, operations: Sequence[Mapping[str, Any]]
) -> tuple[int, Results, float]:
    """Return (status, result of each operation, request units).

    If one operation is refused, nothing of the batch is kept, the others answer 424, and the
    status is 207.  Raises ``Refused`` (400, 413) for a batch that is too large.
    """
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise Refused(400, f"Batch request has {len(operations)} operations, not 1 to 100")
    if len(json.dumps(operations).encode()) > MAX_BYTES:
        raise Refused(413, "Request size is too large")
    before = dict(container.items)
    results: Results = []
    for place, operation in enumerate(operations):
        try:
            results.append(_run_one(container, key, operation))
        except Refused as refused:
            container.items.clear()
            container.items.update(before)
            failed: Results = [{"statusCode": 424, "requestCharge": 0.0} for _ in operations]
            failed[place] = {"statusCode": refused.status, "requestCharge": 1.0}
            return 207, failed, 1.0 * (place + 1)
    return 200, results, sum(result["requestCharge"] for result in results)


def _run_one(container: Container, key: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    kind = operation.get("operationType")
    precondition = Precondition(operation.get("ifMatch"), operation.get("ifNoneMatch"))
    body, item_id = operation.get("resourceBody", {}), operation.get("id", "")
    if kind == "Create":
        return _done(201, container.create(key, body))
    if kind == "Upsert":
        there = container.find(key, body.get("id", "")) is not None
        return _done(200 if there else 201, container.upsert(key, body, precondition))
    if kind == "Replace":
        return _done(200, container.replace(key, item_id, body, precondition))
    if kind == "Patch":
        changed = patched(container.read(key, item_id).body, body)
        return _done(200, container.replace(key, item_id, changed, precondition))
    if kind == "Read":
        stored = container.read(key, item_id)
        return {**_done(200, stored), "requestCharge": read_charge(stored.bytes)}
    if kind == "Delete":
        container.delete(key, item_id, precondition)
        return {"statusCode": 204, "requestCharge": 5.0}
    raise Refused(400, f"the double does not know the operation {kind!r}")


def _done(status: int, stored: Stored) -> dict[str, Any]:
    return {
        "statusCode": status,
        "eTag": stored.etag,
        "requestCharge": write_charge(stored.bytes),
        "resourceBody": stored.shown(),
    }
