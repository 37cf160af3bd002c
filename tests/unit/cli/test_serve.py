"""``avdataops serve``: a process of its own, asked over a real socket."""

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.cli import main
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import scene, uploaded
from tests.unit.api.tenant import AUDIENCE, TENANT, publishing, signed

DRIVE = uploaded()


@dataclass(slots=True)
class Served:
    process: subprocess.Popen[str]
    address: str
    token_file: Path

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        shown = self.token_file.read_text(encoding="ascii").strip() if token is None else token
        headers = {"Authorization": f"Bearer {shown}"}
        return httpx.get(f"{self.address}{path}", headers=headers, trust_env=False)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Return the exit status after a signal, and what it had said."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


@contextmanager
def serving(workspace: Path, *options: str, **settings: str) -> Iterator[Served]:
    clean = {name: value for name, value in os.environ.items() if "AVDATAOPS" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "avdataops", "serve", "--port", "0", *options],
        env=clean | {"AVDATAOPS_WORKSPACE": str(workspace)} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=workspace.parent,
    )
    try:
        address = (process.stdout.readline() if process.stdout else "").strip()
        yield Served(process, address, workspace / "api-token")
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    with SqliteCatalog(folder / "catalog.sqlite") as catalog:
        fill(catalog, [scene(DRIVE.id, "cut_in")], DRIVE)
    return folder


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_it_answers_until_it_is_ended(workspace: Path, number: signal.Signals, status: int) -> None:
    with serving(workspace) as served:
        assert served.address.startswith("http://127.0.0.1:")
        assert served.get("/healthz", "none").text == "ok"
        assert served.get("/api/v1/scenes", "wrong").status_code == 401
        (row,) = served.get("/api/v1/scenes").json()["items"]
        assert row["type"] == "cut_in"
        assert served.get("/api/v1/measurements").json()["items"][0]["measurement"] == DRIVE.id
        ended, said = served.end(number)
    assert ended == status
    assert "Traceback" not in said
    token = served.token_file.read_text(encoding="ascii").strip()
    assert token not in said
    assert str(served.token_file) in said
    answered = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [one["status"] for one in answered if one["message"] == "answered"] == [
        200, 401, 200, 200,
    ]  # fmt: skip


def test_what_others_write_meanwhile_is_seen(workspace: Path) -> None:
    with serving(workspace) as served:
        assert len(served.get("/api/v1/measurements").json()["items"]) == 1
        with SqliteCatalog(workspace / "catalog.sqlite") as catalog:
            fill(catalog, [], uploaded("later"))
        assert len(served.get("/api/v1/measurements").json()["items"]) == 2


def test_the_token_is_private_and_outlives_the_process(workspace: Path) -> None:
    with serving(workspace) as served:
        token = served.token_file.read_text(encoding="ascii")
        assert stat.S_IMODE(served.token_file.stat().st_mode) == 0o600
        served.end(signal.SIGTERM)
    with serving(workspace) as served:
        assert served.get("/api/v1/scenes", token.strip()).status_code == 200


def test_tokens_of_a_tenant_open_it_where_one_is_set(workspace: Path) -> None:
    with publishing() as tenant:
        settings = {
            "AVDATAOPS_API__TENANT": TENANT,
            "AVDATAOPS_API__AUDIENCE": AUDIENCE,
            "AVDATAOPS_API__JWKS_URL": tenant.url,
        }
        with serving(workspace, **settings) as served:
            good, expired = signed(), signed(exp=int(time.time()) - 900)
            assert served.get("/api/v1/scenes", good).status_code == 200
            assert served.get("/api/v1/scenes", expired).status_code == 401
            assert served.get("/api/v1/scenes", signed(roles=["other"])).status_code == 403
            assert served.get("/api/v1/scenes", "garbage").status_code == 401
            _, said = served.end(signal.SIGTERM)
    assert not served.token_file.exists()
    for token in (good, expired):
        assert not any(part in said for part in token.split(".")[1:])


def test_the_token_is_shown_once_and_only_on_a_terminal(workspace: Path) -> None:
    def told() -> str:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "avdataops", "serve", "--port", "0"],
            env=os.environ | {"AVDATAOPS_WORKSPACE": str(workspace)},
            stdout=subprocess.PIPE,
            stderr=theirs,
            cwd=workspace.parent,
        )
        try:
            if process.stdout:
                process.stdout.readline()
            return os.read(ours, 65536).decode()
        finally:
            process.kill()
            process.communicate()
            os.close(ours)
            os.close(theirs)

    first = told()
    token = (workspace / "api-token").read_text(encoding="ascii").strip()
    assert token in first
    assert token not in told()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - that is what is refused
def test_it_refuses_to_listen_to_others_without_entra_id(
    workspace: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--workspace", str(workspace), "serve", "--host", host, "--port", "0"]) == 78
    told = capsys.readouterr()
    assert told.out == ""
    assert "without Entra ID" in told.err
    assert "AVDATAOPS_API__TENANT" in told.err


def test_a_token_that_others_can_read_stops_it(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "api-token").write_text("x" * 43, encoding="ascii")
    (workspace / "api-token").chmod(0o644)
    assert main(["--workspace", str(workspace), "serve", "--port", "0"]) == 78
    assert "can be read by others" in capsys.readouterr().err


def test_a_link_is_told_that_signs_one_browser_in(workspace: Path) -> None:
    with serving(workspace) as served:
        served.get("/healthz")
        _, said = served.end(signal.SIGTERM)
    (link,) = re.findall(r"http://127\.0\.0\.1:\d+/sign-in\?code=[\w-]{43}", said)
    assert link.startswith(served.address)


def test_the_link_opens_the_pages_and_leaves_no_code_in_the_log(workspace: Path) -> None:
    with serving(workspace) as served:
        line = served.process.stderr.readline() if served.process.stderr else ""
        while "sign-in?code=" not in line:
            line = served.process.stderr.readline() if served.process.stderr else "sign-in?code="
        link = line.rpartition(" ")[2].strip()
        with httpx.Client(trust_env=False) as browser:
            assert "Signed in" in browser.get(link).text
            page = browser.get(f"{served.address}/scenes", headers={"Accept": "text/html"})
            assert (page.status_code, DRIVE.id in page.text) == (200, True)
            again = httpx.get(link, trust_env=False)
            assert again.status_code == 401
        _, said = served.end(signal.SIGTERM)
    assert link.partition("code=")[2] not in said


def test_in_the_cloud_no_link_is_told(workspace: Path) -> None:
    settings = {"AVDATAOPS_API__TENANT": TENANT, "AVDATAOPS_API__AUDIENCE": AUDIENCE}
    with serving(workspace, **settings) as served:
        served.get("/healthz", "x")
        _, said = served.end(signal.SIGTERM)
    assert "sign-in" not in said
