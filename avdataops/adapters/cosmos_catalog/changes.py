"""One change of one measurement: read the head, decide, write, and again if another was faster.

The order of the writes makes a crash harmless at any point.  First come the documents that mean
nothing yet, for no head names their tag: claims of ids, edges, scenes, and whatever of the
catalog partition does not fit into one transactional batch.  The last batch ends with the head,
conditional on its etag; this is the moment at which everything becomes visible at once.  All
documents before it have ids that follow from their content, so a repetition writes the same
again.  What a dead writer left behind stays invisible, and is written over or never named.

A lost answer is found out by reading: every head tells whose ``turn`` wrote it.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from avdataops.adapters.cosmos_catalog.failures import (
    ItemChanged,
    ItemMissing,
    ItemTaken,
    Unanswered,
)
from avdataops.adapters.cosmos_catalog.heads import Head, head_document, head_of
from avdataops.adapters.cosmos_catalog.layout import CATALOG, EDGES, SCENES
from avdataops.adapters.cosmos_catalog.missing import MEASUREMENT, no_such
from avdataops.adapters.cosmos_catalog.requests import Requests
from avdataops.adapters.cosmos_catalog.values import check_id, is_known_shape, size_of
from avdataops.model.errors import Busy, InputError, shown

T = TypeVar("T")
Document = dict[str, Any]

MAX_OPERATIONS = 100
MAX_BATCH_BYTES = 1_900_000
"""The service allows 2 MB with all headers."""

_MAX_TURNS = 100
_MAX_UNANSWERED = 4
_LONGEST_WAIT_MS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[T]):
    """What is to be written, and what the caller gets for it."""

    head: Head
    result: T
    claims: tuple[Callable[[], None], ...] = ()
    """Calls that claim ids; each raises if somebody else holds one."""
    edges: tuple[Document, ...] = ()
    scenes: tuple[Document, ...] = ()
    documents: tuple[Document, ...] = ()
    """Of the catalog partition."""


@dataclass(frozen=True, slots=True)
class Read:
    """A head as it was read."""

    head: Head
    etag: str
    turn: str


def find_head(requests: Requests, measurement: str) -> Read | None:
    """Return the head of a measurement, or None."""
    if not is_known_shape(measurement):
        return None
    document = requests.read(CATALOG, measurement, measurement)
    if document is None:
        return None
    return Read(head_of(document), document["_etag"], document["turn"])


def get_head(requests: Requests, measurement: str) -> Read:
    """Return the head of a measurement; raises ``NotFound``."""
    found = find_head(requests, measurement)
    if found is None:
        raise no_such(requests, MEASUREMENT, measurement)
    return found


def change(requests: Requests, measurement: str, decide: Callable[[Head | None], Change[T]]) -> T:
    """Do what ``decide`` says about the head (None if there is none) and return its result.

    ``decide`` may be asked several times and must not write.  A change that leaves the head as it
    is writes nothing.  Raises ``Busy`` if others are faster again and again, and
    ``CatalogUnavailable`` if the service stays silent.
    """
    check_id(measurement)
    turn = secrets.token_hex(16)
    unanswered = 0
    tried: Change[T] | None = None
    for number in range(_MAX_TURNS):
        try:
            read = find_head(requests, measurement)
            if tried is not None and read is not None and read.turn == turn:
                return tried.result
            tried = decide(read.head if read else None)
            if read is None or tried.head != read.head:
                _write(requests, tried, read.etag if read else None, turn)
        except (ItemChanged, ItemTaken, ItemMissing):
            _wait(number)
        except Unanswered:
            unanswered += 1
            if unanswered == _MAX_UNANSWERED:
                raise
            _wait(number)
        else:
            return tried.result
    raise Busy(f"measurement {shown(measurement)} is being written by others", hint="try again")


def _wait(number: int) -> None:
    """Sleep a random time that grows with the number of tries."""
    longest_ms = min(_LONGEST_WAIT_MS, 4 << min(number, 10))
    time.sleep(secrets.randbelow(longest_ms + 1) / 1000)


def _write(requests: Requests, wanted: Change[T], etag: str | None, turn: str) -> None:
    for claim in wanted.claims:
        claim()
    for edge in wanted.edges:
        requests.upsert(EDGES, edge)
    measurement = wanted.head.id
    for batch in batches(wanted.scenes, spare=0):
        requests.batch(SCENES, measurement, [("upsert", (one,)) for one in batch])
    head = head_document(wanted.head, turn)
    if size_of(head) > MAX_BATCH_BYTES:
        raise InputError(f"measurement {shown(measurement)} has too many runs for its head")
    *first, last = batches(wanted.documents, spare=size_of(head)) or [()]
    for batch in first:
        requests.batch(CATALOG, measurement, [("upsert", (one,)) for one in batch])
    operations: list[tuple[Any, ...]] = [("upsert", (one,)) for one in last]
    if etag is None:
        operations.append(("create", (head,)))
    else:
        operations.append(("replace", (head["id"], head), {"if_match_etag": etag}))
    requests.batch(CATALOG, measurement, operations)


def batches(documents: Sequence[Document], *, spare: int) -> list[Sequence[Document]]:
    """Return the documents in groups that fit into a batch with one more of ``spare`` bytes.

    Every document fits alone; beside a large ``spare`` one the last group may be empty.
    """
    groups = list(_grouped(documents))
    if groups and sum(size_of(one) for one in groups[-1]) + spare > MAX_BATCH_BYTES:
        groups.append(())
    return groups


def _grouped(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    group: list[Document] = []
    taken = 0
    for document in documents:
        size = size_of(document)
        if group and (len(group) == MAX_OPERATIONS - 1 or taken + size > MAX_BATCH_BYTES):
            yield group
            group, taken = [], 0
        group.append(document)
        taken += size
    if group:
        yield group
