"""Listing blobs page by page, in the order of keys, without the folders of a real account.

An account with a hierarchical namespace lists its folders as blobs of no bytes, and sorts ``/``
before every other character; the order of keys is that of text.  Both are put right here.
"""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import Protocol, TypeVar

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from avdataops.adapters.azure_blob.failures import READER, Doing, failure, status_of
from avdataops.adapters.azure_blob.looking import is_folder
from avdataops.adapters.azure_blob.names import (
    ODD,
    Place,
    Search,
    direct_search,
    location,
    searches,
)
from avdataops.adapters.azure_blob.patience import Patience
from avdataops.model.location import Zone
from avdataops.ports.storage import Stored

PAGE_ITEMS = 5000
"""The most that the service gives in one page."""

_ABSENT = 404
_BY_KEY = attrgetter("location.key")
_BY_NAME = attrgetter("name")

T = TypeVar("T")


class Lister:
    """Lists the objects of one zone's account."""

    def __init__(
        self, service: BlobServiceClient, zone: Zone, patience: Patience, page_items: int
    ) -> None:
        self._service = service
        self._zone = zone
        self._patience = patience
        self._page_items = page_items

    def objects(self, prefix: str) -> Iterator[Stored]:
        """Yield the objects whose key starts with ``prefix``, ordered by key."""
        one = direct_search(self._zone, prefix)
        if one is not None:
            return self._in(one)
        found = searches(prefix, self._containers())
        kinds = chain.from_iterable(self._in(one) for one in found if one.container != ODD)
        odd = chain.from_iterable(self._in(one) for one in found if one.container == ODD)
        return merge(kinds, odd, key=_BY_KEY)

    def _containers(self) -> list[str]:
        pages = self._service.list_containers(results_per_page=self._page_items).by_page()
        doing = Doing(f"listing {self._zone}", str(self._service.account_name), READER)
        return [str(container.name) for container in self._all(pages, doing)]

    def _in(self, search: Search) -> Iterator[Stored]:
        container = self._service.get_container_client(search.container)
        pages = container.list_blobs(
            name_starts_with=search.prefix,
            include=["metadata"],
            results_per_page=self._page_items,
        ).by_page()
        what = f"listing {self._zone} in container '{search.container}'"
        blobs = self._all(pages, Doing(what, str(self._service.account_name), READER))
        for blob in in_key_order(blobs, search.prefix):
            at = location(self._zone, Place(search.container, str(blob.name)))
            # A name that no location has was put there by somebody else.
            if at is not None and not is_folder(blob):
                yield Stored(location=at, bytes=int(blob.size or 0))

    def _all(self, pages: Iterator[Iterator[T]], doing: Doing) -> Iterator[T]:
        """Yield what all pages hold; a page that failed is asked for again, not the listing."""
        try:
            while (page := self._patience.ask(lambda: next(pages, None), doing)) is not None:
                yield from page
        except HttpResponseError as error:
            if status_of(error) != _ABSENT:
                raise failure(error, doing) from None


class Named(Protocol):
    """What a listing yields."""

    @property
    def name(self) -> str:
        """The blob's name."""


N = TypeVar("N", bound=Named)


def in_key_order(blobs: Iterable[N], prefix: str) -> Iterator[N]:
    """Yield ``blobs``, which come by name as text or with ``/`` before all else, as text.

    Only names with the same beginning, up to the first ``/`` after the folder of ``prefix``, can be
    out of order among themselves; so one folder and its like-named neighbours are held at a time.
    """
    inside = prefix.rfind("/") + 1
    held: list[N] = []
    root: str | None = None
    for blob in blobs:
        top = blob.name[inside:].partition("/")[0]
        if root is None or not top.startswith(root):
            yield from sorted(held, key=_BY_NAME)
            held, root = [], top
        held.append(blob)
    yield from sorted(held, key=_BY_NAME)
