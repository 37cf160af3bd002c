"""Processes that are killed, stopped or run twice: a rerun ends like an undisturbed run."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from avdataops.testing.command_line import Answer, Desk
from sample_data import SampleDrive

if TYPE_CHECKING:
    from tests.pipeline.conftest import Processed

TEMPORARY, INTERRUPTED, TERMINATED = 75, 130, 143
STEPS = ("validate", "extract", "downsample", "sync", "enrich")
SLOW_MACHINE_S = 120.0


def uploaded(desk: Desk, drive: SampleDrive) -> str:
    upload = ("upload", drive.drive, "--vehicle", drive.vehicle, "--dbc", drive.dbc)
    answer = desk.here(*upload, "--format", "json")
    assert answer.status == 0, answer.err
    return str(answer.json["measurement"])


def wait_until(true: Callable[[], object], process: subprocess.Popen[bytes]) -> bool:
    """Wait until something is so; False if the process ended before."""
    deadline = time.monotonic() + SLOW_MACHINE_S
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    return True


def ended(err: Path, step: str) -> Callable[[], bool]:
    """Whether the messages in ``err`` say that ``step`` has ended."""

    def said() -> bool:
        lines = err.read_text(encoding="utf-8").splitlines()
        return any(line.split()[:1] == [step] for line in lines)

    return said


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    """The pool's processes among the children of ``process``."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (place / "cmdline").read_bytes()
        except OSError:
            continue  # ended meanwhile
        if parent == process.pid and b"spawn_main" in command:
            found.append(int(place.name))
    return found


def state(desk: Desk, measurement: str) -> str:
    shown = desk.here("measurements", "show", measurement, "--format", "json")
    return str(shown.json["state"])


def finish(desk: Desk, measurement: str) -> Answer:
    done = desk.here("run", measurement, "--format", "json")
    assert done.status == 0, done.err
    assert done.json["state"] == "complete"
    assert desk.here("measurements", "verify", measurement).status == 0
    return done


def same_as(finished_short: "Processed", desk: Desk) -> None:
    assert desk.results() == finished_short.desk.results()
    find = ("scenes", "find", "--limit", "0", "--format", "json")
    assert desk.here(*find).json == finished_short.desk.here(*find).json
    assert desk.files("landing", "quarantine") == {}


def test_a_run_that_is_killed_in_every_step_ends_like_an_undisturbed_one(
    short: SampleDrive, finished_short: "Processed", tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "lake", {"AVDATAOPS_JOBS": "1"})
    measurement = uploaded(desk, short)
    err = tmp_path / "err"
    for after_s in (0.5, 2.0):
        with desk.start("run", measurement, err=err) as process:
            time.sleep(after_s)
            process.kill()
        assert process.returncode == -signal.SIGKILL
    killed = 0
    for step in STEPS:
        with desk.start("run", measurement, err=err) as process:
            if wait_until(ended(err, step), process):
                # The next step has begun.
                killed += process.poll() is None
                process.kill()
    # The last steps are short: on a busy machine a run may be over before it is killed.
    assert killed >= 3
    assert desk.here("scenes", "count", "--format", "json").status == 0
    finish(desk, measurement)
    same_as(finished_short, desk)


@pytest.mark.parametrize(
    ("number", "status", "told"),
    [
        pytest.param(signal.SIGTERM, TERMINATED, "terminated", id="SIGTERM"),
        pytest.param(signal.SIGINT, INTERRUPTED, "interrupted", id="SIGINT"),
    ],
)
def test_a_run_that_is_told_to_stop_says_so_and_can_go_on(
    short: SampleDrive,
    finished_short: "Processed",
    tmp_path: Path,
    number: signal.Signals,
    status: int,
    told: str,
) -> None:
    desk = Desk(tmp_path / "lake", {"AVDATAOPS_JOBS": "1"})
    measurement = uploaded(desk, short)
    err = tmp_path / "err"
    with desk.start("run", measurement, err=err) as process:
        assert wait_until(lambda: workers(process), process)
        children = workers(process)
        process.send_signal(number)
        process.wait(timeout=30)
    assert process.returncode == status
    messages = err.read_text(encoding="utf-8")
    assert f"{told}; run the same command again to go on from here" in messages
    assert "Traceback" not in messages
    assert state(desk, measurement) == "pending"
    assert not [child for child in children if Path(f"/proc/{child}/cmdline").exists()]
    finish(desk, measurement)
    same_as(finished_short, desk)


def test_a_killed_worker_loses_its_task_and_a_rerun_makes_it(
    short: SampleDrive, finished_short: "Processed", tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "lake", {"AVDATAOPS_JOBS": "1"})
    measurement = uploaded(desk, short)
    err = tmp_path / "err"
    with desk.start("run", measurement, "--format", "json", err=err) as process:
        assert wait_until(lambda: workers(process), process)
        (worker,) = workers(process)
        os.kill(worker, signal.SIGKILL)
        out, _ = process.communicate(timeout=SLOW_MACHINE_S)
    answer = Answer(process.returncode, out, err.read_text(encoding="utf-8"))
    assert answer.status == TEMPORARY
    (lost,) = [run for run in answer.json["runs"] if run["outcome"] == "lost"]
    assert "killed by signal 9" in lost["failure"]
    assert lost["made"] == []
    # The other tasks of the step were not held up by it.
    assert sum(run["outcome"] == "done" for run in answer.json["runs"]) == 5
    assert answer.json["state"] == state(desk, measurement) == "pending"
    assert "1 lost" in answer.err
    done = finish(desk, measurement)
    (again,) = [run for run in done.json["runs"] if run["run"] == lost["run"]]
    assert (again["outcome"], again["attempt"]) == ("done", 2)
    same_as(finished_short, desk)


def test_two_runs_at_once_do_not_meet(
    short: SampleDrive, finished_short: "Processed", tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "lake", {"AVDATAOPS_JOBS": "1"})
    measurement = uploaded(desk, short)
    with desk.start("run", measurement, err=tmp_path / "err") as process:
        assert wait_until(lambda: workers(process), process)
        second = desk.here("run", measurement, "--format", "json")
        assert state(desk, measurement) == "running"
        process.kill()
    assert (second.status, second.out) == (TEMPORARY, b"")
    assert '"code": "busy"' in second.err
    assert "another process is working on measurement" in second.err
    # The lock went with the process that held it.
    finish(desk, measurement)
    same_as(finished_short, desk)
