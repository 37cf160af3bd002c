"""What Data Factory's custom activity starts: ``python -m batch_tasks.orchestrate``.

Reads ``activity.json`` in the working directory and leaves ``outputs.json`` there; see
``pipelines/adf/README.md`` for both.
"""

import functools
import sys
from pathlib import Path

from avdataops.wiring.orchestration import orchestrate
from avdataops.wiring.process import run_process


def main() -> int:
    """Do what the activity asks for; 75 asks Data Factory to try again."""
    return run_process(functools.partial(orchestrate, Path.cwd()))


if __name__ == "__main__":
    sys.exit(main())
