"""Requests to the containers: each one charged to an operation, each failure translated."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from azure.core import MatchConditions
from azure.cosmos import ContainerProxy, CosmosClient

from avdataops.adapters.cosmos_catalog.failures import ItemMissing, Unanswered, translated
from avdataops.adapters.cosmos_catalog.layout import CATALOG, CURATION, EDGES, IDS, LEASES, SCENES

Document = dict[str, Any]

PAGE = 1_000
"""Rows asked for at once; a page of the service ends earlier at 4 MB."""

_LOG = logging.getLogger(__name__)
_OPERATION: ContextVar[str] = ContextVar("operation", default="other")


class Requests:
    """One database, asked by many threads."""

    def __init__(self, client: CosmosClient, endpoint: str, database: str) -> None:
        self._client: CosmosClient | None = client
        self._name = f"{endpoint}{database}"
        opened = client.get_database_client(database)
        names = (CATALOG, SCENES, IDS, EDGES, CURATION, LEASES)
        self._containers = {name: opened.get_container_client(name) for name in names}
        self._turn = threading.Lock()
        self._charged: dict[str, float] = {}

    def close(self) -> None:
        """Close the connections; whatever is asked afterwards raises ``CatalogUnavailable``."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    @contextmanager
    def asked_by(self, operation: str) -> Iterator[None]:
        """Charge what the block asks for to ``operation``."""
        token = _OPERATION.set(operation)
        before = self.charged().get(operation, 0.0)
        try:
            yield
        finally:
            _OPERATION.reset(token)
            spent = self.charged().get(operation, 0.0) - before
            _LOG.debug("%s took %.1f request units", operation, spent)

    def charged(self) -> dict[str, float]:
        """Return the request units so far by operation."""
        with self._turn:
            return dict(self._charged)

    def _charge(self, headers: Mapping[str, Any], _: object = None) -> None:
        units = float(headers.get("x-ms-request-charge", 0.0))
        operation = _OPERATION.get()
        with self._turn:
            self._charged[operation] = self._charged.get(operation, 0.0) + units

    @contextmanager
    def _container(self, name: str) -> Iterator[ContainerProxy]:
        if self._client is None:
            raise Unanswered(f"the catalog {self._name} has been closed")
        with translated(self._name):
            yield self._containers[name]

    def read(self, container: str, key: str, item: str) -> Document | None:
        """Return one item by its partition key and id, or None."""
        try:
            with self._container(container) as opened:
                found = opened.read_item(item, partition_key=key, response_hook=self._charge)
        except ItemMissing:
            return None
        return dict(found)

    def read_at(self, container: str, key: str, item: str) -> tuple[Document | None, str]:
        """Return one item, or None, and the date of the service's clock as HTTP writes it."""
        seen: dict[str, str] = {}

        def look(headers: Mapping[str, Any], _: object = None) -> None:
            seen.update({name.lower(): str(value) for name, value in headers.items()})

        try:
            with self._container(container) as opened:
                found = dict(opened.read_item(item, partition_key=key, response_hook=look))
        except ItemMissing:
            return None, ""
        return found, seen.get("date", "")

    def create(self, container: str, document: Document) -> Document:
        """Put an item that is not there; raises ``ItemTaken``."""
        with self._container(container) as opened:
            return dict(opened.create_item(document, response_hook=self._charge))

    def create_surely(self, container: str, document: Document) -> None:
        """Put an item that is not there, once more if no answer came; raises ``ItemTaken``.

        The second try may find what the first has written: the caller compares.
        """
        try:
            self.create(container, document)
        except Unanswered:
            self.create(container, document)

    def upsert(self, container: str, document: Document) -> None:
        """Put an item, there or not."""
        with self._container(container) as opened:
            opened.upsert_item(document, response_hook=self._charge)

    def replace(self, container: str, document: Document, etag: str) -> Document:
        """Put an item in the place of the one with ``etag``.

        Raises ``ItemChanged`` if it was written since, ``ItemMissing`` if it is gone.
        """
        with self._container(container) as opened:
            kept = opened.replace_item(
                document["id"],
                document,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
                response_hook=self._charge,
            )
            return dict(kept)

    def delete(self, container: str, key: str, item: str, etag: str) -> None:
        """Take away the item with ``etag``; raises ``ItemChanged`` or ``ItemMissing``."""
        with self._container(container) as opened:
            opened.delete_item(
                item,
                partition_key=key,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )

    def batch(self, container: str, key: str, operations: Sequence[tuple[Any, ...]]) -> None:
        """Do all operations on one partition key, or none of them.

        Raises ``ItemTaken``, ``ItemChanged`` or ``ItemMissing`` for the first that cannot be done.
        """
        with self._container(container) as opened:
            opened.execute_item_batch(
                list(operations), partition_key=key, response_hook=self._charge
            )

    def query(
        self,
        container: str,
        text: str,
        values: Mapping[str, object],
        *,
        key: str | None = None,
        page: int = PAGE,
    ) -> Iterator[Document]:
        """Yield what a query finds, page by page as it is consumed.

        ``values`` are bound by name without ``@``.  With ``key`` one partition is asked, else all.
        """
        given = [{"name": f"@{name}", "value": value} for name, value in values.items()]
        scope: dict[str, Any] = (
            {"enable_cross_partition_query": True} if key is None else {"partition_key": key}
        )
        with self._container(container) as opened:
            rows = iter(
                opened.query_items(
                    text,
                    parameters=given,
                    max_item_count=page,
                    response_hook=self._charge,
                    **scope,
                )
            )
        while True:
            with self._container(container):
                row = next(rows, None)
            if row is None:
                return
            yield row
