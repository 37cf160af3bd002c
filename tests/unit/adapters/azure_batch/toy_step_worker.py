"""A worker with the real engine and toy steps: what ``batch_tasks.run`` is to the product."""

import os
import sys
from pathlib import Path

from avdataops.adapters.local_storage import LocalStorage
from avdataops.engine.execute import execute
from avdataops.model.documents import from_json
from avdataops.model.location import Location, Zone
from avdataops.model.run import TaskSpec
from avdataops.ports.storage import read_all
from avdataops.testing.toy_steps import TOY_STEPS

if __name__ == "__main__":
    storage = LocalStorage(Path(os.environ["AVDATAOPS_WORKSPACE"]))
    key = sys.argv[sys.argv.index("--task") + 1]
    task = from_json(TaskSpec, read_all(storage.open(Location(Zone.DERIVED, key))))
    execute(task, storage, TOY_STEPS)
