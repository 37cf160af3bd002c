"""What holds for every request."""

import asyncio
import logging
import re

import pytest

from avdataops.api.app import assembled
from avdataops.api.guard import MAX_ADDRESS_BYTES
from tests.unit.api.door_kit import TOKEN, Client

ADDRESSES = ["/api/v1/measurements", "/healthz", "/openapi.json", "/nowhere"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_what_can_only_be_read_is_only_read(api: Client, method: str, address: str) -> None:
    answer = api.ask(method, address)
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
    assert answer.headers["connection"] == "close"


def test_an_address_has_a_limit(api: Client) -> None:
    fits = MAX_ADDRESS_BYTES - len("/api/v1/scenes") - len("vehicle=")
    assert api.ask("GET", f"/api/v1/scenes?vehicle={'x' * fits}").status == 422
    answer = api.ask("GET", f"/api/v1/scenes?vehicle={'x' * (fits + 1)}")
    assert (answer.status, answer.json["status"]) == (414, 414)
    assert api.ask("GET", f"/{'x' * MAX_ADDRESS_BYTES}").status == 414


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_body_is_not_read(api: Client, address: str) -> None:
    assert api.ask("GET", address, content=b"x").status == 413
    chunked = {"Transfer-Encoding": "chunked", "Authorization": f"Bearer {TOKEN}"}
    assert api.ask("GET", address, headers=chunked).status == 413


def test_an_empty_body_is_none(api: Client) -> None:
    headers = {"Content-Length": "0", "Authorization": f"Bearer {TOKEN}"}
    assert api.ask("GET", "/api/v1/measurements", headers=headers).status == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_has_an_id_of_its_own(api: Client, address: str) -> None:
    one, other = (api.ask("GET", address).headers["x-request-id"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert one != other


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abc-123_x.Y", True), ("x" * 64, True), ("x" * 65, False), ("", False), ("a b", False),
     ('"><script>', False)],
)  # fmt: skip
def test_a_harmless_id_of_the_client_is_kept(api: Client, sent: str, kept: bool) -> None:
    answer = api.ask("GET", "/nowhere", headers={"X-Request-ID": sent})
    assert (answer.headers["x-request-id"] == sent) is kept
    assert answer.json["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_browser_may_guess_or_run_anything(api: Client, address: str) -> None:
    headers = api.ask("GET", address).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_each_request_is_one_line_in_the_log(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="avdataops")
    api.get("/measurements", vehicle="car-1")
    api.ask("GET", "/nowhere", headers={"X-Request-ID": "mine"})
    one, other = [vars(line)["facts"] for line in caplog.records if "guard" in line.name]
    assert (one["method"], one["path"], one["status"]) == ("GET", "/api/v1/measurements", 200)
    assert (one["subject"], one["took_ms"] > 0) == ("somebody", True)
    assert (other["request_id"], other["status"], other["subject"]) == ("mine", 404, None)


def test_the_health_says_nothing_but_that_it_answers(loop: asyncio.Runner) -> None:
    # There is no door behind this one: health must not ask anybody.
    answer = Client(assembled(), loop).ask("GET", "/healthz", headers={})
    assert (answer.status, answer.body) == (200, b"ok")
