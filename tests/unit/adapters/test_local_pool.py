"""A pool of real processes, some of which really die."""

import functools
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avdataops.adapters.local_pool import LocalPool
from avdataops.model.run import TaskInput, TaskSpec
from avdataops.ports.dispatch import Limits, TaskEvent, TaskState
from avdataops.testing.facts import task, uploaded

Progress = Callable[[float], None]
NONE = Limits()


def spec(part: str) -> TaskSpec:
    return replace(task("toy", "m_1", params={"part": part}), part=part)


def take(what: str) -> None:
    """Take much of what a machine has."""
    began = time.process_time()
    held = bytearray()
    while what == "computes" or (what == "busy" and time.process_time() - began < 0.8):
        sum(range(10_000))
    while what == "hoards":
        held += bytes(8 << 20)
        time.sleep(0.005)


def act(folder: Path, given: TaskSpec, progress: Progress) -> None:
    """Do what the task's part says, in a worker process."""
    what = given.part.split("-")[0]
    take(what)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exits":
        os._exit(3)
    if what == "raises":
        raise RuntimeError("a worker's own defect")
    if what == "interrupted":
        os.kill(os.getpid(), signal.SIGINT)
    if what == "tells":
        numbers: list[Any] = [0.25, 1, np.float32(0.5)]
        for number in numbers:
            progress(number)
    if what == "sleeps":
        (folder / f"{given.part}.pid").write_text(str(os.getpid()))
        time.sleep(60)
    (folder / given.part).write_text(str(os.getpid()))


def run(
    folder: Path, parts: Sequence[str], workers: int = 2, limits: Limits = NONE
) -> list[TaskEvent]:
    with LocalPool(functools.partial(act, folder), workers, limits) as pool:
        return list(pool.run([spec(part) for part in parts]))


def ends(events: Sequence[TaskEvent]) -> dict[str, TaskState]:
    last = [event for event in events if event.state in {TaskState.ENDED, TaskState.LOST}]
    assert len(last) == len({event.task.id for event in last}), "a task ended twice"
    return {event.task.part: event.state for event in last}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_more_tasks_than_workers_all_end_in_as_many_processes_as_allowed(tmp_path: Path) -> None:
    parts = [f"works-{n}" for n in range(7)]
    events = run(tmp_path, parts)
    assert ends(events) == dict.fromkeys(parts, TaskState.ENDED)
    assert [event.task.part for event in events if event.state is TaskState.STARTED] == parts
    assert 1 <= len({(tmp_path / part).read_text() for part in parts}) <= 2
    assert str(os.getpid()) not in {(tmp_path / part).read_text() for part in parts}


def test_a_killed_worker_costs_its_task_and_no_other(tmp_path: Path) -> None:
    events = run(tmp_path, ["works-1", "killed", "works-2", "works-3"])
    assert ends(events) == {
        "works-1": TaskState.ENDED,
        "killed": TaskState.LOST,
        "works-2": TaskState.ENDED,
        "works-3": TaskState.ENDED,
    }
    (lost,) = [event for event in events if event.state is TaskState.LOST]
    assert lost.why == f"its worker was killed by signal {int(signal.SIGKILL)}"


@pytest.mark.parametrize(("part", "status"), [("exits", 3), ("raises", 1)])
def test_a_worker_that_ends_by_itself_is_lost_with_its_status(
    tmp_path: Path, part: str, status: int
) -> None:
    events = run(tmp_path, [part, "works"], workers=1)
    assert ends(events) == {part: TaskState.LOST, "works": TaskState.ENDED}
    (lost,) = [event for event in events if event.state is TaskState.LOST]
    assert lost.why == f"its worker ended with status {status}"


def test_every_worker_may_die(tmp_path: Path) -> None:
    parts = [f"killed-{n}" for n in range(3)]
    assert ends(run(tmp_path, parts)) == dict.fromkeys(parts, TaskState.LOST)


def test_progress_is_not_taken_for_the_end_whatever_number_it_is(tmp_path: Path) -> None:
    events = run(tmp_path, ["tells", "works"], workers=1)
    told = [(event.state, event.done) for event in events if event.task.part == "tells"]
    assert told == [
        (TaskState.STARTED, 0.0),
        (TaskState.PROGRESS, 0.25),
        (TaskState.PROGRESS, 1.0),
        (TaskState.PROGRESS, 0.5),
        (TaskState.ENDED, 1.0),
    ]


def test_an_interrupt_from_the_keyboard_is_left_to_the_parent(tmp_path: Path) -> None:
    assert ends(run(tmp_path, ["interrupted"])) == {"interrupted": TaskState.ENDED}


def test_leaving_early_ends_the_processes(tmp_path: Path) -> None:
    pool = LocalPool(functools.partial(act, tmp_path), 2)
    parts = ["works", "sleeps-1", "sleeps-2"]
    pids: list[int] = []
    for event in pool.run([spec(part) for part in parts]):
        if event.state is TaskState.ENDED:
            began = time.monotonic()
            while not (tmp_path / "sleeps-1.pid").exists() and time.monotonic() - began < 20:
                time.sleep(0.02)
            pids.append(int((tmp_path / "sleeps-1.pid").read_text()))
            break
    assert pids
    began = time.monotonic()
    while any(is_alive(pid) for pid in pids) and time.monotonic() - began < 5:
        time.sleep(0.02)
    assert not any(is_alive(pid) for pid in pids)


def test_a_worker_that_dies_between_two_tasks_costs_none(tmp_path: Path) -> None:
    parts = ["works-1", "works-2", "works-3"]
    pool = LocalPool(functools.partial(act, tmp_path), 1)
    seen: list[TaskEvent] = []
    for event in pool.run([spec(part) for part in parts]):
        seen.append(event)
        if event.state is TaskState.ENDED and event.task.part == "works-1":
            pid = int((tmp_path / "works-1").read_text())
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ends(seen) == dict.fromkeys(parts, TaskState.ENDED)


def test_a_task_larger_than_a_pipe_arrives(tmp_path: Path) -> None:
    pool = LocalPool(functools.partial(act, tmp_path), 1)
    big = replace(spec("works"), params={"text": "x" * (1 << 20)})
    assert ends(list(pool.run([big]))) == {"works": TaskState.ENDED}


@pytest.mark.parametrize("workers", [0, -1, 1])
def test_there_is_always_one_worker(tmp_path: Path, workers: int) -> None:
    assert ends(run(tmp_path, ["works"], workers)) == {"works": TaskState.ENDED}


def test_nothing_to_run_starts_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, []) == []


def test_a_second_run_finds_the_processes_of_the_first(tmp_path: Path) -> None:
    with LocalPool(functools.partial(act, tmp_path), 1) as pool:
        list(pool.run([spec("first")]))
        list(pool.run([spec("second")]))
        pid = int((tmp_path / "first").read_text())
        assert (tmp_path / "second").read_text() == str(pid)
        assert is_alive(pid)
    assert not is_alive(pid)


def test_a_pool_that_lost_workers_serves_the_next_run(tmp_path: Path) -> None:
    with LocalPool(functools.partial(act, tmp_path), 2) as pool:
        assert set(ends(list(pool.run([spec("killed-1"), spec("killed-2")]))).values()) == {
            TaskState.LOST
        }
        assert ends(list(pool.run([spec("done")]))) == {"done": TaskState.ENDED}


@pytest.mark.parametrize(
    ("part", "limits", "over_limit", "why"),
    [
        ("hoards", Limits(memory_bytes=400 << 20), True, "it took more than 400 MiB of memory"),
        ("computes", Limits(cpu_s=1), True, "it took more processor time than a task may"),
        ("sleeps-1", Limits(wall_s=2), False, "it ran for more than 2 s"),
    ],
)
def test_a_task_that_takes_too_much_is_ended_and_the_next_one_runs(
    tmp_path: Path, part: str, limits: Limits, over_limit: bool, why: str
) -> None:
    events = run(tmp_path, [part, "works"], workers=1, limits=limits)
    assert ends(events) == {part: TaskState.LOST, "works": TaskState.ENDED}
    (lost,) = [event for event in events if event.state is TaskState.LOST]
    assert (lost.why, lost.over_limit) == (why, over_limit)


def test_processor_time_is_counted_anew_for_each_task_of_a_process(tmp_path: Path) -> None:
    parts = [f"busy-{n}" for n in range(4)]
    assert ends(run(tmp_path, parts, 1, Limits(cpu_s=2))) == dict.fromkeys(parts, TaskState.ENDED)
    assert len({(tmp_path / part).read_text() for part in parts}) == 1, "one process took them all"


def test_larger_inputs_may_take_longer() -> None:
    limits = Limits(cpu_s=10, wall_s=20, s_per_gib=100)
    given = replace(uploaded().uploads[0], bytes=1 << 29)
    large = replace(spec("works"), inputs=(TaskInput(role="recording", artifact=given),))
    assert limits.times(large) == (60.0, 70.0)
    assert limits.times(spec("works")) == (10.0, 20.0)
    assert Limits(s_per_gib=100).times(large) == (None, None)
