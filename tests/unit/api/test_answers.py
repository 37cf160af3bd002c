"""ETags and pages."""

import asyncio

import pytest

from avdataops.api.answers import after_one, respond
from avdataops.model.errors import NotFound
from avdataops.testing.catalog_store import register
from avdataops.testing.facts import uploaded
from tests.unit.api.door_kit import FIRST, TOKEN, Client, app_over, filled_catalog

AUTH = {"Authorization": f"Bearer {TOKEN}"}
PATHS = ["/measurements", f"/measurements/{FIRST.id}", "/scenes?limit=2", "/scenes/count"]


def tag_of(api: Client, path: str) -> str:
    return str(api.get(path).headers["etag"])


@pytest.mark.parametrize("path", PATHS)
def test_who_has_the_answer_gets_304_and_no_body(api: Client, path: str) -> None:
    tag = tag_of(api, path)
    assert tag.startswith('"')
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*", f"  {tag}  "):
        answer = api.get(path, headers={**AUTH, "If-None-Match": sent})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sent", ['"other"', "", "x", '"', tag_of.__name__])
def test_who_has_another_answer_gets_this_one(api: Client, path: str, sent: str) -> None:
    answer = api.get(path, headers={**AUTH, "If-None-Match": sent})
    assert answer.status == 200
    assert answer.body


def test_a_tag_does_not_open_the_door(api: Client) -> None:
    tag = tag_of(api, "/measurements")
    assert api.get("/measurements", headers={"If-None-Match": tag}).status == 401


def test_a_tag_changes_with_the_content_and_only_then(loop: asyncio.Runner) -> None:
    with filled_catalog() as catalog:
        api = Client(app_over(catalog), loop)
        before = tag_of(api, "/measurements")
        assert tag_of(api, "/measurements") == before
        register(catalog, uploaded("a new one"))
        assert tag_of(api, "/measurements") != before


def test_tags_of_different_answers_differ(api: Client) -> None:
    assert len({tag_of(api, path) for path in PATHS}) == len(PATHS)


def test_answers_are_private_and_asked_for_again(api: Client) -> None:
    assert api.get("/scenes").headers["cache-control"] == "private, no-cache"


def test_the_next_page_keeps_the_question_and_names_no_host(api: Client) -> None:
    answer = api.get(
        "/scenes",
        headers={**AUTH, "Host": "evil.example"},
        type=["cut_in", "rain"],
        where="confidence > 0.5",
        limit=1,
    )
    following = answer.json["next"]
    assert following.startswith("/api/v1/scenes?type=cut_in&type=rain&where=")
    assert "evil" not in answer.body.decode()
    assert api.ask("GET", following).json["items"] != answer.json["items"]


def test_the_last_page_has_no_next(api: Client) -> None:
    answer = api.get("/scenes", limit=1000)
    assert answer.json["next"] is None
    assert "link" not in answer.headers


@pytest.mark.parametrize(("after", "rest"), [(None, ["a", "b", "c"]), ("a", ["b", "c"]), ("c", [])])
def test_what_comes_after_one_is_the_rest(after: str | None, rest: list[str]) -> None:
    assert after_one(["a", "b", "c"], after, str) == rest


@pytest.mark.parametrize("items", [[], ["a"]])
def test_there_is_nothing_after_what_is_not_there(items: list[str]) -> None:
    with pytest.raises(NotFound, match="'z'"):
        after_one(items, "z", str)


def test_unknown_numbers_are_null() -> None:
    from fastapi import Request

    request = Request({"type": "http", "headers": [], "method": "GET"})
    assert respond(request, {"x": float("nan"), "y": 2**62}).body == (
        b'{"x":null,"y":4611686018427387904}'
    )
