"""Runs one task with storage only: ``python -m batch_tasks.run --task KEY``.

KEY names the task in the derived zone; the storage comes from settings and environment.
"""

import argparse
import functools
import sys
from pathlib import Path

from avdataops.wiring.process import run_process
from avdataops.wiring.worker import run_stored_task


def main(arguments: list[str] | None = None) -> int:
    """Execute the named task; 75 asks the batch service for another attempt."""
    parser = argparse.ArgumentParser(description="Run one task of a pipeline.")
    parser.add_argument("--task", required=True, metavar="KEY", help="object in the derived zone")
    parser.add_argument("--workspace", type=Path, help="folder of local zones")
    given = parser.parse_args(arguments)
    return run_process(functools.partial(run_stored_task, given.task, given.workspace))


if __name__ == "__main__":
    sys.exit(main())
