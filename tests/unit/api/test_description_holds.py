"""A server of its own, asked whatever its description allows: every answer keeps to it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.describe import description
from avdataops.model.saved_query import SavedQuery
from avdataops.ports.catalog import SceneQuery
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import scene, uploaded
from avdataops.wiring.datasets import Wanted, freeze

DRIVE = uploaded()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 3
"""For each operation; more with ``-m slow``."""

DESCRIPTION = schemathesis.openapi.from_dict(json.loads(description()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Return address and token of a running server over a filled workspace."""
    folder = tmp_path_factory.mktemp("served") / "workspace"
    folder.mkdir()
    with SqliteCatalog(folder / "catalog.sqlite") as catalog:
        fill(catalog, [scene(DRIVE.id, "cut_in", n, evidence={"n": n}) for n in range(5)], DRIVE)
        kept = SavedQuery(name="wet", text="rain", owner="local", at_ns=1)
        catalog.save_query(kept, expected=0)
        freeze(catalog, catalog, Wanted(name="cuts", by="x", query=SceneQuery(), text="x"))
    clean = {name: value for name, value in os.environ.items() if "AVDATAOPS" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "avdataops", "serve", "--port", "0"],
        env=clean | {"AVDATAOPS_WORKSPACE": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder.parent,
    )
    try:
        address = (process.stdout.readline() if process.stdout else "").strip().split("?")[0]
        yield address.rstrip("/"), (folder / "api-token").read_text(encoding="ascii").strip()
    finally:
        process.kill()
        process.communicate()


def asked(case: schemathesis.Case[Any], server: tuple[str, str]) -> None:
    """Send one request, and hold the answer against the description."""
    address, token = server
    headers = {"Authorization": f"Bearer {token}"}
    answer = case.call(base_url=address, headers=headers, timeout=20)
    case.validate_response(answer, checks=CHECKS)
    told = answer.content.decode("utf-8", "replace")
    for inside in ("Traceback", "sqlite3", "site-packages", str(Path.cwd())):
        assert inside not in told
    assert answer.headers["x-request-id"]


_SOME = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@DESCRIPTION.parametrize()
@_SOME
def test_every_answer_keeps_to_the_description(
    case: schemathesis.Case[Any], server: tuple[str, str]
) -> None:
    asked(case, server)


@pytest.mark.slow
@DESCRIPTION.parametrize()
@settings(_SOME, max_examples=150)
def test_every_answer_keeps_to_the_description_however_often_one_asks(
    case: schemathesis.Case[Any], server: tuple[str, str]
) -> None:
    asked(case, server)


@DESCRIPTION.parametrize()
@settings(_SOME, max_examples=1)
def test_without_the_token_nothing_is_answered(
    case: schemathesis.Case[Any], server: tuple[str, str]
) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = case.call(base_url=server[0], headers=headers, timeout=20)
        assert answer.status_code in {401, 405, 411, 413, 414, 415}
        assert "etag" not in answer.headers
