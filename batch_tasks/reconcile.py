"""Finds measurements that wait although nobody works on them: ``python -m batch_tasks.reconcile``.

Events may be lost; what lies in landing is not.  With ``--run`` they are run, one after another.
"""

import argparse
import functools
import sys
from pathlib import Path

from avdataops.wiring.operations import Wanted, reconcile
from avdataops.wiring.process import run_process


def main(arguments: list[str] | None = None) -> int:
    """Name, or run, what waits; harmless however often it is started."""
    parser = argparse.ArgumentParser(description="Find measurements that wait.")
    parser.add_argument("--limit", type=int, default=100, help="at most so many")
    parser.add_argument("--older-than-minutes", type=int, default=0, help="unchanged for so long")
    parser.add_argument("--run", action="store_true", help="run them instead of naming them")
    parser.add_argument("--workspace", type=Path, help="folder of local zones and catalog")
    given = parser.parse_args(arguments)
    wanted = Wanted(given.limit, given.older_than_minutes, given.run)
    return run_process(functools.partial(reconcile, wanted, given.workspace))


if __name__ == "__main__":
    sys.exit(main())
