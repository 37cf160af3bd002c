"""Saved queries over HTTP."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.access import Role
from tests.unit.api.door_kit import Answer, Client, OneToken, app_over, filled_catalog

NEW = {"If-None-Match": "*"}


@pytest.fixture
def mine() -> Iterator[SqliteCatalog]:
    with filled_catalog() as filled:
        yield filled


@pytest.fixture
def keeper(mine: SqliteCatalog, loop: asyncio.Runner) -> Client:
    return Client(app_over(mine, role=Role.OPERATOR), loop)


def put(client: Client, name: str, text: str, **headers: str) -> Answer:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.send("PUT", f"/queries/{name}", {"text": text}, headers=named)


def test_a_query_is_made_read_changed_and_forgotten(keeper: Client) -> None:
    made = keeper.send("PUT", "/queries/dry", {"text": "cut_in"}, headers=NEW)
    assert (made.status, made.json["version"], made.json["owner"]) == (201, 1, "somebody")
    read = keeper.get("/queries/dry")
    assert (read.json, read.headers["etag"]) == (made.json, made.headers["etag"])
    changed = put(keeper, "dry", "hard_brake", If_Match=read.headers["etag"])
    assert (changed.status, changed.json["version"], changed.json["text"]) == (200, 2, "hard_brake")
    assert [one["name"] for one in keeper.get("/queries").json["items"]] == ["dry", "wet"]
    gone = {"If-Match": changed.headers["etag"]}
    assert keeper.send("DELETE", "/queries/dry", b"", headers=gone).status == 204
    assert keeper.get("/queries/dry").status == 404


def test_a_change_says_what_it_changes(keeper: Client) -> None:
    for answer in (
        put(keeper, "wet", "rain"),
        put(keeper, "wet", "rain", If_None_Match='"abc"'),
        keeper.send("DELETE", "/queries/wet", b""),
    ):
        assert (answer.status, answer.json["code"]) == (428, "precondition_required")
        assert "If-Match" in answer.json["detail"]


def test_who_read_something_else_is_told(keeper: Client) -> None:
    old = keeper.get("/queries/wet").headers["etag"]
    assert put(keeper, "wet", "rain", If_Match=old).status == 200
    for answer in (
        put(keeper, "wet", "fog", If_Match=old),
        put(keeper, "wet", "fog", If_None_Match="*"),
        put(keeper, "none", "fog", If_Match=old),
        keeper.send("DELETE", "/queries/wet", b"", headers={"If-Match": old}),
    ):
        assert (answer.status, answer.json["code"]) == (412, "outdated")
    assert keeper.get("/queries/wet").json["text"] == "rain"


def test_the_same_key_is_answered_the_same(keeper: Client) -> None:
    first = put(keeper, "dry", "cut_in", If_None_Match="*", Idempotency_Key="k")
    again = put(keeper, "dry", "cut_in", If_None_Match="*", Idempotency_Key="k")
    assert (again.status, again.body, again.headers["etag"]) == (
        201, first.body, first.headers["etag"],
    )  # fmt: skip
    gone = {"If-Match": first.headers["etag"], "Idempotency-Key": "g"}
    statuses = [keeper.send("DELETE", "/queries/dry", b"", headers=gone).status for _ in range(3)]
    assert statuses == [204, 204, 204]


@pytest.mark.parametrize(("role", "status"), [(Role.OPERATOR, 403), (Role.ADMIN, 200)])
def test_only_its_owner_or_an_admin_changes_a_query(
    mine: SqliteCatalog, loop: asyncio.Runner, role: Role, status: int
) -> None:
    other = Client(app_over(mine, who=OneToken(role, subject="else")), loop)
    tag = other.get("/queries/wet").headers["etag"]
    assert put(other, "wet", "fog", If_Match=tag).status == status


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_queries_come_by_name_each_once(keeper: Client, limit: int) -> None:
    for name in ("a", "Z", "b.1"):
        put(keeper, name, "rain", If_None_Match="*")
    found = [one["name"] for page in keeper.walk("/queries", limit=limit) for one in page]
    assert found == ["Z", "a", "b.1", "wet"]


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": 7}, {"text": "x", "owner": "me"}, {"text": "x" * 8001}]
)
def test_a_body_of_another_shape_is_refused(keeper: Client, body: Any) -> None:
    assert keeper.send("PUT", "/queries/dry", body, headers=NEW).status == 422


@pytest.mark.parametrize("name", ["-x", "a%20b", "x" * 65, "%00", "a%2Fb", "m_" + "0" * 24])
def test_a_name_that_cannot_be_is_refused(keeper: Client, name: str) -> None:
    assert put(keeper, name, "rain", If_None_Match="*").status in {404, 405, 422}


def test_the_near_miss_is_told(keeper: Client) -> None:
    assert "did you mean 'wet'" in keeper.get("/queries/we").json["detail"]


def test_a_question_that_nobody_can_ask_is_not_kept(keeper: Client) -> None:
    answer = put(keeper, "dry", "cutin & rain", If_None_Match="*")
    assert (answer.status, "cut_in" in answer.json["detail"]) == (422, True)
    assert keeper.get("/queries/dry").status == 404
