"""What tests of the Batch dispatcher share: a double, a storage, a quick pace, tasks to send."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.batch import BatchClient

from avdataops.adapters.azure_batch import BatchDispatcher, Pace, Submission, open_batch
from avdataops.adapters.azure_batch.facts import PoolFacts, StepLimits, pool_facts
from avdataops.adapters.local_storage import LocalStorage
from avdataops.model.ids import fingerprint
from avdataops.model.run import TaskSpec
from avdataops.ports.dispatch import TaskEvent, TaskState
from tests.doubles.batch.nodes import Start, run_on_node
from tests.doubles.batch.server import KEY, BatchDouble

MEASUREMENT = f"m_{'a1' * 12}"
JOB = f"avdataops-{MEASUREMENT}-1"
QUICK = Pace(first_s=0.01, most_s=0.05, growth=1.5, patience_s=5, grace_s=0.3, starved_s=0.2)
_WORKER = Path(__file__).with_name("toy_worker.py")


def toy_runner(start: Start) -> "subprocess.Popen[bytes]":
    """Run the toy worker in place of the real one; the rest of the command line stays."""
    argv = [sys.executable, "-S", "-E", str(_WORKER), *start.argv[3:]]
    return run_on_node(dataclasses.replace(start, argv=argv))


def toy_task(
    name: str = "one", *, attempt: int = 1, step: str = "toy", **params: object
) -> TaskSpec:
    """Return a task whose worker acts on ``params``."""
    return TaskSpec(
        id=fingerprint([name]),
        step=step,
        version=1,
        measurement=MEASUREMENT,
        vehicle="car-1",
        part=name,
        inputs=(),
        params=dict(params),
        attempt=attempt,
    )


def toy_facts(wall_clock_s: int = 60, retries: int = 2) -> PoolFacts:
    """Return facts with one slot per task and short limits."""
    facts = pool_facts()
    limits = StepLimits(slots=1, wall_clock_s=wall_clock_s, wall_clock_s_per_gib=0)
    tasks = dataclasses.replace(facts.tasks, retries=retries, steps={"*": limits})
    return dataclasses.replace(facts, tasks=tasks)


@dataclass(frozen=True, slots=True)
class Cloud:
    """A Batch account and a storage."""

    batch: BatchDouble
    client: BatchClient
    storage: LocalStorage
    root: Path

    def dispatcher(self, *, facts: PoolFacts | None = None, pace: Pace = QUICK) -> BatchDispatcher:
        """Return a dispatcher on the account."""
        submission = Submission(
            pool="execution",
            environment={"AVDATAOPS_WORKSPACE": str(self.root)},
            facts=facts or toy_facts(),
        )
        return BatchDispatcher(self.client, self.storage, submission, pace=pace)

    def run(self, *tasks: TaskSpec, facts: PoolFacts | None = None) -> list[TaskEvent]:
        """Run tasks to their ends."""
        with self.dispatcher(facts=facts) as dispatcher:
            return list(dispatcher.run(tasks))

    def starts_of(self, task: TaskSpec) -> list[str]:
        """Return the process ids of all starts of a task's worker."""
        folder = self.root / "derived" / "runs" / task.measurement / f"run_{task.id}"
        tries = folder / f"tries-{task.attempt}"
        return tries.read_text().splitlines() if tries.exists() else []


def ends(events: list[TaskEvent]) -> dict[str, TaskState]:
    """Return how each task ended, by its part; refuses two ends of one task."""
    found: dict[str, TaskState] = {}
    for event in events:
        if event.state in {TaskState.ENDED, TaskState.LOST}:
            if event.task.part in found:
                raise AssertionError(f"two ends of {event.task.part}")
            found[event.task.part] = event.state
    return found


@contextmanager
def cloud(root: Path, *, nodes: int = 1, slots: int = 8) -> Iterator[Cloud]:
    """Give an account with one pool, and a storage under ``root``."""
    with BatchDouble(runner=toy_runner) as batch:
        batch.add_pool(nodes=nodes, slots=slots)
        with open_batch(batch.endpoint, key=KEY) as client:
            yield Cloud(batch, client, LocalStorage(root), root.resolve())
