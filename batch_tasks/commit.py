"""Takes what finished tasks left into the catalog: ``python -m batch_tasks.commit MEASUREMENT``.

For records whose orchestrator died; tasks that may still be running are left alone.
"""

import argparse
import functools
import sys
from pathlib import Path

from avdataops.wiring.operations import commit_measurement
from avdataops.wiring.process import run_process


def main(arguments: list[str] | None = None) -> int:
    """Commit the run records of one measurement; again changes nothing."""
    parser = argparse.ArgumentParser(description="Take run records into the catalog.")
    parser.add_argument("measurement")
    parser.add_argument("--workspace", type=Path, help="folder of local zones and catalog")
    given = parser.parse_args(arguments)
    return run_process(functools.partial(commit_measurement, given.measurement, given.workspace))


if __name__ == "__main__":
    sys.exit(main())
