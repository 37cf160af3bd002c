"""One table from error class to status."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api import problems
from avdataops.model import errors
from avdataops.model.errors import AvdataopsError, error_classes
from tests.unit.api.door_kit import Client, app_over

INSIDE = "/srv/private/catalog.sqlite at https://inside.example"
EXPECTED = {
    "input": 422,
    "query": 422,
    "unreadable_file": 422,
    "missing_stream": 422,
    "schema_mismatch": 422,
    "unsafe_name": 422,
    "hostile_input": 422,
    "over_limit": 422,
    "conflict": 409,
    "outdated": 412,
    "nothing_to_do": 409,
    "not_found": 404,
    "busy": 423,
    "transient": 503,
    "storage_unavailable": 503,
    "catalog_unavailable": 503,
    "permission_denied": 403,
    "config": 500,
    "error": 500,
}
OWN_WORDS = {422, 409, 412, 404}


class Raising:
    """A catalog in which everything goes wrong."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


def raising(catalog: SqliteCatalog, loop: asyncio.Runner, error: BaseException) -> Client:
    app = app_over(catalog)
    app.state.door = replace(app.state.door, catalog=Raising(error))
    return Client(app, loop)


def test_every_class_of_the_tree_has_a_status() -> None:
    found = {code: problems.status_of(kind("x")).status for code, kind in error_classes().items()}
    assert found == EXPECTED


def test_a_new_class_speaks_with_its_parents_status() -> None:
    class Overloaded(errors.CatalogUnavailable):
        code = "catalog_unavailable"

    assert problems.status_of(Overloaded("x")).status == 503


@pytest.mark.parametrize("code", list(EXPECTED))
def test_each_error_is_a_problem_that_tells_no_more_than_it_may(
    catalog: SqliteCatalog, loop: asyncio.Runner, code: str
) -> None:
    error: AvdataopsError = error_classes()[code](INSIDE, hint=INSIDE)
    answer = raising(catalog, loop, error).get("/measurements")
    assert (answer.status, answer.headers["content-type"]) == (EXPECTED[code], problems.MEDIA_TYPE)
    told = answer.json
    assert (told["status"], told["code"], told["retryable"]) == (
        EXPECTED[code],
        code,
        error.retryable,
    )
    assert (told["detail"] == INSIDE) is (EXPECTED[code] in OWN_WORDS)
    assert (INSIDE in json.dumps(told)) is (EXPECTED[code] in OWN_WORDS)
    assert ("retry-after" in answer.headers) is error.retryable
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == told["request_id"]


def test_a_defect_tells_nothing(catalog: SqliteCatalog, loop: asyncio.Runner) -> None:
    answer = raising(catalog, loop, RuntimeError(INSIDE)).get("/measurements")
    assert (answer.status, answer.json["code"]) == (500, "defect")
    assert "private" not in answer.body.decode()
    assert "Traceback" not in answer.body.decode()
    assert answer.headers["x-request-id"] == answer.json["request_id"]


def test_what_a_client_sent_is_not_repeated_at_length(api: Client) -> None:
    answer = api.get("/measurements", vehicle="<script>" * 500)
    assert answer.status == 422
    assert "<script>" not in answer.body.decode()


def test_an_address_that_is_not_there_is_a_problem_too(api: Client) -> None:
    answer = api.ask("GET", "/api/v2/scenes")
    assert (answer.status, answer.headers["content-type"]) == (404, problems.MEDIA_TYPE)
    assert answer.json["code"] == "not_found"
