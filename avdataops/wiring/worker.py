"""What a worker gets: storage and steps, no catalog."""

import functools
import logging
from collections.abc import Callable
from pathlib import Path

from avdataops.engine.execute import execute
from avdataops.model.documents import from_json
from avdataops.model.location import Location, Zone
from avdataops.model.run import Outcome, RunRecord, TaskSpec
from avdataops.ports.storage import read_all
from avdataops.settings import load_settings
from avdataops.wiring.logs import JsonLines
from avdataops.wiring.process import Answer
from avdataops.wiring.storages import Place, open_storage, place_of, storage_at

TEMPORARY = 75
_LOG = logging.getLogger(__name__)
# A process keeps its connections over all its tasks.
_opened = functools.cache(open_storage)


def run_task(
    place: Place, trace_id: str | None, task: TaskSpec, progress: Callable[[float], None]
) -> None:
    """Run one task on the zones at ``place``; its record is left in storage."""
    from avdataops.steps import STEPS

    # What reading libraries log is not for the user's terminal; problems come through records.
    logging.getLogger().addHandler(logging.NullHandler())
    execute(task, _opened(place), STEPS, progress, trace_id)


def run_stored_task(key: str, workspace: Path | None, log: JsonLines) -> Answer:
    """Run the task that lies at ``key`` in the derived zone, as a batch node does.

    The exit status is for the batch service: 0 unless another attempt may help (75).  Whether the
    task succeeded is in its record, which the commit reads.
    """
    from avdataops.steps import STEPS

    with storage_at(place_of(load_settings(workspace=workspace))) as storage:
        task = from_json(TaskSpec, read_all(storage.open(Location(Zone.DERIVED, key))))
        log.about({"measurement": task.measurement, "step": task.step, "attempt": task.attempt})
        _LOG.info("started", extra={"facts": {"part": task.part}})
        record = execute(task, storage, STEPS, trace_id=log.trace.trace_id)
    _LOG.info("ended", extra={"facts": {"outcome": record.outcome}})
    transient = record.outcome is Outcome.FAILED_TRANSIENT
    return Answer(_in_short(record), TEMPORARY if transient else 0)


def _in_short(record: RunRecord) -> dict[str, object]:
    return {
        "run": record.run,
        "measurement": record.measurement,
        "step": record.step,
        "part": record.part,
        "attempt": record.attempt,
        "outcome": record.outcome,
        "made": len(record.made),
        "failure": record.failure.message if record.failure else None,
    }
