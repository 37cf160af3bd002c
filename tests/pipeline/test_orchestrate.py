"""Orchestrator and workers as a batch service starts them: processes, signals, working folders."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.engine.plan import plan_step
from avdataops.engine.records import load_attempt, load_made
from avdataops.model.documents import to_json
from avdataops.model.ids import run_id
from avdataops.model.location import Location, Zone
from avdataops.model.run import Outcome
from avdataops.settings import load_settings
from avdataops.steps import STEPS
from avdataops.testing.command_line import Desk
from avdataops.testing.invariants import broken_invariants
from avdataops.wiring.workspace import open_workspace
from sample_data import SampleDrive

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

TERMINATED, TEMPORARY = 143, 75
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
ROOT = Path(__file__).parents[2]
TOO_LONG_S = 240


@dataclass(frozen=True, slots=True)
class Node:
    """A folder in which a service starts processes, over the workspace of a desk."""

    folder: Path
    desk: Desk

    def start(self, module: str, *arguments: str, **properties: str) -> subprocess.Popen[bytes]:
        self.folder.mkdir(exist_ok=True)
        if properties:
            given = {"typeProperties": {"extendedProperties": properties}}
            (self.folder / "activity.json").write_text(json.dumps(given), encoding="utf-8")
        sink = (self.folder / "err").open("wb")
        try:
            return subprocess.Popen(
                [sys.executable, "-m", f"batch_tasks.{module}", *arguments],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=sink,
                env=self._environment(),
            )
        finally:
            sink.close()

    def call(self, module: str, *arguments: str, **properties: str) -> tuple[int, Any]:
        """Start a process and wait; return its exit status and its document."""
        with self.start(module, *arguments, **properties) as process:
            out, _ = process.communicate(timeout=TOO_LONG_S)
        (line,) = out.splitlines()
        return process.returncode, json.loads(line)

    @property
    def log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "err").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def outputs(self) -> Any:
        return json.loads((self.folder / "outputs.json").read_bytes())

    def broken(self) -> list[str]:
        with open_workspace(load_settings(workspace=self.desk.workspace)) as opened:
            return broken_invariants(opened.storage, opened.catalog)

    def _environment(self) -> Mapping[str, str]:
        own = {"AVDATAOPS_WORKSPACE": str(self.desk.workspace), "AVDATAOPS_JOBS": "1"}
        return {**os.environ, "PYTHONPATH": str(ROOT), "TRACEPARENT": TRACEPARENT, **own}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "node", Desk(tmp_path / "lake"))


def upload(desk: Desk, drive: SampleDrive) -> str:
    given = ("upload", drive.drive, "--vehicle", drive.vehicle, "--dbc", drive.dbc)
    return str(desk.here(*given, "--format", "json").json["measurement"])


def wait_for(err: Path, said: Callable[[Sequence[str]], bool], process: Any) -> None:
    """Wait until the log says something; the process must live until then."""
    while not said(err.read_text(encoding="utf-8").splitlines() if err.exists() else []):
        assert process.poll() is None, err.read_text(encoding="utf-8")
        time.sleep(0.01)


def test_an_orchestrator_that_is_terminated_leaves_what_its_successor_goes_on_from(
    short: SampleDrive, finished_short: "Processed", node: Node
) -> None:
    measurement = upload(node.desk, short)
    asked = {"action": "run", "measurement": measurement, "traceparent": TRACEPARENT}
    err = node.folder / "err"
    with node.start("orchestrate", **asked) as process:
        ended = '"message": "task ended"'
        wait_for(
            err, lambda lines: any(ended in line and '"extract"' in line for line in lines), process
        )
        busy = Node(node.folder.with_name("second"), node.desk).call("orchestrate", **asked)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert busy[0] == TEMPORARY
    assert busy[1]["error"]["code"] == "busy"
    assert process.returncode == TERMINATED
    assert json.loads(out)["error"]["code"] == "terminated"
    assert not (node.folder / "outputs.json").exists()
    assert node.broken() == []
    shown = node.desk.here("measurements", "show", measurement, "--format", "json").json
    assert shown["state"] == "pending"
    status, told = node.call("orchestrate", **asked)
    assert (status, told["verdict"], told["state"]) == (0, "done", "complete")
    assert told["counts"]["already"] >= 1
    assert node.outputs == told
    assert node.desk.results() == finished_short.desk.results()
    assert node.broken() == []
    assert {line["trace_id"] for line in node.log} == {TRACE_ID}
    assert {line["measurement"] for line in node.log} == {measurement}
    status, told = node.call("orchestrate", **asked)
    assert (status, told["verdict"], told["counts"]["ran"]) == (0, "nothing to do", 0)


def test_a_worker_that_is_terminated_in_its_task_leaves_no_record_and_can_be_repeated(
    short: SampleDrive, finished_short: "Processed", node: Node
) -> None:
    measurement = upload(node.desk, short)
    assert node.desk.here("run", measurement, "--to", "validate").status == 0
    with open_workspace(load_settings(workspace=node.desk.workspace)) as opened:
        facts = opened.catalog.measurement(measurement)
        plan = plan_step(opened.catalog, facts, STEPS["extract"], {})
        (task,) = opened.catalog.begin([one for one in plan.run if one.part == "sensors.mcap"])
        key = f"runs/{measurement}/{run_id(task.id)}/task-1.json"
        opened.storage.put(Location(Zone.DERIVED, key), [to_json(task).encode()])
    storage = LocalStorage(node.desk.workspace)
    with node.start("run", "--task", key) as process:
        wait_for(
            node.folder / "err", lambda lines: any('"started"' in line for line in lines), process
        )
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == TERMINATED
    assert json.loads(out)["error"]["code"] == "terminated"
    assert load_attempt(storage, measurement, run_id(task.id), 1) is None
    assert load_made(storage, measurement, run_id(task.id)) is None
    status, told = node.call("run", "--task", key)
    assert (status, told["outcome"], told["attempt"]) == (0, Outcome.DONE, 1)
    started = [line for line in node.log if line["message"] == "started"]
    assert [(line["step"], line["attempt"], line["trace_id"]) for line in started] == [
        ("extract", 1, TRACE_ID)
    ]
    assert node.call("commit", measurement) == (
        0,
        {"measurement": measurement, "committed": 1, "without_record": 0},
    )
    assert node.call("commit", measurement)[1]["committed"] == 0
    assert node.call("orchestrate", action="run", measurement=measurement)[0] == 0
    assert node.desk.results() == finished_short.desk.results()
    assert node.broken() == []


def test_a_reconciler_runs_what_no_event_has_told_of(tiny: Path, node: Node) -> None:
    given = ("upload", tiny, "--vehicle", "V", "--format", "json")
    measurement = node.desk.here(*given).json["measurement"]
    # The catalog never heard of it: only landing has it.
    for path in node.desk.workspace.glob("catalog.sqlite*"):
        path.unlink()
    status, told = node.call("reconcile")
    assert (status, told["measurements"], told["total"]) == (0, [measurement], 1)
    status, told = node.call("reconcile", "--run")
    assert status == 0
    assert told["ran"] == {"done": 1}
    assert [one["state"] for one in told["results"]] == ["complete"]
    status, told = node.call("reconcile", "--run")
    assert (status, told["measurements"], told["results"]) == (0, [], [])
    assert node.broken() == []
