"""Commit and reconcile, as batch processes do them."""

import json
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import batch_tasks.commit
import batch_tasks.orchestrate
import batch_tasks.reconcile
from avdataops.adapters.local_leases import LocalLeases
from avdataops.adapters.local_storage import LocalStorage
from avdataops.testing.command_line import without_processes
from avdataops.testing.engine_kit import land

GOOD = {"drive.log": b"(1581670628.161550) can0 123#DEADBEEF\n"}
BAD = {"a.mcap": b"this is no recording"}
STEPS = "name: short\nsteps:\n  - step: validate\n"


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty workspace, and signals and loggers as they were."""
    for name in list(os.environ):
        if name.startswith("AVDATAOPS_"):
            monkeypatch.delenv(name)
    (tmp_path / "short.yaml").write_text(STEPS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(tmp_path / "lake"))
    monkeypatch.setenv("AVDATAOPS_PIPELINE", str(tmp_path / "short.yaml"))
    monkeypatch.setattr("avdataops.wiring.dispatchers.LocalPool", without_processes)
    root, ours = logging.getLogger(), logging.getLogger("avdataops")
    handlers, level, our_level = list(root.handlers), root.level, ours.level
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path / "lake"
    signal.signal(signal.SIGTERM, before)
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_what_waits_is_named_and_nothing_is_done(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {land(LocalStorage(workspace), files) for files in (GOOD, BAD)}
    for _ in range(2):
        assert batch_tasks.reconcile.main([]) == 0
        told = said(capsys)
        assert (set(told["measurements"]), told["total"]) == (names, 2)
    assert batch_tasks.reconcile.main(["--limit", "1"]) == 0
    assert len(said(capsys)["measurements"]) == 1


def test_what_waits_is_run_and_one_that_fails_does_not_stop_the_others(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = (land(LocalStorage(workspace), files) for files in (GOOD, BAD))
    assert batch_tasks.reconcile.main(["--run"]) == 0
    told = said(capsys)
    assert {one["measurement"]: (one["verdict"], one["state"]) for one in told["results"]} == {
        good: ("done", "complete"),
        bad: ("rejected", "quarantined"),
    }
    assert batch_tasks.reconcile.main(["--run"]) == 0
    assert said(capsys)["results"] == []


def test_what_another_process_takes_meanwhile_is_told(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measurement = land(LocalStorage(workspace), GOOD)
    monkeypatch.setattr("avdataops.wiring.orchestration.idle", lambda *_: True)
    with LocalLeases(workspace / "locks").hold(measurement):
        assert batch_tasks.reconcile.main(["--run"]) == 0
    (told,) = said(capsys)["results"]
    assert (told["measurement"], told["verdict"], told["retryable"]) == (measurement, "busy", True)


def test_a_commit_of_what_is_committed_changes_nothing(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measurement = land(LocalStorage(workspace), GOOD)
    assert batch_tasks.reconcile.main(["--run"]) == 0
    capsys.readouterr()
    assert batch_tasks.commit.main([measurement]) == 0
    assert said(capsys) == {"measurement": measurement, "committed": 0, "without_record": 0}


def test_a_commit_needs_a_measurement_that_nobody_holds(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert batch_tasks.commit.main(["m_" + "0" * 24]) == 4
    assert said(capsys)["error"]["code"] == "not_found"
    measurement = land(LocalStorage(workspace), GOOD)
    assert batch_tasks.reconcile.main(["--run"]) == 0
    capsys.readouterr()
    with LocalLeases(workspace / "locks").hold(measurement):
        assert batch_tasks.commit.main([measurement]) == 75
    assert said(capsys)["error"]["code"] == "busy"


def test_an_orchestrator_without_an_activity_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert batch_tasks.orchestrate.main() == 78
    assert "activity.json" in said(capsys)["error"]["message"]


def test_an_orchestrator_does_what_the_activity_in_its_folder_asks(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measurement = land(LocalStorage(workspace), GOOD)
    given = {"action": "run", "measurement": measurement}
    text = json.dumps({"typeProperties": {"extendedProperties": given}})
    (tmp_path / "activity.json").write_text(text, encoding="utf-8")
    assert batch_tasks.orchestrate.main() == 0
    told = said(capsys)
    assert told["state"] == "complete"
    assert json.loads((tmp_path / "outputs.json").read_bytes()) == told
