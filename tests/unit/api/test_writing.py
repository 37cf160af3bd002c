"""Requests that change something: found by their routes, known by their keys, done once."""

import json
from typing import Any

import pytest
from fastapi import Response
from pydantic import BaseModel
from starlette.requests import Request

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api import artifacts, datasets, measurements, queries, reviews, scenes
from avdataops.api.access import Caller, Role
from avdataops.api.answers import is_named, respond_changed, tag_of
from avdataops.api.writing import Sent, check_match, described, once, writes_of
from avdataops.model.errors import InputError, Outdated

ANN, BOB = Caller("ann", Role.OPERATOR), Caller("bob", Role.OPERATOR)


class Body(BaseModel):
    n: int = 1
    text: str = ""


def request(
    *headers: tuple[str, str], path: str = "/x", query: str = "", method: str = "POST"
) -> Any:
    return Request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
            "server": ("api.test", 80),
            "scheme": "http",
        }
    )


def keyed(desk: SqliteCatalog, key: str = "k", who: Caller = ANN, **more: Any) -> Sent[Body]:
    body = more.pop("body", Body())
    headers = (("Idempotency-Key", key), *more.pop("headers", ()))
    return Sent(desk, who, request(*headers, **more), body)


@pytest.fixture
def desk() -> Any:
    with SqliteCatalog(":memory:") as opened:
        yield opened


class Act:
    """Counts how often it was done."""

    def __init__(self, size: int = 1) -> None:
        self.tokens: list[str] = []
        self._size = size

    def __call__(self, token: str) -> Response:
        self.tokens.append(token)
        return respond_changed({"n": len(self.tokens), "x": "y" * self._size}, status=201)


def test_without_a_key_each_request_is_done(desk: SqliteCatalog) -> None:
    act = Act()
    sent = Sent(desk, ANN, request(), Body())
    assert [json.loads(bytes(once(sent, act).body))["n"] for _ in range(2)] == [1, 2]
    assert act.tokens == ["", ""]


def test_with_a_key_it_is_done_once_and_told_the_same(desk: SqliteCatalog) -> None:
    act = Act()
    first, again = once(keyed(desk), act), once(keyed(desk), act)
    assert len(act.tokens) == 1
    assert (again.status_code, again.body) == (201, first.body)
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-type"] == first.headers["content-type"]


def test_callers_and_keys_are_kept_apart(desk: SqliteCatalog) -> None:
    act = Act()
    for who in (ANN, BOB):
        for key in ("k", "l"):
            once(keyed(desk, key, who), act)
    assert len(set(act.tokens)) == 4


@pytest.mark.parametrize(
    "other",
    [
        {"body": Body(n=2)},
        {"body": Body(text="x")},
        {"path": "/y"},
        {"query": "a=1"},
        {"method": "PUT"},
        {"headers": (("If-Match", '"x"'),)},
        {"headers": (("If-None-Match", "*"),)},
    ],
    ids=range(7),
)
def test_a_key_names_one_request(desk: SqliteCatalog, other: dict[str, Any]) -> None:
    act = Act()
    once(keyed(desk), act)
    with pytest.raises(InputError, match="named another request"):
        once(keyed(desk, **other), act)
    assert len(act.tokens) == 1


def test_what_was_refused_is_tried_again(desk: SqliteCatalog) -> None:
    def refuse(token: str) -> Response:
        raise Outdated(token)

    with pytest.raises(Outdated):
        once(keyed(desk), refuse)
    assert once(keyed(desk), Act()).status_code == 201


def test_a_long_answer_is_not_kept_but_made_again(desk: SqliteCatalog) -> None:
    act = Act(300_000)
    for _ in range(2):
        assert once(keyed(desk), act).status_code == 201
    assert len(act.tokens) == 2
    assert len(set(act.tokens)) == 1


def test_a_key_given_twice_is_none(desk: SqliteCatalog) -> None:
    with pytest.raises(InputError, match="given once"):
        once(keyed(desk, headers=(("Idempotency-Key", "l"),)), Act())


@pytest.mark.parametrize(
    ("given", "holds"),
    [('"a"', True), ('"b"', False), ('"b", "a"', True), ("*", True), ('W/"a"', False), ("a", False),
     ("", False), ('"a', False), (' "a" ', True)],
)  # fmt: skip
def test_a_condition_holds_for_exactly_what_was_read(given: str, *, holds: bool) -> None:
    assert is_named(given, '"a"') is holds
    if holds:
        check_match(given, '"a"')
    else:
        with pytest.raises(Outdated):
            check_match(given, '"a"')


def test_no_condition_always_holds() -> None:
    check_match(None, '"a"')


def test_a_tag_follows_from_the_content() -> None:
    assert tag_of({"a": 1}) == respond_changed({"a": 1}, status=200).headers["etag"]
    assert tag_of({"a": 1}) != tag_of({"a": 2})


def test_the_routes_tell_what_can_be_changed() -> None:
    parts = (measurements, artifacts, scenes, reviews, queries, datasets)
    found = {(one.method, one.paths.pattern) for one in writes_of(part.ROUTES for part in parts)}
    assert {method for method, _ in found} == {"POST", "PUT", "DELETE"}
    assert len(found) == 4
    assert writes_of([measurements.ROUTES, artifacts.ROUTES, scenes.ROUTES]) == ()


def test_the_description_tells_of_bodies_and_headers() -> None:
    told = described(Body, "If-Match", "Idempotency-Key")
    assert [one["name"] for one in told["parameters"]] == ["If-Match", "Idempotency-Key"]
    assert "requestBody" in told
    assert "requestBody" not in described(None)
