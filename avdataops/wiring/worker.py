"""What a worker gets: storage and steps, no catalog."""

import logging
from collections.abc import Callable
from pathlib import Path

from avdataops.adapters.local_storage import LocalStorage
from avdataops.engine.execute import execute
from avdataops.model.run import TaskSpec
from avdataops.ports.storage import Storage


def worker_storage(workspace: Path) -> Storage:
    """Return the zones under ``workspace``."""
    return LocalStorage(workspace)


def run_task(workspace: Path, task: TaskSpec, progress: Callable[[float], None]) -> None:
    """Run one task on the zones under ``workspace``; its record is left in storage."""
    from avdataops.steps import STEPS

    # What reading libraries log is not for the user's terminal; problems come through records.
    logging.getLogger().addHandler(logging.NullHandler())
    execute(task, worker_storage(workspace), STEPS, progress)
