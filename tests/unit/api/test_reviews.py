"""Reviews over HTTP."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.access import Role
from avdataops.api.guard import MAX_BODY_BYTES
from avdataops.ports.catalog import SceneQuery
from tests.unit.api.door_kit import TOKEN, Client, OneToken, app_over, filled_catalog

ADJUSTED = {"verdict": "adjusted", "type": "lane_change_left", "comment": "no cut-in: it left"}


@pytest.fixture
def mine() -> Iterator[SqliteCatalog]:
    """Return a filled catalog of this test's own."""
    with filled_catalog() as filled:
        yield filled


@pytest.fixture
def reviewer(mine: SqliteCatalog, loop: asyncio.Runner) -> Client:
    return Client(app_over(mine, role=Role.OPERATOR), loop)


@pytest.fixture
def path(mine: SqliteCatalog) -> str:
    return f"/scenes/{mine.scenes(SceneQuery(), limit=1)[0].id}/reviews"


def test_a_review_is_added_and_the_latest_speaks(reviewer: Client, path: str) -> None:
    assert reviewer.get(path).json == {"scene": path.split("/")[2], "review": None, "history": []}
    first = reviewer.send("POST", path, {"verdict": "accepted"})
    assert first.status == 201
    told = reviewer.send("POST", path, ADJUSTED).json
    assert [one["verdict"] for one in told["history"]] == ["accepted", "adjusted"]
    assert told["review"] == told["history"][1]
    assert told["review"] | ADJUSTED == told["review"]
    assert (told["review"]["by"], told["review"]["number"]) == ("somebody", 2)
    assert told == reviewer.get(path).json


def test_scenes_are_found_by_their_review_and_stay_as_they_were(
    reviewer: Client, path: str
) -> None:
    scene = path.removesuffix("/reviews")
    before = reviewer.get(scene).json
    reviewer.send("POST", path, {"verdict": "rejected"})
    assert reviewer.get(scene).json == before
    found = reviewer.get("/scenes", where="review = rejected").json["items"]
    assert found == [before]
    assert reviewer.get("/scenes/count", where="review = accepted").json["items"] == []


def test_who_names_what_was_read_does_not_overrule_what_was_not(
    reviewer: Client, path: str
) -> None:
    read = reviewer.get(path).headers["etag"]
    added = reviewer.send("POST", path, {"verdict": "accepted"}, headers={"If-Match": read})
    assert added.status == 201
    late = reviewer.send("POST", path, {"verdict": "rejected"}, headers={"If-Match": read})
    assert (late.status, late.json["code"]) == (412, "outdated")
    assert added.headers["etag"] == reviewer.get(path).headers["etag"] != read
    again = {"If-Match": f'"x", {added.headers["etag"]}'}
    assert reviewer.send("POST", path, {"verdict": "rejected"}, headers=again).status == 201
    weak = {"If-Match": f"W/{reviewer.get(path).headers['etag']}"}
    assert reviewer.send("POST", path, {"verdict": "rejected"}, headers=weak).status == 412
    some = {"If-Match": "*"}
    assert reviewer.send("POST", path, {"verdict": "rejected"}, headers=some).status == 201


def test_the_same_key_adds_once(reviewer: Client, path: str) -> None:
    read = reviewer.get(path).headers["etag"]
    key = {"Idempotency-Key": "k-1", "If-Match": read}
    answers = [reviewer.send("POST", path, {"verdict": "accepted"}, headers=key) for _ in range(3)]
    assert {(one.status, one.body) for one in answers} == {(201, answers[0].body)}
    assert len(reviewer.get(path).json["history"]) == 1
    other = {"Idempotency-Key": "k-2"}
    reviewer.send("POST", path, {"verdict": "accepted"}, headers=other)
    assert len(reviewer.get(path).json["history"]) == 2


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (b"", "body"),
        (b"nonsense", "body"),
        (b"[]", "body"),
        (b"[" * 60_000, "body"),
        (b'{"verdict": "accepted"', "body"),
        (b'\xff\xfe{"verdict": "accepted"}', "body"),
        ({}, "verdict"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": ["accepted"]}, "verdict"),
        ({"verdict": "accepted", "by": "the boss"}, "by"),
        ({"verdict": "accepted", "comment": 7}, "comment"),
        ({"verdict": "accepted", "comment": "x" * 2001}, "comment"),
        ({"verdict": "adjusted", "t_start_ns": "0"}, "t_start_ns"),
        ({"verdict": "adjusted", "t_start_ns": 1.5}, "t_start_ns"),
        ({"verdict": "adjusted", "t_start_ns": 2**63}, "t_start_ns"),
        (b'{"verdict": "adjusted", "t_start_ns": 1' + b"0" * 5000 + b"}", "body"),
    ],
    ids=range(16),
)
def test_a_body_of_another_shape_is_refused_by_the_field(
    reviewer: Client, path: str, body: Any, parameter: str
) -> None:
    answer = reviewer.send("POST", path, body)
    assert (answer.status, answer.json["errors"][0]["parameter"]) == (422, parameter)
    assert reviewer.get(path).json["history"] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"verdict": "adjusted"}, "another start, end or type"),
        ({"verdict": "accepted", "type": "rain"}, "neither time nor type"),
        ({"verdict": "adjusted", "type": "cutin"}, "did you mean 'cut_in'"),
        ({"verdict": "adjusted", "t_end_ns": 0}, "before it starts"),
    ],
    ids=range(4),
)
def test_a_review_that_cannot_be_is_refused_with_the_reason(
    reviewer: Client, path: str, body: Any, said: str
) -> None:
    answer = reviewer.send("POST", path, body)
    assert (answer.status, answer.json["code"]) == (422, "input")
    assert said in answer.json["detail"]


def test_half_a_character_is_refused(reviewer: Client, path: str) -> None:
    body = b'{"verdict": "accepted", "comment": "\\ud800"}'
    assert reviewer.send("POST", path, body).status == 422


@pytest.mark.parametrize("wrong", ["scn_" + "0" * 24, "m_" + "0" * 24])
def test_what_is_not_there_is_not_reviewed(reviewer: Client, wrong: str) -> None:
    path = f"/scenes/{wrong}/reviews"
    assert reviewer.get(path).status == 404
    assert reviewer.send("POST", path, {"verdict": "accepted"}).status == 404


def test_a_body_has_a_limit_a_length_and_a_kind(reviewer: Client, path: str) -> None:
    def status(content: bytes, **headers: str) -> int:
        return reviewer.send("POST", path, content, headers=headers).status

    long = b'{"verdict": "accepted"' + b" " * MAX_BODY_BYTES
    assert status(long[: MAX_BODY_BYTES - 1] + b"}") == 201
    assert status(long + b"}") == 413
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"):
        assert status(b"{}", **{"Content-Type": kind}) == 415
    assert status(b'{"verdict": "accepted"}', **{"Content-Type": "Application/JSON; x=y"}) == 201
    for length in ("9" * 30, "999999999"):
        assert status(b"{}", **{"Content-Length": length}) == 413
    for length in ("-1", "x", "1e3", "1 "):
        assert status(b"{}", **{"Content-Length": length}) == 411
    assert status(b"{}", **{"Transfer-Encoding": "chunked"}) == 411


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_reviews_are_not_changed_or_taken_away(reviewer: Client, path: str, method: str) -> None:
    answer = reviewer.send(method, path, {"verdict": "accepted"})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(reviewer: Client, path: str, key: str) -> None:
    answer = reviewer.send("POST", path, {"verdict": "accepted"}, headers={"Idempotency-Key": key})
    assert answer.status == 422
    assert "Idempotency-Key" in answer.json["detail"]


def test_a_key_that_named_another_request_is_refused(
    mine: SqliteCatalog, reviewer: Client, path: str
) -> None:
    key = {"Idempotency-Key": "mine"}
    first = reviewer.send("POST", path, {"verdict": "accepted"}, headers=key)
    other = f"/scenes/{mine.scenes(SceneQuery(), limit=2)[1].id}/reviews"
    for method, address, body in (
        ("POST", path, {"verdict": "rejected"}),
        ("POST", other, {"verdict": "accepted"}),
        ("PUT", "/queries/x", {"text": "cut_in"}),
    ):
        more = key | {"If-None-Match": "*"} if method == "PUT" else key
        answer = reviewer.send(method, address, body, headers=more)
        assert (answer.status, answer.json["code"]) == (422, "input"), address
    assert len(reviewer.get(path).json["history"]) == 1
    # Written otherwise, asked the same.
    again = reviewer.send("POST", path, b' {"verdict":  "accepted", "comment": ""}', headers=key)
    assert (again.status, again.json) == (201, first.json)


def test_a_refused_request_may_be_tried_again_with_its_key(reviewer: Client, path: str) -> None:
    key = {"Idempotency-Key": "again", "If-Match": '"not this"'}
    assert reviewer.send("POST", path, {"verdict": "accepted"}, headers=key).status == 412
    good = {"Idempotency-Key": "again", "If-Match": reviewer.get(path).headers["etag"]}
    refused = reviewer.send("POST", path, {"verdict": "accepted"}, headers=good)
    assert refused.status == 422
    assert reviewer.get(path).json["history"] == []


def test_the_same_key_of_another_caller_is_another_request(
    mine: SqliteCatalog, loop: asyncio.Runner, reviewer: Client, path: str
) -> None:
    app = app_over(mine, who=OneToken(Role.OPERATOR, subject="else"))
    key = {"Idempotency-Key": "k"}
    for client in (reviewer, Client(app, loop)):
        assert client.send("POST", path, {"verdict": "accepted"}, headers=key).status == 201
    assert [one["by"] for one in reviewer.get(path).json["history"]] == ["somebody", "else"]


def test_the_token_of_a_request_is_told_to_nobody(reviewer: Client, path: str) -> None:
    reviewer.send("POST", path, {"verdict": "accepted"}, headers={"Idempotency-Key": TOKEN})
    assert "request" not in reviewer.get(path).json["review"]
