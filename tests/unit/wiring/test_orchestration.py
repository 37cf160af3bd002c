"""The actions of an orchestrator."""

import io
import json
import logging
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from avdataops.adapters.local_leases import LocalLeases
from avdataops.adapters.local_storage import LocalStorage
from avdataops.engine.arrivals import landed
from avdataops.engine.records import load_made
from avdataops.model.documents import from_json, to_json
from avdataops.model.errors import Busy, ConfigError, InputError, NotFound, TransientError
from avdataops.model.location import Location, Zone
from avdataops.model.measurement import Reason
from avdataops.ports.storage import read_all
from avdataops.settings import load_settings
from avdataops.testing.command_line import without_processes
from avdataops.testing.engine_kit import manifest_of
from avdataops.testing.inline_dispatcher import LosingDispatcher
from avdataops.testing.invariants import broken_invariants
from avdataops.wiring import workspace
from avdataops.wiring.logs import JsonLines
from avdataops.wiring.orchestration import orchestrate
from avdataops.wiring.process import Answer
from avdataops.wiring.trace import follow
from avdataops.wiring.workspace import open_workspace

GOOD = {"drive.log": b"(1581670628.161550) can0 123#DEADBEEF\n"}
BAD = {"a.mcap": b"this is no recording"}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
WHY = {"code": "bad", "message": "it is bad", "fix": "mend it"}
STEPS = "name: short\nsteps:\n  - step: validate\n  - step: extract\n"


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """A node of the orchestrator pool over a local workspace."""

    folder: Path
    workspace: Path

    @property
    def storage(self) -> LocalStorage:
        return LocalStorage(self.workspace)

    def __call__(self, action: str, **properties: str) -> Any:
        return self.answer(action, **properties)[0].document

    def answer(self, action: str, **properties: str) -> tuple[Answer, list[dict[str, Any]]]:
        """Do an action; return its answer and the log."""
        given = {"action": action, **properties}
        text = json.dumps({"typeProperties": {"extendedProperties": given}})
        (self.folder / "activity.json").write_text(text, encoding="utf-8")
        (self.folder / "outputs.json").unlink(missing_ok=True)
        stream = io.StringIO()
        log = JsonLines(stream, follow(None))
        answer = orchestrate(self.folder, log)
        written = json.loads((self.folder / "outputs.json").read_bytes())
        assert written == json.loads(json.dumps(answer.document))
        log.handle(_record())
        return answer, [json.loads(line) for line in stream.getvalue().splitlines()]

    def land(self, files: dict[str, bytes], vehicle: str = "car-1") -> str:
        """Put an upload into landing without telling anybody."""
        manifest = manifest_of(files, vehicle)
        for name, data in files.items():
            self.storage.put(Location(Zone.LANDING, f"{manifest.measurement}/{name}"), [data])
        self.storage.put(landed(manifest.measurement), [to_json(manifest).encode()])
        return manifest.measurement

    def broken(self) -> list[str]:
        with open_workspace(load_settings()) as opened:
            return broken_invariants(opened.storage, opened.catalog)


def _record() -> logging.LogRecord:
    return logging.LogRecord("avdataops", logging.INFO, "", 0, "the end", None, None)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Orchestrator:
    for name in list(os.environ):
        if name.startswith("AVDATAOPS_"):
            monkeypatch.delenv(name)
    (tmp_path / "node").mkdir()
    (tmp_path / "short.yaml").write_text(STEPS, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "node")
    monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(tmp_path / "lake"))
    monkeypatch.setenv("AVDATAOPS_PIPELINE", str(tmp_path / "short.yaml"))
    monkeypatch.setattr("avdataops.wiring.dispatchers.LocalPool", without_processes)
    return Orchestrator(tmp_path / "node", tmp_path / "lake")


class TestRun:
    def test_what_landed_is_registered_run_and_told(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        told = node("run", measurement=measurement, first="", last="", params="")
        runs = told.pop("runs")
        assert told == {
            "schema_version": 1,
            "action": "run",
            "measurement": measurement,
            "verdict": "done",
            "reason": None,
            "state": "complete",
            "counts": {"ran": 2, "already": 0, "failed": 0},
        }
        assert len(runs) == 2
        assert all(load_made(node.storage, measurement, run) for run in runs)
        assert node.broken() == []

    def test_the_second_time_there_is_nothing_to_do(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        node("run", measurement=measurement)
        again = node("run", measurement=measurement)
        assert (again["verdict"], again["state"], again["runs"]) == (
            "nothing to do",
            "complete",
            [],
        )
        assert again["counts"] == {"ran": 0, "already": 2, "failed": 0}

    def test_a_part_of_the_steps_leaves_the_rest_pending(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        first = node("run", measurement=measurement, last="validate")
        assert (first["state"], first["counts"]["ran"]) == ("pending", 1)
        rest = node("run", measurement=measurement, first="extract", last="extract")
        assert (rest["state"], rest["counts"]["ran"]) == ("complete", 1)

    def test_parameters_may_be_for_steps_outside_the_part(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        given = {"measurement": measurement, "last": "validate"}
        assert node("run", **given, params='{"extract": {}}')["verdict"] == "done"
        with pytest.raises(ConfigError, match="no step 'extrakt'"):
            node("run", **given, params='{"extrakt": {}}')

    def test_an_input_that_can_never_succeed_is_an_answer(self, node: Orchestrator) -> None:
        measurement = node.land(BAD)
        answer, _ = node.answer("run", measurement=measurement)
        told = answer.document
        assert answer.exit_status == 0
        assert (told["verdict"], told["state"]) == ("rejected", "quarantined")
        reason = told["reason"]
        assert isinstance(reason, dict)
        assert reason["code"] == "unknown_format"
        assert all(isinstance(reason[name], str) for name in ("code", "message", "fix"))
        again = node("run", measurement=measurement)
        assert (again["verdict"], again["reason"]) == ("rejected", reason)
        assert again["counts"] == {"ran": 0, "already": 0, "failed": 0}
        assert node.broken() == []

    def test_a_lying_manifest_is_rejected_without_a_row(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        node.storage.delete(landed(measurement))
        node.storage.put(landed(measurement), [b'{"schema_version": 1}'])
        told = node("run", measurement=measurement)
        assert (told["verdict"], told["state"]) == ("rejected", None)
        assert told["reason"]["code"] == "bad_manifest"
        aside = node("quarantine", measurement=measurement, **told["reason"])
        assert (aside["verdict"], aside["state"], aside["reason"]) == (
            "done",
            None,
            told["reason"],
        )
        assert list(node.storage.list(Zone.LANDING)) == []

    def test_a_measurement_that_nobody_has_is_not_found(self, node: Orchestrator) -> None:
        with pytest.raises(NotFound):
            node("run", measurement="m_" + "0" * 24)
        assert not (node.folder / "outputs.json").exists()

    @pytest.mark.parametrize("name", ["../x", "m_1/../../x", "--help", "M_" + "0" * 24])
    def test_what_is_no_id_is_refused(self, node: Orchestrator, name: str) -> None:
        with pytest.raises(InputError, match="not an id"):
            node("run", measurement=name)

    def test_a_second_orchestrator_is_told_that_it_is_busy(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        with (
            LocalLeases(node.workspace / "locks").hold(measurement),
            pytest.raises(Busy, match=measurement),
        ):
            node("run", measurement=measurement)
        assert node("run", measurement=measurement)["state"] == "complete"

    def test_a_failure_that_may_pass_is_an_error_and_leaves_it_pending(
        self, node: Orchestrator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        measurement = node.land(GOOD)

        with monkeypatch.context() as patched:
            patched.setattr(
                workspace, "open_dispatcher", lambda *_: nullcontext(LosingDispatcher())
            )
            with pytest.raises(TransientError, match=r"1 tasks of .* failed in passing"):
                node("run", measurement=measurement)
        assert node.broken() == []
        assert node("run", measurement=measurement)["state"] == "complete"


class TestTrace:
    def test_tasks_and_log_are_of_the_trace_of_the_activity(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        answer, log = node.answer(
            "run", measurement=measurement, traceparent=PARENT, pipelineRunId="p-1"
        )
        trace_id = PARENT.split("-")[1]
        runs = answer.document["runs"]
        assert isinstance(runs, list)
        records = [load_made(node.storage, measurement, run) for run in runs]
        assert {record.environment["trace_id"] for record in records if record} == {trace_id}
        (line,) = log
        assert (line["trace_id"], line["measurement"]) == (trace_id, measurement)
        assert (line["action"], line["pipeline_run"]) == ("run", "p-1")

    def test_another_trace_makes_the_same_bytes(
        self, node: Orchestrator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        measurement = node.land(GOOD)
        node("run", measurement=measurement, traceparent=PARENT)
        monkeypatch.setenv("AVDATAOPS_WORKSPACE", str(tmp_path / "other"))
        other = replace(node, workspace=tmp_path / "other")
        other.land(GOOD)
        other("run", measurement=measurement)
        tables = {
            root: {
                path.relative_to(root): path.read_bytes()
                for path in (root / "raw").rglob("*.parquet")
            }
            for root in (node.workspace, other.workspace)
        }
        assert len(tables[node.workspace]) == 1
        assert tables[node.workspace] == tables[other.workspace]


class TestSettings:
    def test_settings_of_the_activity_go_over_those_of_the_node(
        self, node: Orchestrator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AVDATAOPS_AZURE__BATCH_ENDPOINT", "https://elsewhere")
        settings = {"batch_endpoint": "ftp://x", "image": "", "storage": {"raw": ""}}
        with pytest.raises(ConfigError, match=r"azure\.image"):
            node("run", measurement=node.land(GOOD), settings=json.dumps(settings))

    def test_a_batch_account_is_meant_to_be_used_unless_an_engine_is_set(
        self, node: Orchestrator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = json.dumps({"batch_endpoint": "https://batch.example"})
        measurement = node.land(GOOD)
        with pytest.raises(ConfigError, match=r"azure\.image"):
            node("run", measurement=measurement, settings=settings)
        monkeypatch.setenv("AVDATAOPS_ENGINE", "local")
        assert node("run", measurement=measurement, settings=settings)["state"] == "complete"

    def test_an_unknown_setting_is_named(self, node: Orchestrator) -> None:
        with pytest.raises(ConfigError, match=r"setting 'azure\.batch_pol'"):
            node("reconcile", settings='{"batch_pol": "x"}')


class TestQuarantine:
    def test_a_known_measurement_is_set_aside_with_its_reason(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        node("run", measurement=measurement, last="validate")
        told = node("quarantine", measurement=measurement, **WHY)
        assert (told["verdict"], told["state"]) == ("done", "quarantined")
        assert told["reason"] == WHY
        assert node.broken() == []

    def test_the_first_reason_stays(self, node: Orchestrator) -> None:
        measurement = node.land(BAD)
        first = node("run", measurement=measurement)["reason"]
        told = node("quarantine", measurement=measurement, **WHY)
        assert (told["verdict"], told["reason"]) == ("nothing to do", first)

    def test_one_that_only_landing_knows_is_moved_once(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        for _ in range(2):
            told = node("quarantine", measurement=measurement, **WHY)
            assert (told["state"], told["reason"]) == (None, WHY)
        at = Location(Zone.QUARANTINE, f"{measurement}/reason.json")
        assert from_json(Reason, read_all(node.storage.open(at))) == Reason(**WHY)
        assert [one.location.name for one in node.storage.list(Zone.QUARANTINE)] == [
            "drive.log",
            "manifest.json",
            "reason.json",
        ]

    def test_one_that_nobody_has_is_not_found(self, node: Orchestrator) -> None:
        with pytest.raises(NotFound):
            node("quarantine", measurement="m_" + "0" * 24, **WHY)

    def test_a_reason_is_needed(self, node: Orchestrator) -> None:
        with pytest.raises(ConfigError, match="no extended property 'code'"):
            node("quarantine", measurement=node.land(GOOD))


class TestReconcile:
    def test_what_waits_is_named_the_oldest_first_up_to_a_limit(self, node: Orchestrator) -> None:
        names = {node.land(GOOD, f"car-{number}") for number in range(3)}
        told = node("reconcile", limit="2")
        assert told["verdict"] == "done"
        assert len(told["measurements"]) == 2
        assert set(told["measurements"]) <= names
        assert told["total"] == 3

    def test_what_is_done_or_set_aside_or_held_is_not_named(self, node: Orchestrator) -> None:
        for files in (GOOD, BAD):
            node("run", measurement=node.land(files))
        held = node.land(GOOD, "car-2")
        with LocalLeases(node.workspace / "locks").hold(held):
            told = node("reconcile")
        assert (told["verdict"], told["measurements"]) == ("nothing to do", [])
        assert node("reconcile")["measurements"] == [held]

    def test_what_changed_a_moment_ago_is_left_to_its_event(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        node("run", measurement=measurement, last="validate")
        assert node("reconcile", older_than_minutes="5")["measurements"] == []
        assert node("reconcile", older_than_minutes="0")["measurements"] == [measurement]


class TestRehydrate:
    def test_on_folders_everything_is_ready(self, node: Orchestrator) -> None:
        measurement = node.land(GOOD)
        node("run", measurement=measurement)
        told = node("rehydrate", measurement=measurement, priority="High")
        assert (told["verdict"], told["waiting"], told["ready"]) == ("nothing to do", 0, 2)

    def test_a_priority_is_one_of_two(self, node: Orchestrator) -> None:
        with pytest.raises(ConfigError, match="Standard or High, not 'high'"):
            node("rehydrate", measurement=node.land(GOOD), priority="high")


def test_every_action_of_the_contract_is_known(node: Orchestrator) -> None:
    told: Callable[..., Any] = node
    with pytest.raises(ConfigError, match="unknown action 'ingest'"):
        told("ingest")
