"""Everything is refused to whoever is not admitted."""

import asyncio
import logging
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.access import MAX_TOKEN_CHARS, Role
from avdataops.api.app import assembled
from avdataops.model.errors import TransientError
from tests.unit.api.door_kit import TOKEN, Client, app_over

DESCRIBED: dict[str, Any] = assembled().openapi()["paths"]
ADDRESSES = [re.sub(r"\{\w+\}", "art_0000000000000000", path) for path in DESCRIBED]

WRITES = [
    (re.sub(r"\{\w+\}", "scn_0000000000000000", path), method.upper())
    for path, methods in DESCRIBED.items()
    for method in methods
    if method != "get"
]


def test_every_described_address_lies_under_the_prefix_and_wants_a_token() -> None:
    assert len(DESCRIBED) >= 23
    for path, methods in DESCRIBED.items():
        assert path.startswith("/api/v1/")
        assert "get" in methods
        for operation in methods.values():
            assert operation["security"] == [{"bearer": []}]


def test_every_route_of_the_application_is_described_or_public(api: Client) -> None:
    public = {"/healthz", "/openapi.json"}
    for address in public:
        assert api.ask("GET", address, headers={}).status == 200
    for address in ("/docs", "/redoc", "/docs/oauth2-redirect", "/api/v1", "/api/v1/"):
        assert api.ask("GET", address).status == 404


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN} {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {'x' * (MAX_TOKEN_CHARS + 1)}",
    ],
)
def test_without_a_good_token_every_address_is_closed(
    api: Client, address: str, value: str | None
) -> None:
    headers = {} if value is None else {"Authorization": value}
    answer = api.ask("GET", address, headers=headers)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in answer.body.decode()
    assert "etag" not in answer.headers


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_token_without_a_role_is_forbidden_everywhere(
    catalog: SqliteCatalog, loop: asyncio.Runner, address: str
) -> None:
    answer = Client(app_over(catalog, role=None), loop).ask("GET", address)
    assert (answer.status, answer.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize(("address", "method"), WRITES)
@pytest.mark.parametrize("body", [b"{}", b"nonsense", b""])
def test_nothing_is_written_without_a_token_and_the_role_for_it(
    catalog: SqliteCatalog, loop: asyncio.Runner, address: str, method: str, body: bytes
) -> None:
    app = Client(app_over(catalog), loop)
    json_ = {"Content-Type": "application/json"}
    assert app.ask(method, address, headers=json_, content=body).status == 401
    wrong = json_ | {"Authorization": "Bearer wrong"}
    assert app.ask(method, address, headers=wrong, content=body).status == 401
    reader = json_ | {"Authorization": f"Bearer {TOKEN}"}
    answer = app.ask(method, address, headers=reader, content=body)
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert "operator" in answer.json["detail"]
    assert catalog.saved_query("wet").version == 1


def test_there_are_writes_to_refuse() -> None:
    assert len(WRITES) >= 4


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read(catalog: SqliteCatalog, loop: asyncio.Runner, role: Role) -> None:
    assert Client(app_over(catalog, role=role), loop).get("/measurements").status == 200


def test_the_token_is_looked_at_before_the_parameters(api: Client) -> None:
    address = "/api/v1/scenes?limit=many&nonsense=1"
    assert api.ask("GET", address, headers={}).status == 401
    assert api.ask("GET", address).status == 422


def test_the_token_is_taken_from_its_header_alone(api: Client) -> None:
    for address in (f"/api/v1/scenes?access_token={TOKEN}", f"/api/v1/scenes?token={TOKEN}"):
        assert api.ask("GET", address, headers={"Cookie": f"token={TOKEN}"}).status == 401


def test_what_proxies_say_of_a_user_is_not_believed(api: Client) -> None:
    claimed = {"X-MS-CLIENT-PRINCIPAL": "e30=", "X-Forwarded-User": "admin", "Remote-User": "root"}
    assert api.ask("GET", "/api/v1/scenes", headers=claimed).status == 401


def test_two_authorisations_are_none(catalog: SqliteCatalog, loop: asyncio.Runner) -> None:
    async def ask() -> int:
        transport = httpx.ASGITransport(app_over(catalog))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            twice = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer x")]
            return (await client.get("/api/v1/scenes", headers=twice)).status_code

    assert loop.run(ask()) == 401


def test_while_nobody_can_tell_good_tokens_all_are_refused(
    catalog: SqliteCatalog, loop: asyncio.Runner
) -> None:
    class Silent:
        def caller(self, token: str) -> None:
            raise TransientError(f"no keys at https://inside.example for {len(token)}")

    app = app_over(catalog)
    app.state.door = replace(app.state.door, checker=Silent())
    answer = Client(app, loop).get("/measurements")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "inside.example" not in answer.body.decode()


def test_no_token_gets_into_the_log(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.get("/measurements")
    api.get("/measurements", headers={"Authorization": "Bearer secret-that-is-wrong"})
    api.ask("GET", "/api/v1/scenes?access_token=secret-in-the-address", headers={})
    ours = [one for one in caplog.records if one.name.startswith("avdataops")]
    told = "\n".join(f"{one.getMessage()} {vars(one)}" for one in ours)
    assert "answered" in told
    for secret in (TOKEN, "secret-that-is-wrong", "secret-in-the-address"):
        assert secret not in told
