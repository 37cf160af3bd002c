"""Containers and their items: partition keys, etags, time to live, size limits, change feed."""

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.cosmos.refusals import Refused

MAX_ITEM_BYTES = 2 * 1024 * 1024
MAX_ID_BYTES = 1023
MAX_KEY_BYTES = 2048

_BAD_ID = re.compile(r"[/\\?#]")

Key = tuple[str, str]
"""(partition key as JSON, id)."""


@dataclass(slots=True)
class Stored:
    """One item as it is kept."""

    body: dict[str, Any]
    etag: str
    ts: int
    lsn: int
    bytes: int

    def shown(self) -> dict[str, Any]:
        """Return the item with its system properties."""
        return {**self.body, "_etag": self.etag, "_ts": self.ts, "_lsn": self.lsn, "_rid": "r"}


@dataclass(frozen=True, slots=True)
class Precondition:
    """If-Match and If-None-Match of a request."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, stored: Stored | None) -> None:
        """Raise ``Refused`` (412) if the item is not as the writer thought."""
        etag = stored.etag if stored else None
        if self.if_match not in {None, "*", etag}:
            raise Refused(412, "One of the specified pre-condition is not met.")
        if self.if_none_match == "*" and stored:
            raise Refused(412, "One of the specified pre-condition is not met.")


@dataclass(slots=True)
class Container:
    """One container: its definition and its items.  The caller holds the service's lock."""

    definition: dict[str, Any]
    now: Callable[[], float]
    ranges: int
    items: dict[Key, Stored] = field(default_factory=dict)
    scans: list[str] = field(default_factory=list)
    """Statements that looked at paths without an index: path and text."""
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def policy(self) -> dict[str, Any]:
        """Return the indexing policy; without one everything is indexed."""
        default = {"includedPaths": [{"path": "/*"}]}
        policy: dict[str, Any] = self.definition.get("indexingPolicy", default)
        return policy

    def key_of(self, body: Mapping[str, Any]) -> str:
        """Return the partition key that ``body`` carries, as JSON."""
        value: Any = body
        for part in self.definition["partitionKey"]["paths"][0].strip("/").split("/"):
            value = value.get(part) if isinstance(value, Mapping) else None
        if not isinstance(value, str):
            raise Refused(400, "the double wants partition keys that are text")
        return json.dumps([value])

    def range_of(self, key: str) -> str:
        """Return the id of the physical partition that holds a partition key."""
        digest = hashlib.sha256(json.loads(key)[0].encode("utf-8", "surrogatepass")).digest()
        return str(digest[0] % self.ranges)

    def find(self, key: str, item_id: str) -> Stored | None:
        """Return an item that is there and has not expired."""
        stored = self.items.get((key, item_id))
        return None if stored is None or self._expired(stored) else stored

    def read(self, key: str, item_id: str) -> Stored:
        """Return an item; raises ``Refused`` (404)."""
        stored = self.find(key, item_id)
        if stored is None:
            raise Refused(404, "Entity with the specified id does not exist in the system.")
        return stored

    def alive(self, key: str | None, partition: str | None) -> Iterator[tuple[Key, Stored]]:
        """Yield the items of a partition key, of a physical partition, or all."""
        for place, stored in sorted(self.items.items()):
            right_key = key in {None, place[0]}
            right_range = partition is None or self.range_of(place[0]) == partition
            if right_key and right_range and not self._expired(stored):
                yield place, stored

    def create(self, key: str, body: dict[str, Any]) -> Stored:
        """Put a new item; raises ``Refused`` (409) if its id is taken in its partition key."""
        if self.find(key, self._checked(key, body)):
            raise Refused(409, "Entity with the specified id already exists in the system.")
        return self._put(key, body)

    def upsert(self, key: str, body: dict[str, Any], precondition: Precondition) -> Stored:
        """Put an item, new or not."""
        precondition.check(self.find(key, self._checked(key, body)))
        return self._put(key, body)

    def replace(
        self, key: str, item_id: str, body: dict[str, Any], precondition: Precondition
    ) -> Stored:
        """Put another body under an id that is there; raises ``Refused`` (404, 412)."""
        stored = self.read(key, item_id)
        if self._checked(key, body) != item_id:
            raise Refused(400, "the id of an item cannot change")
        precondition.check(stored)
        return self._put(key, body)

    def delete(self, key: str, item_id: str, precondition: Precondition) -> None:
        """Take an item away; raises ``Refused`` (404, 412)."""
        precondition.check(self.read(key, item_id))
        del self.items[key, item_id]

    def _checked(self, key: str, body: dict[str, Any]) -> str:
        item_id = body.get("id")
        if not isinstance(item_id, str) or not item_id or len(item_id.encode()) > MAX_ID_BYTES:
            raise Refused(400, "an id is text of 1 to 1023 bytes")
        if _BAD_ID.search(item_id):
            raise Refused(400, r"an id holds none of / \ ? #")
        if self.key_of(body) != key:
            raise Refused(
                400,
                "PartitionKey extracted from document doesn't match the one in the header",
                sub_status=1001,
            )
        if len(key) > MAX_KEY_BYTES:
            raise Refused(400, "the partition key is longer than 2048 bytes")
        return item_id

    def _put(self, key: str, body: dict[str, Any]) -> Stored:
        kept = {name: value for name, value in body.items() if name not in _SYSTEM}
        size = len(json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if size > MAX_ITEM_BYTES:
            raise Refused(413, "Request size is too large")
        lsn = next(self._count)
        stored = Stored(kept, f'"{lsn:08x}-0000"', int(self.now()), lsn, size)
        self.items[key, kept["id"]] = stored
        return stored

    def _expired(self, stored: Stored) -> bool:
        default = self.definition.get("defaultTtl")
        if default is None:
            return False
        seconds = stored.body.get("ttl", default)
        return bool(seconds > 0 and self.now() >= stored.ts + seconds)


_SYSTEM = {"_etag", "_ts", "_lsn", "_rid", "_self", "_attachments"}
