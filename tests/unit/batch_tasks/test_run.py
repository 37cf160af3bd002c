"""What a batch node starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from avdataops.adapters.local_storage import LocalStorage
from avdataops.engine.plan import plan_step
from avdataops.engine.records import load_attempt
from avdataops.model.documents import to_json
from avdataops.model.errors import SchemaMismatch
from avdataops.model.run import Outcome, TaskSpec
from avdataops.steps.validate import VALIDATE
from avdataops.testing.engine_kit import memory_engine
from batch_tasks.run import main


def task_file(folder: Path, content: bytes = b"no recording") -> tuple[Path, TaskSpec]:
    engine = replace(memory_engine(), storage=LocalStorage(folder / "w"))
    drive = engine.arrived({"a.mcap": content})
    (task,) = plan_step(engine.catalog, drive, VALIDATE, {}).run
    (folder / "task.json").write_text(to_json(task), encoding="utf-8")
    return folder / "task.json", task


def test_a_task_is_run_from_its_file_and_leaves_its_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, task = task_file(tmp_path)
    assert main([str(file), "--workspace", str(tmp_path / "w")]) == 0
    record = load_attempt(LocalStorage(tmp_path / "w"), task.measurement, f"run_{task.id}", 1)
    assert record is not None
    assert (record.outcome, record.facts["reason_code"]) == (
        Outcome.FAILED_INPUT,
        "unknown_format",
    )
    assert capsys.readouterr().out == f"run_{task.id} validate a.mcap: failed (input)\n"


def test_what_another_attempt_may_mend_ends_as_temporary(tmp_path: Path) -> None:
    file, task = task_file(tmp_path)
    file.write_text(to_json(replace(task, version=99)), encoding="utf-8")
    assert main([str(file), "--workspace", str(tmp_path / "w")]) == 75


def test_what_is_no_task_is_refused(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SchemaMismatch, match="not a TaskSpec"):
        main([str(tmp_path / "task.json"), "--workspace", str(tmp_path)])
