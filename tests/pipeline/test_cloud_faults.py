"""The cloud goes wrong in every place at once, and the drive comes to the same end.

Storage throttles and breaks off, tasks are killed and nodes taken away, an orchestrator dies so
that Data Factory retries its activity, and the event of the manifest comes twice.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Self

import pytest

from avdataops.testing.command_line import Desk
from sample_data import SampleDrive
from tests.doubles.adf.commands import Finished, StartCustom, subprocess_commands
from tests.doubles.adf.runs import Status
from tests.doubles.azurite import Azurite
from tests.doubles.batch.server import BatchDouble
from tests.doubles.cosmos.server import CosmosDouble
from tests.doubles.fault_proxy import Fault, Kind, Seen, in_front_of
from tests.pipeline.cloud import Facts, cloud, facts_of, opened

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def one(short: SampleDrive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recording of the fewest streams: every task of it costs a process here."""
    folder = tmp_path_factory.mktemp("one") / "drive"
    folder.mkdir()
    shutil.copy2(short.body, folder)
    return folder


@pytest.fixture(scope="module")
def here(one: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Facts]:
    """The drive on one machine, undisturbed."""
    desk = Desk(tmp_path_factory.mktemp("here"))
    uploaded = desk.here("upload", one, "--vehicle", "V", "--format", "json")
    measurement = str(uploaded.json["measurement"])
    assert desk.here("run", measurement).status == 0
    with opened(desk) as workspace:
        return measurement, facts_of(workspace, measurement)


def unlucky(seen: Seen) -> Fault | None:
    """Let every ninth request be told to wait, and every thirty-first be done without an answer."""
    if seen.number % 31 == 30:
        return Fault(kind=Kind.RESET_AFTER)
    if seen.number % 9 == 8:
        return Fault(kind=Kind.ANSWER, status=(429, 503)[seen.number % 2], retry_after="0")
    return None


def test_a_throttled_store_and_an_event_that_comes_twice(
    azurite: Azurite,
    cosmos: CosmosDouble,
    one: Path,
    here: tuple[str, Facts],
    tmp_path: Path,
) -> None:
    measurement, expected = here
    with (
        in_front_of(azurite.port) as proxy,
        cloud(tmp_path, azurite, cosmos, storage_port=proxy.port) as made,
    ):
        proxy.follow(unlucky)
        assert made.upload(one, "V") == measurement
        event = made.landed(measurement)
        made.driver.deliver(event, event)
        runs = made.driver.of("drive_to_scenes")
        assert Status.SUCCEEDED in {run.status for run in runs}, [run.message for run in runs]
        assert sum(1 for seen in proxy.seen if unlucky(seen)) > 20
        proxy.follow(lambda _: None)
        assert made.facts(measurement) == expected


LEASE_S = 61.0


def killing_the_first(
    times: int, cosmos: CosmosDouble
) -> Callable[[Mapping[str, str]], StartCustom]:
    """Return commands of which the first ones are killed while they watch their tasks.

    Data Factory tries again after ten minutes, which its clock here jumps over: the leases of the
    dead are let run out on the clock of the catalog.
    """
    left = [times]

    def commands(environment: Mapping[str, str]) -> StartCustom:
        calm = subprocess_commands(environment)

        def start(command: str, folder: Path, timeout_s: float) -> Finished:
            if left[0] <= 0:
                return calm(command, folder, timeout_s)
            left[0] -= 1
            arguments = command.split()[1:]
            paths = os.pathsep.join(
                [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
            )
            env = {**os.environ, **environment, "PYTHONPATH": paths}
            with subprocess.Popen([sys.executable, *arguments], cwd=folder, env=env) as process:
                time.sleep(6.0)
                process.send_signal(signal.SIGKILL)
            cosmos.service.clock_offset_s += LEASE_S
            return Finished(process.returncode)

        return start

    return commands


class Vandal:
    """Kills a running task and takes away the node of another, once each."""

    def __init__(self, batch: BatchDouble) -> None:
        self.preempted: list[str] = []
        self._batch = batch
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._lurk, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _lurk(self) -> None:
        while not self._stop.wait(0.1) and len(self.preempted) < 2:
            for node in self._busy():
                if node not in self.preempted:
                    self.preempted.append(node)
                    self._batch.preempt(node)
                    self._batch.add_node()
                    self._stop.wait(4.0)
                    break

    def _busy(self) -> Iterator[str]:
        scheduler = self._batch.scheduler
        with scheduler.lock:
            running = [
                str((task.node or {}).get("nodeId"))
                for job in scheduler.jobs.values()
                for task in job.tasks.values()
                if task.state == "running"
            ]
        yield from running


def test_killed_orchestrators_and_lost_nodes(
    azurite: Azurite,
    cosmos: CosmosDouble,
    one: Path,
    here: tuple[str, Facts],
    tmp_path: Path,
) -> None:
    measurement, expected = here
    with cloud(tmp_path, azurite, cosmos, commands=killing_the_first(2, cosmos)) as made:
        assert made.upload(one, "V") == measurement
        with Vandal(made.batch) as vandal:
            made.driver.deliver(made.landed(measurement))
        assert len(vandal.preempted) == 2
        (whole,) = made.driver.of("drive_to_scenes")
        assert whole.status is Status.SUCCEEDED, whole.message
        assert made.webhook.alerts == []
        assert made.facts(measurement) == expected
