"""Runs one task with storage only: ``python -m batch_tasks.run TASK.json --workspace DIR``.

The exit status is for the batch service: 0 unless another attempt may help (75).  Whether the
task succeeded is in its run record, which the commit reads.
"""

import argparse
import sys
from pathlib import Path

from avdataops.engine.execute import execute
from avdataops.model.documents import from_json
from avdataops.model.run import Outcome, TaskSpec
from avdataops.steps import STEPS
from avdataops.wiring.worker import worker_storage


def main(arguments: list[str] | None = None) -> int:
    """Execute the task in the named file."""
    parser = argparse.ArgumentParser(description="Run one task of a pipeline.")
    parser.add_argument("task", type=Path, help="TaskSpec as JSON")
    parser.add_argument("--workspace", type=Path, required=True, help="folder of the zones")
    given = parser.parse_args(arguments)
    task = from_json(TaskSpec, given.task.read_bytes())
    record = execute(task, worker_storage(given.workspace), STEPS)
    sys.stdout.write(f"{record.run} {record.step} {record.part}: {record.outcome}\n")
    return 75 if record.outcome is Outcome.FAILED_TRANSIENT else 0


if __name__ == "__main__":
    sys.exit(main())
