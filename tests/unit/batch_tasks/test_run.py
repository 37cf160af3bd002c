"""What a batch node starts."""

import json
import logging
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.engine.plan import plan_step
from avdataops.engine.records import load_attempt
from avdataops.model.documents import to_json
from avdataops.model.location import Location, Zone
from avdataops.model.run import Outcome, TaskSpec
from avdataops.steps.validate import VALIDATE
from avdataops.testing.engine_kit import memory_engine
from batch_tasks.run import main

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """Give signals and loggers back as they were."""
    root, ours = logging.getLogger(), logging.getLogger("avdataops")
    handlers, level, our_level = list(root.handlers), root.level, ours.level
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


def stored_task(folder: Path, **changes: Any) -> tuple[str, TaskSpec]:
    """Put a task into the derived zone of a workspace; return its key and the task."""
    engine = replace(memory_engine(), storage=LocalStorage(folder))
    drive = engine.arrived({"a.mcap": b"no recording"})
    (task,) = plan_step(engine.catalog, drive, VALIDATE, {}).run
    task = replace(task, **changes)
    key = f"runs/{task.measurement}/run_{task.id}/task-1.json"
    engine.storage.put(Location(Zone.DERIVED, key), [to_json(task).encode()])
    return key, task


def said(capsys: pytest.CaptureFixture[str]) -> tuple[Any, list[Any]]:
    told = capsys.readouterr()
    (line,) = told.out.splitlines()
    return json.loads(line), [json.loads(line) for line in told.err.splitlines()]


def test_a_task_is_run_from_storage_and_leaves_its_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE_ID}-00f067aa0ba902b7-01")
    key, task = stored_task(tmp_path)
    assert main(["--task", key, "--workspace", str(tmp_path)]) == 0
    record = load_attempt(LocalStorage(tmp_path), task.measurement, f"run_{task.id}", 1)
    assert record is not None
    assert (record.outcome, record.facts["reason_code"]) == (
        Outcome.FAILED_INPUT,
        "unknown_format",
    )
    assert record.environment["trace_id"] == TRACE_ID
    document, log = said(capsys)
    assert document == {
        "run": f"run_{task.id}",
        "measurement": task.measurement,
        "step": "validate",
        "part": "a.mcap",
        "attempt": 1,
        "outcome": "failed (input)",
        "made": 0,
        "failure": record.failure.message if record.failure else None,
    }
    assert [line["message"] for line in log] == ["started", "ended"]
    facts = {(line["trace_id"], line["measurement"], line["step"], line["attempt"]) for line in log}
    assert facts == {(TRACE_ID, task.measurement, "validate", 1)}


def test_the_workspace_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, _ = stored_task(tmp_path)
    monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(tmp_path))
    assert main(["--task", key]) == 0
    assert said(capsys)[0]["outcome"] == "failed (input)"


def test_what_another_attempt_may_mend_ends_as_temporary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, _ = stored_task(tmp_path, version=99)
    assert main(["--task", key, "--workspace", str(tmp_path)]) == 75
    assert said(capsys)[0]["outcome"] == "failed (transient)"


def test_what_is_no_task_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = Location(Zone.DERIVED, "runs/x/task-1.json")
    LocalStorage(tmp_path).put(at, [b"{}"])
    assert main(["--task", at.key, "--workspace", str(tmp_path)]) == 65
    error = said(capsys)[0]["error"]
    assert (error["code"], error["message"].startswith("not a TaskSpec")) == (
        "schema_mismatch",
        True,
    )


@pytest.mark.parametrize(
    ("key", "status"), [("runs/m/nothing.json", 4), ("../landing/x", 65), ("/etc/passwd", 65)]
)
def test_a_key_leads_nowhere_but_into_the_derived_zone(
    tmp_path: Path, key: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--task", key, "--workspace", str(tmp_path)]) == status
    assert said(capsys)[0]["error"]["code"] in {"not_found", "unsafe_name"}


def test_a_cloud_with_a_zone_missing_is_bad_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AVDATAOPS_AZURE__STORAGE__RAW", "https://raw.example")
    assert main(["--task", "x", "--workspace", str(tmp_path)]) == 78
    assert "azure.storage.landing" in said(capsys)[0]["error"]["message"]


def test_scratch_files_go_where_the_image_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image sets TMPDIR to the working directory, on a node the folder of the task."""
    node, made = tmp_path / "node", list[str]()
    node.mkdir()
    monkeypatch.chdir(node)
    monkeypatch.setenv("TMPDIR", "./")
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = tempfile.mkdtemp

    def noted(*given: Any, **named: Any) -> str:
        made.append(before(*given, **named))
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", noted)
    key, _ = stored_task(tmp_path / "zones")
    assert main(["--task", key, "--workspace", str(tmp_path / "zones")]) == 0
    assert {Path(folder).parent for folder in made} == {node}
    assert list(node.iterdir()) == []
    said(capsys)
