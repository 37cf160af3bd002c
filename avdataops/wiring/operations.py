"""Operations on what is stored, as batch processes do them: commit, reconcile."""

import logging
from dataclasses import dataclass
from pathlib import Path

from avdataops.engine.commit import commit_left
from avdataops.model.errors import AvdataopsError
from avdataops.settings import load_settings
from avdataops.wiring.logs import JsonLines
from avdataops.wiring.orchestration import find_waiting, run_measurement
from avdataops.wiring.process import Answer
from avdataops.wiring.workspace import Workspace, open_workspace

_LOG = logging.getLogger(__name__)


def commit_measurement(measurement: str, workspace: Path | None, log: JsonLines) -> Answer:
    """Take the run records of one measurement into the catalog.

    Raises ``NotFound`` for an unknown measurement, and ``Busy`` while an orchestrator works on it.
    """
    log.about({"measurement": measurement})
    with open_workspace(load_settings(workspace=workspace), log.trace) as opened:
        opened.catalog.measurement(measurement)
        with opened.leases.hold(measurement):
            taken, left = commit_left(opened.storage, opened.catalog, measurement)
    _LOG.info("committed", extra={"facts": {"committed": taken, "without_record": left}})
    return Answer({"measurement": measurement, "committed": taken, "without_record": left})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which waiting measurements, and what to do with them."""

    limit: int
    older_than_minutes: int
    run: bool


def reconcile(wanted: Wanted, workspace: Path | None, log: JsonLines) -> Answer:
    """Name the measurements that wait, or run them one after another.

    One that fails in passing, or that another process has taken meanwhile, is told and does not
    stop the others.
    """
    with open_workspace(load_settings(workspace=workspace), log.trace) as opened:
        found = find_waiting(opened, wanted.limit, wanted.older_than_minutes)
        if not wanted.run:
            return Answer(found)
        results = [_run_one(opened, name) for name in _names(found)]
    verdicts = [result["verdict"] for result in results]
    counts = {str(verdict): verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    return Answer({**found, "ran": counts, "results": results})


def _names(found: dict[str, object]) -> list[str]:
    names = found["measurements"]
    return [str(name) for name in names] if isinstance(names, list) else []


def _run_one(workspace: Workspace, measurement: str) -> dict[str, object]:
    whole = workspace.pipeline()
    try:
        done = run_measurement(workspace, measurement, whole, whole)
    except AvdataopsError as error:
        _LOG.warning(error.message, extra={"facts": {"measurement": measurement}})
        told = {"measurement": measurement, "verdict": error.code, "message": error.message}
        return {**told, "retryable": error.retryable}
    return {name: done[name] for name in ("measurement", "verdict", "state", "counts")}
