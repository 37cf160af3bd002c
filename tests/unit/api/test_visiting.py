"""Who looks at a page, and whose writes are meant."""

import asyncio

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.access import Role
from avdataops.api.sessions import COOKIE, LASTS_S, Sessions
from avdataops.ports.catalog import SceneQuery
from tests.unit.api.door_kit import TOKEN, Client, app_over, filled_catalog

PAGE = {"Accept": "text/html"}
REVIEW = b'{"verdict": "accepted"}'


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return Sessions("a token that these tests alone know")


@pytest.fixture(scope="module")
def local(catalog: SqliteCatalog, loop: asyncio.Runner, sessions: Sessions) -> Client:
    return Client(app_over(catalog, sessions=sessions), loop)


@pytest.fixture(scope="module")
def cloud(catalog: SqliteCatalog, loop: asyncio.Runner) -> Client:
    return Client(app_over(catalog), loop)


def cookie_of(sessions: Sessions) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={sessions.open(sessions.new_code())}"}


def test_the_printed_link_opens_a_session_and_goes_on(local: Client, sessions: Sessions) -> None:
    address = f"/sign-in?code={sessions.new_code()}"
    answer = local.ask("GET", address, headers=PAGE)
    assert answer.status == 200
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={LASTS_S}"):
        assert part in cookie
    assert "Secure" not in cookie
    assert b"url=/scenes" in answer.body
    session = {"Cookie": cookie.partition(";")[0], **PAGE}
    assert local.ask("GET", "/scenes", headers=session).status == 200
    again = local.ask("GET", address, headers=PAGE)
    assert again.status == 401
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize(
    "following",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)",
     "/x\r\nSet-Cookie: a=b", "", "scenes", "/\t/evil.example", '/"><script>'],
)  # fmt: skip
def test_after_signing_in_nobody_is_sent_elsewhere(
    local: Client, sessions: Sessions, following: str
) -> None:
    address = {"code": sessions.new_code(), "next": following}
    answer = local.ask("GET", "/sign-in", headers=PAGE, params=address)
    text = answer.body.decode()
    assert "evil.example" not in text
    assert "javascript:" not in text
    assert "<script" not in text


def test_who_is_not_signed_in_is_sent_to_where_that_is_done(local: Client) -> None:
    answer = local.ask("GET", "/scenes?type=rain&near=1,2,3", headers=PAGE)
    assert answer.status == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fscenes%3Ftype%3Drain%26near%3D1%2C2%2C3"
    asked = local.ask("GET", answer.headers["location"], headers=PAGE)
    assert asked.status == 200
    assert b"/scenes?type=rain&amp;near=1,2,3" in asked.body


def test_scripts_without_a_session_get_a_problem_and_no_page(local: Client) -> None:
    answer = local.ask("GET", "/scenes/points.json", headers={"Accept": "*/*"})
    assert (answer.status, answer.json["status"]) == (401, 401)


def test_a_session_may_read_and_write_the_api_from_our_own_page(
    loop: asyncio.Runner, sessions: Sessions
) -> None:
    with filled_catalog() as mine:
        client = Client(app_over(mine, sessions=sessions), loop)
        scene = mine.scenes(SceneQuery(), limit=1)[0].id
        address = f"/api/v1/scenes/{scene}/reviews"
        signed = {"Content-Type": "application/json", **cookie_of(sessions)}
        own = {**signed, "Sec-Fetch-Site": "same-origin"}
        assert client.ask("GET", address, headers=signed).status == 200
        assert client.ask("POST", address, headers=own, content=REVIEW).status == 201
        own = {**signed, "Origin": "http://api.test"}
        assert client.ask("POST", address, headers=own, content=REVIEW).status == 201
        assert len(mine.reviews(scene)) == 2


@pytest.mark.parametrize(
    "from_where",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://api.test"},
        {"Origin": "http://api.test:8080"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_what_another_page_makes_a_browser_send_changes_nothing(
    loop: asyncio.Runner, sessions: Sessions, from_where: dict[str, str]
) -> None:
    with filled_catalog() as mine:
        client = Client(app_over(mine, sessions=sessions), loop)
        scene = mine.scenes(SceneQuery(), limit=1)[0].id
        headers = {"Content-Type": "application/json", **cookie_of(sessions), **from_where}
        answer = client.ask(
            "POST", f"/api/v1/scenes/{scene}/reviews", headers=headers, content=REVIEW
        )
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
        assert list(mine.reviews(scene)) == []


def test_a_wrong_session_is_none_even_beside_a_good_header(local: Client) -> None:
    for cookie in ("", "x", "1.2.3"):
        headers = {"Cookie": f"{COOKIE}={cookie}", "X-Front-End-Token": TOKEN, **PAGE}
        assert local.ask("GET", "/scenes", headers=headers).status == 303


def test_in_the_cloud_the_token_of_the_front_end_is_checked_like_any_other(cloud: Client) -> None:
    good = {"X-Front-End-Token": TOKEN, **PAGE}
    assert cloud.ask("GET", "/scenes", headers=good).status == 200
    assert cloud.ask("GET", "/scenes", headers={"Authorization": f"Bearer {TOKEN}"}).status == 200
    for wrong in ("x", "", f"Bearer {TOKEN}", "x" * 10_000):
        headers = {"X-Front-End-Token": wrong, **PAGE}
        assert cloud.ask("GET", "/scenes", headers=headers).status == 303


def test_what_a_front_end_says_of_somebody_is_not_believed(cloud: Client) -> None:
    told = {"X-MS-CLIENT-PRINCIPAL-NAME": "admin", "X-MS-CLIENT-PRINCIPAL": "e30=", **PAGE}
    assert cloud.ask("GET", "/scenes", headers=told).status == 303


def test_a_header_that_nobody_named_opens_nothing(
    catalog: SqliteCatalog, loop: asyncio.Runner
) -> None:
    app = app_over(catalog)
    assert app.state.door.front_end_header == "X-Front-End-Token"
    headers = {"X-Other-Token": TOKEN, **PAGE}
    assert Client(app, loop).ask("GET", "/scenes", headers=headers).status == 303


def test_a_known_person_without_a_role_is_forbidden(
    catalog: SqliteCatalog, loop: asyncio.Runner
) -> None:
    client = Client(app_over(catalog, role=None), loop)
    answer = client.ask("GET", "/scenes", headers={"X-Front-End-Token": TOKEN, **PAGE})
    assert answer.status == 403
    assert b"gives no role here" in answer.body


def test_without_sessions_no_code_opens_one(cloud: Client) -> None:
    answer = cloud.ask("GET", "/sign-in?code=abc", headers=PAGE)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert b"api.front_end_header" in answer.body


def test_a_reader_may_look_and_not_review(catalog: SqliteCatalog, loop: asyncio.Runner) -> None:
    client = Client(app_over(catalog, role=Role.READER), loop)
    scene = catalog.scenes(SceneQuery(), limit=1)[0].id
    headers = {"X-Front-End-Token": TOKEN, "Sec-Fetch-Site": "same-origin"}
    assert client.ask("GET", f"/scenes/{scene}", headers=headers).status == 200
    sent = {**headers, "Content-Type": "application/json"}
    address = f"/api/v1/scenes/{scene}/reviews"
    assert client.ask("POST", address, headers=sent, content=REVIEW).status == 403
