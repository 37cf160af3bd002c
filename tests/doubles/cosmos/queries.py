"""Answers queries: routing, plans for sorted queries over several partitions, pages."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.doubles.cosmos.charges import query_charge
from tests.doubles.cosmos.containers import Container
from tests.doubles.cosmos.refusals import CROSS_PARTITION_NOT_SERVABLE, Refused
from tests.doubles.cosmos.sql_indexes import check_order, unindexed
from tests.doubles.cosmos.sql_parse import parse
from tests.doubles.cosmos.sql_run import UNDEFINED, Item, order_key, project, select
from tests.doubles.cosmos.sql_words import Statement

DEFAULT_PAGE = 100
_REWRITTEN = "/* rewritten: {documentdb-formattableorderbyquery-filter} */ "
_RESOLVED = "/* rewritten: true */ "


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page of a query."""

    text: str
    given: dict[str, Any]
    key: str | None
    """Partition key as JSON."""
    partition: str | None
    """Id of a physical partition."""
    page: int
    continuation: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of answers."""

    rows: list[Any]
    continuation: str | None
    charge: float
    unindexed: tuple[str, ...]


def asked_of(body: Mapping[str, Any], headers: Mapping[str, str]) -> Asked:
    """Return what a request asks."""
    key = headers.get("x-ms-documentdb-partitionkey")
    crossing = headers.get("x-ms-documentdb-query-enablecrosspartition", "").lower() == "true"
    partition = headers.get("x-ms-documentdb-partitionkeyrangeid")
    if key is None and partition is None and not crossing:
        raise Refused(400, "Cross partition query is required but disabled.")
    if "x-ms-start-epk" in headers or "x-ms-end-epk" in headers:
        raise Refused(400, "the double does not know ranges of hashed keys")
    wanted = int(headers.get("x-ms-max-item-count") or DEFAULT_PAGE)
    return Asked(
        text=body["query"],
        given={one["name"]: one["value"] for one in body.get("parameters", [])},
        key=None if key is None else json.dumps(json.loads(key)),
        partition=partition,
        page=DEFAULT_PAGE if wanted < 1 else wanted,
        continuation=headers.get("x-ms-continuation"),
    )


def plan(text: str) -> dict[str, Any]:
    """Return the plan by which a client sends a sorted query to each physical partition."""
    statement = parse(text)
    return {
        "partitionedQueryExecutionInfoVersion": 2,
        "queryInfo": {
            "distinctType": "None",
            "top": None,
            "offset": None,
            "limit": None,
            "orderBy": ["Descending" if one.descending else "Ascending" for one in statement.order],
            "orderByExpressions": [f"c{one.path.name}" for one in statement.order],
            "groupByExpressions": [],
            "groupByAliases": [],
            "aggregates": [],
            "groupByAliasToAggregateType": {},
            "rewrittenQuery": f"{_REWRITTEN}{text}" if statement.order else text,
            "hasSelectValue": statement.value is not None,
            "hasNonStreamingOrderBy": False,
        },
        "queryRanges": [{"min": "", "max": "FF", "isMinInclusive": True, "isMaxInclusive": False}],
    }


def answer(container: Container, asked: Asked) -> Page:
    """Return one page; raises ``Refused`` (400).

    A sorted query over several physical partitions is refused with 1004, as the service does:
    the client must fetch the plan, ask each partition and merge the answers.
    """
    rewritten = asked.text.startswith(_RESOLVED)
    text = asked.text.removeprefix(_RESOLVED)
    statement = parse(text)
    if statement.order and asked.key is None and asked.partition is None:
        raise Refused(
            400, "The query cannot be served by the gateway.", CROSS_PARTITION_NOT_SERVABLE
        )
    check_order(statement, container.policy)
    missing = unindexed(statement, container.policy)
    container.scans.extend(f"{path}: {text}" for path in missing)
    alive = [stored.shown() for _, stored in container.alive(asked.key, asked.partition)]
    found = select(statement, alive, asked.given)
    start = _place_of(asked)
    rows = [_row(statement, item, wrapped=rewritten) for item in found[start : start + asked.page]]
    stop = start + len(rows)
    return Page(
        rows=[row for row in rows if row is not UNDEFINED],
        continuation=_token(asked.text, stop) if stop < len(found) else None,
        charge=query_charge(len(alive), len(rows)),
        unindexed=tuple(missing),
    )


def _row(statement: Statement, item: Item, *, wrapped: bool) -> Any:
    if not wrapped:
        return project(statement, item)
    return {
        "_rid": item["_rid"],
        "orderByItems": [{"item": order_key(one.path, item)} for one in statement.order],
        "payload": project(statement, item),
    }


def _token(text: str, place: int) -> str:
    return base64.b64encode(json.dumps([text, place]).encode()).decode()


def _place_of(asked: Asked) -> int:
    if asked.continuation is None:
        return 0
    text, place = json.loads(base64.b64decode(asked.continuation))
    if text != asked.text:
        raise Refused(400, "the continuation belongs to another query")
    return int(place)
