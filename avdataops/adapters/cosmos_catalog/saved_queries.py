"""Saved queries in one partition, requests that were seen each in its own."""

from collections.abc import Sequence
from itertools import islice

from avdataops.adapters.cosmos_catalog.failures import ItemChanged, ItemMissing, ItemTaken
from avdataops.adapters.cosmos_catalog.layout import CURATION
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.values import is_known_shape, packed, unpacked
from avdataops.model.documents import from_json, text_of
from avdataops.model.errors import Busy, shown
from avdataops.model.saved_query import SavedQuery
from avdataops.ports.curation import REMEMBERED_S, Remembered
from avdataops.ports.curation_rules import check_drop, next_query, next_remembered, no_such_name

QUERIES = "queries"
_TURNS = 20
_NEIGHBOURS = 50
_LISTED = "SELECT * FROM c WHERE c.name > @after ORDER BY c.name ASC"
_NEXT = "SELECT VALUE c.name FROM c WHERE c.name >= @wrong ORDER BY c.name ASC"
_BEFORE = "SELECT VALUE c.name FROM c WHERE c.name < @wrong ORDER BY c.name DESC"


def get_query(requests: Requests, name: str) -> SavedQuery:
    """Return one saved query; raises ``NotFound``."""
    found = _find(requests, name)
    if found is None:
        raise no_such_name("saved query", name, names_beside(requests, QUERIES, name))
    return _query_of(found)


def _find(requests: Requests, name: str) -> Document | None:
    return requests.read(CURATION, QUERIES, name) if is_known_shape(name) else None


def _query_of(document: Document) -> SavedQuery:
    return from_json(SavedQuery, unpacked(document))


def names_beside(requests: Requests, key: str, wrong: str) -> list[str]:
    """Return names of one partition that sort next to ``wrong``."""
    values: dict[str, object] = {"wrong": wrong[:100].encode("ascii", "ignore").decode()}
    known: list[str] = []
    for text in (_NEXT, _BEFORE):
        rows = requests.query(CURATION, text, values, key=key, page=_NEIGHBOURS)
        known += [str(row) for row in islice(rows, _NEIGHBOURS)]
    return known


def named_after(requests: Requests, key: str, after: str | None, limit: int) -> Sequence[Document]:
    """Return the documents of one partition by name; a ``limit`` of 0 or less means all."""
    values: dict[str, object] = {"after": (after or "").encode("ascii", "ignore").decode()}
    rows = requests.query(CURATION, _LISTED, values, key=key)
    return list(islice(rows, limit) if limit > 0 else rows)


def list_queries(requests: Requests, after: str | None, limit: int) -> list[SavedQuery]:
    """Return saved queries by name."""
    return [_query_of(one) for one in named_after(requests, QUERIES, after, limit)]


def save_query(requests: Requests, given: SavedQuery, expected: int) -> SavedQuery:
    """Keep a question under its name; raises ``Outdated`` and ``InputError``."""
    for _ in range(_TURNS):
        now = _find(requests, given.name)
        kept = next_query(_query_of(now) if now else None, given, expected)
        document: Document = {
            "id": kept.name, "key": QUERIES, "name": kept.name, **packed(text_of(kept)),
        }  # fmt: skip
        try:
            if now is None:
                requests.create(CURATION, document)
            else:
                requests.replace(CURATION, document, now["_etag"])
        except (ItemChanged, ItemTaken, ItemMissing):
            continue
        return kept
    raise Busy(f"saved query {shown(given.name)} is being changed by others", hint="try again")


def drop_query(requests: Requests, name: str, expected: int) -> None:
    """Forget one; raises ``NotFound`` and ``Outdated``."""
    for _ in range(_TURNS):
        now = _find(requests, name)
        known = names_beside(requests, QUERIES, name) if now is None else []
        check_drop(name, _query_of(now) if now else None, known, expected)
        if now is None:
            return
        try:
            requests.delete(CURATION, QUERIES, name, now["_etag"])
        except (ItemChanged, ItemMissing):
            continue
        return
    raise Busy(f"saved query {shown(name)} is being changed by others", hint="try again")


def remember(requests: Requests, given: Remembered) -> Remembered:
    """Keep a request, and return what is kept under its key; the service forgets it."""
    for _ in range(_TURNS):
        try:
            requests.create(CURATION, _remembered(given))
        except ItemTaken:
            found = requests.read(CURATION, given.key, given.key)
        else:
            return given
        if found is None:
            continue
        known = from_json(Remembered, unpacked(found))
        kept = next_remembered(known, given)
        try:
            if kept != known:
                requests.replace(CURATION, _remembered(kept), found["_etag"])
        except (ItemChanged, ItemMissing):
            continue
        return kept
    raise Busy("a request with this key is being answered", hint="try again")


def _remembered(one: Remembered) -> Document:
    return {"id": one.key, "key": one.key, "ttl": REMEMBERED_S, **packed(text_of(one))}
